-- The strategy: commitments, measures, conventions, funding, actors and events.

CREATE TABLE actors (
    code text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    short_name text COLLATE "C",
    role text COLLATE "C" NOT NULL,
    territory_code text COLLATE "C",
    siren text COLLATE "C",
    email text COLLATE "C",
    phone text COLLATE "C",
    website text COLLATE "C",
    source_code text COLLATE "C" NOT NULL,
    source_location text COLLATE "C",
    note text COLLATE "C",
    first_release integer NOT NULL,
    last_release integer CHECK (last_release >= first_release)
);
CREATE UNIQUE INDEX actors_key ON actors (code, first_release);
CREATE UNIQUE INDEX actors_current ON actors (code) WHERE last_release IS NULL;
SELECT publish_table('actors');

CREATE TABLE commitments (
    code text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    rank integer NOT NULL,
    title text COLLATE "C" NOT NULL,
    summary text COLLATE "C" NOT NULL,
    objective text COLLATE "C",
    source_code text COLLATE "C" NOT NULL,
    source_location text COLLATE "C",
    note text COLLATE "C",
    first_release integer NOT NULL,
    last_release integer CHECK (last_release >= first_release)
);
CREATE UNIQUE INDEX commitments_key ON commitments (code, first_release);
CREATE UNIQUE INDEX commitments_current ON commitments (code) WHERE last_release IS NULL;
SELECT publish_table('commitments');

CREATE TABLE measures (
    code text COLLATE "C" NOT NULL,
    commitment_code text COLLATE "C" NOT NULL,
    title text COLLATE "C" NOT NULL,
    summary text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    period text COLLATE "C",
    period_start date,
    period_end date,
    audience text COLLATE "C",
    territory_codes text[] COLLATE "C" NOT NULL,
    lead_codes text[] COLLATE "C",
    partner_codes text[] COLLATE "C",
    source_code text COLLATE "C" NOT NULL,
    source_location text COLLATE "C",
    note text COLLATE "C",
    first_release integer NOT NULL,
    last_release integer CHECK (last_release >= first_release)
);
CREATE UNIQUE INDEX measures_key ON measures (code, first_release);
CREATE UNIQUE INDEX measures_current ON measures (code) WHERE last_release IS NULL;
CREATE INDEX measures_commitment ON measures (commitment_code);
CREATE INDEX measures_territories ON measures USING gin (territory_codes);
CREATE INDEX measures_leads ON measures USING gin (lead_codes);
CREATE INDEX measures_partners ON measures USING gin (partner_codes);
SELECT publish_table('measures');

CREATE TABLE conventions (
    code text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    title text COLLATE "C" NOT NULL,
    summary text COLLATE "C" NOT NULL,
    territory_code text COLLATE "C" NOT NULL,
    signatory_codes text[] COLLATE "C" NOT NULL,
    partner_codes text[] COLLATE "C",
    commitment_code text COLLATE "C",
    signed_on date,
    period text COLLATE "C",
    period_start date,
    period_end date,
    objectives text[] COLLATE "C",
    source_code text COLLATE "C" NOT NULL,
    source_location text COLLATE "C",
    note text COLLATE "C",
    first_release integer NOT NULL,
    last_release integer CHECK (last_release >= first_release)
);
CREATE UNIQUE INDEX conventions_key ON conventions (code, first_release);
CREATE UNIQUE INDEX conventions_current ON conventions (code) WHERE last_release IS NULL;
CREATE INDEX conventions_territory ON conventions (territory_code);
CREATE INDEX conventions_signatories ON conventions USING gin (signatory_codes);
CREATE INDEX conventions_partners ON conventions USING gin (partner_codes);
SELECT publish_table('conventions');

CREATE TABLE funding (
    code text COLLATE "C" NOT NULL,
    title text COLLATE "C" NOT NULL,
    convention_code text COLLATE "C",
    measure_code text COLLATE "C",
    commitment_code text COLLATE "C",
    payer_code text COLLATE "C" NOT NULL,
    beneficiary_code text COLLATE "C",
    territory_code text COLLATE "C" NOT NULL,
    stage text COLLATE "C" NOT NULL,
    period text COLLATE "C" NOT NULL,
    period_start date NOT NULL,
    period_end date NOT NULL,
    amount_eur numeric,
    qualifier text COLLATE "C",
    cofunding_group text COLLATE "C",
    source_code text COLLATE "C" NOT NULL,
    source_location text COLLATE "C",
    note text COLLATE "C",
    first_release integer NOT NULL,
    last_release integer CHECK (last_release >= first_release)
);
CREATE UNIQUE INDEX funding_key ON funding (code, first_release);
CREATE UNIQUE INDEX funding_current ON funding (code) WHERE last_release IS NULL;
CREATE INDEX funding_convention ON funding (convention_code);
CREATE INDEX funding_territory ON funding (territory_code, period_start);
CREATE INDEX funding_payer ON funding (payer_code);
CREATE INDEX funding_beneficiary ON funding (beneficiary_code);
CREATE INDEX funding_measure ON funding (measure_code);
CREATE INDEX funding_commitment ON funding (commitment_code);
SELECT publish_table('funding');

CREATE TABLE events (
    code text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    title text COLLATE "C" NOT NULL,
    summary text COLLATE "C" NOT NULL,
    period text COLLATE "C" NOT NULL,
    period_start date NOT NULL,
    period_end date NOT NULL,
    territory_code text COLLATE "C" NOT NULL,
    commitment_code text COLLATE "C",
    measure_code text COLLATE "C",
    convention_code text COLLATE "C",
    actor_codes text[] COLLATE "C",
    source_code text COLLATE "C" NOT NULL,
    source_location text COLLATE "C",
    note text COLLATE "C",
    first_release integer NOT NULL,
    last_release integer CHECK (last_release >= first_release)
);
CREATE UNIQUE INDEX events_key ON events (code, first_release);
CREATE UNIQUE INDEX events_current ON events (code) WHERE last_release IS NULL;
CREATE INDEX events_territory ON events (territory_code);
CREATE INDEX events_actors ON events USING gin (actor_codes);
SELECT publish_table('events');
