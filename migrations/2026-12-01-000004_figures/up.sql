-- Units, breakdowns, indicators and observations. An observation has no code column: its key identifies it, and a column with the joined
-- code would nearly double a table for millions of rows.

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

CREATE TABLE observations (
    indicator_code text COLLATE "C" NOT NULL,
    territory_code text COLLATE "C" NOT NULL,
    period text COLLATE "C" NOT NULL,
    period_start date NOT NULL,
    period_end date NOT NULL,
    breakdown_code text COLLATE "C" NOT NULL,
    nature text COLLATE "C" NOT NULL,
    value numeric,
    qualifier text COLLATE "C" NOT NULL,
    statuses text[] COLLATE "C" NOT NULL,
    rounding numeric,
    geography_year integer NOT NULL,
    source_code text COLLATE "C" NOT NULL,
    source_location text COLLATE "C",
    note text COLLATE "C",
    first_release integer NOT NULL,
    last_release integer CHECK (last_release >= first_release)
);
CREATE UNIQUE INDEX observations_key
    ON observations (indicator_code, territory_code, period, breakdown_code, nature, source_code, first_release);
CREATE UNIQUE INDEX observations_current
    ON observations (indicator_code, territory_code, period, breakdown_code, nature, source_code) WHERE last_release IS NULL;
CREATE INDEX observations_territory ON observations (territory_code, indicator_code, period_start);
SELECT publish_table('observations');
