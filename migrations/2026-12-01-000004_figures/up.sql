-- Units, breakdowns, indicators and observations. An observation is stored as a figure of a series, and read through a view. It has no
-- code column: its key identifies it, and a column with the joined code would double a table for millions of rows.

CREATE TABLE units (
    code text COLLATE "C" NOT NULL,
    title text COLLATE "C" NOT NULL,
    title_plural text COLLATE "C" NOT NULL,
    symbol text COLLATE "C",
    source_code text COLLATE "C" NOT NULL,
    source_location text COLLATE "C",
    note text COLLATE "C",
    first_release integer NOT NULL,
    last_release integer CHECK (last_release >= first_release),
    CONSTRAINT units_key PRIMARY KEY (code, first_release)
);
CREATE UNIQUE INDEX units_current ON units (code) WHERE last_release IS NULL;

CREATE TABLE breakdowns (
    code text COLLATE "C" NOT NULL,
    title text COLLATE "C" NOT NULL,
    parent_code text COLLATE "C",
    source_code text COLLATE "C" NOT NULL,
    source_location text COLLATE "C",
    note text COLLATE "C",
    first_release integer NOT NULL,
    last_release integer CHECK (last_release >= first_release),
    CONSTRAINT breakdowns_key PRIMARY KEY (code, first_release)
);
CREATE UNIQUE INDEX breakdowns_current ON breakdowns (code) WHERE last_release IS NULL;

CREATE TABLE indicators (
    code text COLLATE "C" NOT NULL,
    title text COLLATE "C" NOT NULL,
    definition text COLLATE "C" NOT NULL,
    unit_code text COLLATE "C" NOT NULL,
    unit_multiplier integer NOT NULL,
    decimals integer NOT NULL,
    territory_additivity text COLLATE "C" NOT NULL,
    time_additivity text COLLATE "C" NOT NULL,
    weight_indicator_code text COLLATE "C",
    direction text COLLATE "C" NOT NULL,
    minimum numeric,
    maximum numeric,
    commitment_code text COLLATE "C",
    measure_code text COLLATE "C",
    convention_code text COLLATE "C",
    method text COLLATE "C",
    successor_code text COLLATE "C",
    source_code text COLLATE "C" NOT NULL,
    source_location text COLLATE "C",
    note text COLLATE "C",
    first_release integer NOT NULL,
    last_release integer CHECK (last_release >= first_release),
    CONSTRAINT indicators_key PRIMARY KEY (code, first_release)
);
CREATE UNIQUE INDEX indicators_current ON indicators (code) WHERE last_release IS NULL;
CREATE INDEX indicators_measure ON indicators (measure_code);
CREATE INDEX indicators_commitment ON indicators (commitment_code);
CREATE INDEX indicators_convention ON indicators (convention_code);

CREATE TABLE series (
    id integer PRIMARY KEY,
    indicator_code text COLLATE "C" NOT NULL,
    territory_code text COLLATE "C" NOT NULL,
    breakdown_code text COLLATE "C" NOT NULL,
    nature text COLLATE "C" NOT NULL,
    source_code text COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX series_key ON series (indicator_code, territory_code, breakdown_code, nature, source_code);
CREATE INDEX series_territory ON series (territory_code, indicator_code);
CREATE INDEX series_source ON series (source_code);
SELECT record_table('series');
COMMENT ON TABLE series IS
    'What figures have in common that differ only in their period. A series is written with its first figure and never changes.';
COMMENT ON COLUMN series.id IS 'Its number, which means nothing outside the database.';

-- The columns are in the order of their alignment, which saves some bytes of each of millions of rows. Statuses joined by commas
-- take 2 bytes, an array of one letter 33. The primary key finds the latest figure of a series when it is read backwards.
CREATE TABLE figures (
    series_id integer NOT NULL,
    period_start date NOT NULL,
    period_end date NOT NULL,
    first_release integer NOT NULL,
    last_release integer CHECK (last_release >= first_release),
    geography_year integer NOT NULL,
    value numeric,
    rounding numeric,
    period text COLLATE "C" NOT NULL,
    qualifier text COLLATE "C" NOT NULL,
    statuses text COLLATE "C" NOT NULL CHECK (statuses ~ '^[A-Z]+(,[A-Z]+)*$'),
    source_location text COLLATE "C",
    note text COLLATE "C",
    period_basis text COLLATE "C",
    CONSTRAINT figures_key PRIMARY KEY (series_id, period_end, period_start, period, first_release)
);
COMMENT ON TABLE figures IS 'The observations without what their series says, in every version that was published.';
COMMENT ON COLUMN figures.series_id IS 'The number of the series.';

-- Statements that find other versions of a figure need the last two columns: the number of the series and the statuses as stored.
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
    f.last_release,
    f.period_basis,
    f.series_id,
    f.statuses AS joined_statuses
FROM series s JOIN figures f ON f.series_id = s.id;
COMMENT ON COLUMN observations.series_id IS 'The number of the series.';
COMMENT ON COLUMN observations.joined_statuses IS 'The statuses as they are stored: joined by commas.';

-- Postgres inlines the function, so that filters on a series select the series first, and one look-up in the index of figures follows
-- for each.
CREATE FUNCTION latest_observations(release integer) RETURNS SETOF observations LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT s.indicator_code, s.territory_code, f.period, f.period_start, f.period_end, s.breakdown_code, s.nature, f.value,
        f.qualifier, string_to_array(f.statuses, ',') COLLATE "C", f.rounding, f.geography_year, s.source_code, f.source_location,
        f.note, f.first_release, f.last_release, f.period_basis, f.series_id, f.statuses
    FROM series s CROSS JOIN LATERAL (
        SELECT l.* FROM figures l
        WHERE l.series_id = s.id AND l.value IS NOT NULL
            AND l.first_release <= release AND (l.last_release IS NULL OR l.last_release >= release)
        ORDER BY l.period_end DESC, l.period_start DESC, l.period DESC LIMIT 1
    ) f
$$;
COMMENT ON FUNCTION latest_observations(integer) IS 'The latest figure with a value of each series at a release.';

SELECT publish_table(name), order_table(name), follow_table(name), bound_table(name)
FROM unnest(ARRAY['units', 'breakdowns', 'indicators', 'figures']) AS name;
