-- The strategy: commitments, measures, conventions, funding, actors, events and objectives. The indexes of usual questions hold the rows of a
-- filter in the order of a page (docs/usual-questions.md).

-- The last two columns are what SCDL « subventions » 2.1.1 requires.
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
    last_release integer CHECK (last_release >= first_release),
    siret text COLLATE "C" CHECK (siret ~ '^[0-9]{14}$'),
    rna text COLLATE "C" CHECK (rna ~ '^W[0-9]{9}$'),
    CONSTRAINT actors_key PRIMARY KEY (code, first_release)
);
CREATE UNIQUE INDEX actors_current ON actors (code) WHERE last_release IS NULL;

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
    last_release integer CHECK (last_release >= first_release),
    CONSTRAINT commitments_key PRIMARY KEY (code, first_release)
);
CREATE UNIQUE INDEX commitments_current ON commitments (code) WHERE last_release IS NULL;

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
    last_release integer CHECK (last_release >= first_release),
    status_as_of text COLLATE "C",
    period_basis text COLLATE "C",
    announcer_codes text[] COLLATE "C",
    legislator_codes text[] COLLATE "C",
    legal_act text COLLATE "C",
    legal_act_url text COLLATE "C",
    other_source_codes text[] COLLATE "C",
    CONSTRAINT measures_key PRIMARY KEY (code, first_release)
);
CREATE UNIQUE INDEX measures_current ON measures (code) WHERE last_release IS NULL;
CREATE INDEX measures_commitment ON measures (commitment_code);
CREATE INDEX measures_territories ON measures USING gin (territory_codes);
CREATE INDEX measures_leads ON measures USING gin (lead_codes);
CREATE INDEX measures_partners ON measures USING gin (partner_codes);
CREATE INDEX measures_announcers ON measures USING gin (announcer_codes);
CREATE INDEX measures_legislators ON measures USING gin (legislator_codes);

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
    last_release integer CHECK (last_release >= first_release),
    measure_codes text[] COLLATE "C",
    other_source_codes text[] COLLATE "C",
    CONSTRAINT conventions_key PRIMARY KEY (code, first_release)
);
CREATE UNIQUE INDEX conventions_current ON conventions (code) WHERE last_release IS NULL;
CREATE INDEX conventions_territory ON conventions (territory_code);
CREATE INDEX conventions_signatories ON conventions USING gin (signatory_codes);
CREATE INDEX conventions_partners ON conventions USING gin (partner_codes);
CREATE INDEX conventions_measures ON conventions USING gin (measure_codes);

-- The columns from decided_on on are what SCDL « subventions » 2.1.1 requires.
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
    -- null if the end of the period is open
    period_end date,
    amount_eur numeric,
    qualifier text COLLATE "C",
    cofunding_group text COLLATE "C",
    source_code text COLLATE "C" NOT NULL,
    source_location text COLLATE "C",
    note text COLLATE "C",
    first_release integer NOT NULL,
    last_release integer CHECK (last_release >= first_release),
    decided_on date,
    decision_reference text COLLATE "C",
    aid_natures text[] COLLATE "C",
    payment_terms text COLLATE "C" CHECK (char_length(payment_terms) <= 256),
    rae_code text COLLATE "C" CHECK (char_length(rae_code) <= 5),
    eu_notified boolean,
    beneficiary_share numeric CHECK (beneficiary_share > 0 AND beneficiary_share <= 1),
    period_basis text COLLATE "C",
    CONSTRAINT funding_key PRIMARY KEY (code, first_release)
);
CREATE UNIQUE INDEX funding_current ON funding (code) WHERE last_release IS NULL;
CREATE INDEX funding_convention_code ON funding (convention_code, code);
CREATE INDEX funding_territory_code ON funding (territory_code, code);
CREATE INDEX funding_payer_code ON funding (payer_code, code);
CREATE INDEX funding_beneficiary_code ON funding (beneficiary_code, code);
CREATE INDEX funding_measure_code ON funding (measure_code, code);
CREATE INDEX funding_commitment_code ON funding (commitment_code, code);
CREATE INDEX funding_stage_code ON funding (stage, code);
CREATE INDEX funding_source_code ON funding (source_code, code);
-- For the licences of the sources of a release.
CREATE INDEX funding_source ON funding (source_code, first_release);

CREATE TABLE events (
    code text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    title text COLLATE "C" NOT NULL,
    summary text COLLATE "C" NOT NULL,
    period text COLLATE "C",
    period_start date,
    period_end date,
    territory_code text COLLATE "C" NOT NULL,
    commitment_code text COLLATE "C",
    measure_codes text[] COLLATE "C",
    convention_code text COLLATE "C",
    actor_codes text[] COLLATE "C",
    source_code text COLLATE "C" NOT NULL,
    source_location text COLLATE "C",
    note text COLLATE "C",
    first_release integer NOT NULL,
    last_release integer CHECK (last_release >= first_release),
    period_basis text COLLATE "C",
    other_source_codes text[] COLLATE "C",
    CONSTRAINT events_key PRIMARY KEY (code, first_release)
);
CREATE UNIQUE INDEX events_current ON events (code) WHERE last_release IS NULL;
CREATE INDEX events_actors ON events USING gin (actor_codes);
CREATE INDEX events_measures ON events USING gin (measure_codes);
CREATE INDEX events_territory_code ON events (territory_code, code);
CREATE INDEX events_kind_code ON events (kind, code);
CREATE INDEX events_source_code ON events (source_code, code);
-- For the licences of the sources of a release.
CREATE INDEX events_source ON events (source_code, first_release);

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
SELECT publish_table(name), order_table(name), follow_table(name), bound_table(name)
FROM unnest(ARRAY['actors', 'commitments', 'measures', 'conventions', 'funding', 'events', 'objectives']) AS name;
