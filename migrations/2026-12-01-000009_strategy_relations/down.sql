-- An event of several measures keeps the first. A funding without an end, or an event without a date, stops the migration.
DROP FUNCTION latest_observations(integer);
DROP VIEW observations;
ALTER TABLE figures DROP COLUMN period_basis;
CREATE VIEW observations AS
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
    f.last_release
FROM series s JOIN figures f ON f.series_id = s.id;
CREATE FUNCTION latest_observations(release integer) RETURNS SETOF observations LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT s.indicator_code, s.territory_code, f.period, f.period_start, f.period_end, s.breakdown_code, s.nature, f.value,
        f.qualifier, string_to_array(f.statuses, ',') COLLATE "C", f.rounding, f.geography_year, s.source_code, f.source_location,
        f.note, f.first_release, f.last_release
    FROM series s CROSS JOIN LATERAL (
        SELECT l.* FROM figures l
        WHERE l.series_id = s.id AND l.value IS NOT NULL
            AND l.first_release <= release AND (l.last_release IS NULL OR l.last_release >= release)
        ORDER BY l.period_end DESC, l.period_start DESC, l.period DESC LIMIT 1
    ) f
$$;

DROP TABLE objectives;
DROP INDEX conventions_measures, measures_announcers, measures_legislators, events_measures;
ALTER TABLE conventions DROP COLUMN measure_codes, DROP COLUMN other_source_codes;
ALTER TABLE measures
    DROP COLUMN status_as_of,
    DROP COLUMN period_basis,
    DROP COLUMN announcer_codes,
    DROP COLUMN legislator_codes,
    DROP COLUMN legal_act,
    DROP COLUMN legal_act_url,
    DROP COLUMN other_source_codes;
ALTER TABLE events DROP CONSTRAINT events_measure_codes_bounds;
ALTER TABLE events RENAME COLUMN measure_codes TO measure_code;
ALTER TABLE events
    ALTER COLUMN measure_code TYPE text COLLATE "C" USING measure_code[1],
    ALTER COLUMN period SET NOT NULL,
    ALTER COLUMN period_start SET NOT NULL,
    ALTER COLUMN period_end SET NOT NULL,
    DROP COLUMN period_basis,
    DROP COLUMN other_source_codes;
ALTER TABLE funding ALTER COLUMN period_end SET NOT NULL, DROP COLUMN period_basis;

DO $$
DECLARE home text;
BEGIN
    SELECT n.nspname INTO home FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'unaccent';
    EXECUTE format(
        'CREATE OR REPLACE FUNCTION fold(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
         AS $f$ SELECT lower(%1$I.unaccent(%2$L::regdictionary, $1) COLLATE "C") $f$',
        home, format('%I.unaccent', home));
END $$;
