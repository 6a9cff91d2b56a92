-- The strategy in time and in its relations: periods that go on, how each period is known, objectives with a baseline and a
-- deadline, and which rows belong together.

-- No-break spaces, which French typography needs, are folded to spaces, as accents are. Names of
-- territories have none, so the index over them stays right.
DO $$
DECLARE home text;
BEGIN
    SELECT n.nspname INTO home FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'unaccent';
    EXECUTE format(
        'CREATE OR REPLACE FUNCTION fold(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
         AS $f$ SELECT lower(translate(%1$I.unaccent(%2$L::regdictionary, $1), U&''\00A0\202F\2007\2009'', ''    '') COLLATE "C") $f$',
        home, format('%I.unaccent', home));
END $$;

-- A period may have an open end, and an event no date at all.
ALTER TABLE funding ALTER COLUMN period_end DROP NOT NULL, ADD COLUMN period_basis text COLLATE "C";
ALTER TABLE events
    ALTER COLUMN period DROP NOT NULL,
    ALTER COLUMN period_start DROP NOT NULL,
    ALTER COLUMN period_end DROP NOT NULL,
    ALTER COLUMN measure_code TYPE text[] COLLATE "C" USING CASE WHEN measure_code IS NOT NULL THEN ARRAY[measure_code] END,
    ADD COLUMN period_basis text COLLATE "C",
    ADD COLUMN other_source_codes text[] COLLATE "C";
ALTER TABLE events RENAME COLUMN measure_code TO measure_codes;
CREATE INDEX events_measures ON events USING gin (measure_codes);

ALTER TABLE measures
    ADD COLUMN status_as_of text COLLATE "C",
    ADD COLUMN period_basis text COLLATE "C",
    ADD COLUMN announcer_codes text[] COLLATE "C",
    ADD COLUMN legislator_codes text[] COLLATE "C",
    ADD COLUMN legal_act text COLLATE "C",
    ADD COLUMN legal_act_url text COLLATE "C",
    ADD COLUMN other_source_codes text[] COLLATE "C";
CREATE INDEX measures_announcers ON measures USING gin (announcer_codes);
CREATE INDEX measures_legislators ON measures USING gin (legislator_codes);

ALTER TABLE conventions
    ADD COLUMN measure_codes text[] COLLATE "C",
    ADD COLUMN other_source_codes text[] COLLATE "C";
CREATE INDEX conventions_measures ON conventions USING gin (measure_codes);

CREATE TABLE objectives (
    code text COLLATE "C" NOT NULL,
    title text COLLATE "C" NOT NULL,
    commitment_code text COLLATE "C",
    measure_code text COLLATE "C",
    indicator_code text COLLATE "C" NOT NULL,
    territory_codes text[] COLLATE "C" NOT NULL,
    baseline_value numeric,
    baseline_qualifier text COLLATE "C",
    baseline_period text COLLATE "C",
    baseline_status text COLLATE "C",
    target_value numeric,
    target_qualifier text COLLATE "C",
    target_factor numeric,
    deadline text COLLATE "C",
    source_code text COLLATE "C" NOT NULL,
    source_location text COLLATE "C",
    note text COLLATE "C",
    first_release integer NOT NULL,
    last_release integer CHECK (last_release >= first_release),
    CONSTRAINT objectives_key PRIMARY KEY (code, first_release)
);
CREATE UNIQUE INDEX objectives_current ON objectives (code) WHERE last_release IS NULL;
CREATE INDEX objectives_territories ON objectives USING gin (territory_codes);
SELECT publish_table('objectives');
SELECT order_table('objectives');
SELECT follow_table('objectives');

-- The view and its function get the column at their end, since a view keeps the order of its columns.
ALTER TABLE figures ADD COLUMN period_basis text COLLATE "C";
CREATE OR REPLACE VIEW observations AS
SELECT
    s.indicator_code,
    s.territory_code,
    f.period,
    f.period_start,
    f.period_end,
    s.breakdown_code,
    s.nature,
    f.value,
    f.qualifier,
    string_to_array(f.statuses, ',') COLLATE "C" AS statuses,
    f.rounding,
    f.geography_year,
    s.source_code,
    f.source_location,
    f.note,
    f.first_release,
    f.last_release,
    f.period_basis
FROM series s JOIN figures f ON f.series_id = s.id;
CREATE OR REPLACE FUNCTION latest_observations(release integer) RETURNS SETOF observations LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT s.indicator_code, s.territory_code, f.period, f.period_start, f.period_end, s.breakdown_code, s.nature, f.value,
        f.qualifier, string_to_array(f.statuses, ',') COLLATE "C", f.rounding, f.geography_year, s.source_code, f.source_location,
        f.note, f.first_release, f.last_release, f.period_basis
    FROM series s CROSS JOIN LATERAL (
        SELECT l.* FROM figures l
        WHERE l.series_id = s.id AND l.value IS NOT NULL
            AND l.first_release <= release AND (l.last_release IS NULL OR l.last_release >= release)
        ORDER BY l.period_end DESC, l.period_start DESC, l.period DESC LIMIT 1
    ) f
$$;

SELECT bound_table(name) FROM unnest(ARRAY['conventions', 'events', 'measures', 'objectives']) AS name;
