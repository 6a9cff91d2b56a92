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
    last_release integer CHECK (last_release >= first_release)
);
CREATE UNIQUE INDEX units_key ON units (code, first_release);
CREATE UNIQUE INDEX units_current ON units (code) WHERE last_release IS NULL;
SELECT publish_table('units');

CREATE TABLE breakdowns (
    code text COLLATE "C" NOT NULL,
    title text COLLATE "C" NOT NULL,
    parent_code text COLLATE "C",
    source_code text COLLATE "C" NOT NULL,
    source_location text COLLATE "C",
    note text COLLATE "C",
    first_release integer NOT NULL,
    last_release integer CHECK (last_release >= first_release)
);
CREATE UNIQUE INDEX breakdowns_key ON breakdowns (code, first_release);
CREATE UNIQUE INDEX breakdowns_current ON breakdowns (code) WHERE last_release IS NULL;
SELECT publish_table('breakdowns');

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
    last_release integer CHECK (last_release >= first_release)
);
CREATE UNIQUE INDEX indicators_key ON indicators (code, first_release);
CREATE UNIQUE INDEX indicators_current ON indicators (code) WHERE last_release IS NULL;
CREATE INDEX indicators_measure ON indicators (measure_code);
CREATE INDEX indicators_commitment ON indicators (commitment_code);
CREATE INDEX indicators_convention ON indicators (convention_code);
SELECT publish_table('indicators');

-- A series is what figures have in common that differ only in their period. It is written with its first figure and never changes.
-- Its number means nothing outside the database.
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

-- The columns are in the order of their alignment, which saves some bytes of each of millions of rows.
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
    -- joined by commas: an array of one letter takes 30 bytes more
    statuses text COLLATE "C" NOT NULL CHECK (statuses ~ '^[A-Z]+(,[A-Z]+)*$'),
    source_location text COLLATE "C",
    note text COLLATE "C",
    -- in the order that finds the latest figure of a series
    CONSTRAINT figures_key PRIMARY KEY (series_id, period_end, period_start, period, first_release)
);
SELECT publish_table('figures');

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

-- The latest figure with a value of each series at a release. Postgres inlines the function, so that filters on a series select the
-- series first, and one look-up in the index of figures follows for each.
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
