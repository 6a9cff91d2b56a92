-- The official geography, today's and that of other days, the perimeters over it, and the containment of territories.

CREATE TABLE territories (
    code text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    official_code text COLLATE "C",
    name text COLLATE "C" NOT NULL,
    siren text COLLATE "C",
    legal_form text COLLATE "C",
    zone text COLLATE "C",
    population integer,
    population_year integer,
    commune_code text COLLATE "C",
    arrondissement_code text COLLATE "C",
    departement_code text COLLATE "C",
    region_code text COLLATE "C",
    epci_code text COLLATE "C",
    chief_commune_code text COLLATE "C",
    postal_codes text[] COLLATE "C",
    former_codes text[] COLLATE "C",
    longitude numeric,
    latitude numeric,
    geography_year integer NOT NULL,
    source_code text COLLATE "C" NOT NULL,
    source_location text COLLATE "C",
    note text COLLATE "C",
    first_release integer NOT NULL,
    last_release integer CHECK (last_release >= first_release),
    status text COLLATE "C" NOT NULL,
    valid_from date,
    valid_until date,
    end_event_code text COLLATE "C",
    successor_codes text[] COLLATE "C",
    CONSTRAINT territories_key PRIMARY KEY (code, first_release)
);
CREATE UNIQUE INDEX territories_current ON territories (code) WHERE last_release IS NULL;
CREATE INDEX territories_kind ON territories (kind, population);
CREATE INDEX territories_name ON territories (fold(name), code);
CREATE INDEX territories_official_code ON territories (official_code);
CREATE INDEX territories_postal_codes ON territories USING gin (postal_codes);
-- A trigram index on the code itself would also support equality, fifty times slower than the index of the key, and the planner
-- rates both alike. On an expression it only supports the search for the closest code.
CREATE INDEX territories_code_likeness ON territories USING gist ((code || '') gist_trgm_ops);
-- For the usual questions (docs/usual-questions.md): each index holds the rows of a filter in the order of a page, so that a page
-- is read without a sort, and a page far behind as fast as the first. The plan is then the same for every value.
CREATE INDEX territories_kind_code ON territories (kind, code);
CREATE INDEX territories_departement_code ON territories (departement_code, code);
CREATE INDEX territories_departement_kind ON territories (departement_code, kind, code);
CREATE INDEX territories_epci_code ON territories (epci_code, code);
CREATE INDEX territories_arrondissement_code ON territories (arrondissement_code, code);
CREATE INDEX territories_region_code ON territories (region_code, code);
CREATE INDEX territories_region_kind ON territories (region_code, kind, code);
CREATE INDEX territories_source_code ON territories (source_code, code);
-- For the licences of the sources of a release: one look-up for each source, in every table that may have many rows.
CREATE INDEX territories_source ON territories (source_code, first_release);

CREATE TABLE territory_states (
    territory_code text COLLATE "C" NOT NULL,
    valid_from date NOT NULL,
    valid_until date,
    kind text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    arrondissement_code text COLLATE "C",
    departement_code text COLLATE "C",
    region_code text COLLATE "C",
    epci_code text COLLATE "C",
    start_event_code text COLLATE "C",
    end_event_code text COLLATE "C",
    predecessor_codes text[] COLLATE "C",
    successor_codes text[] COLLATE "C",
    source_code text COLLATE "C" NOT NULL,
    source_location text COLLATE "C",
    note text COLLATE "C",
    first_release integer NOT NULL,
    last_release integer CHECK (last_release >= first_release),
    CONSTRAINT territory_states_key PRIMARY KEY (territory_code, valid_from, first_release),
    CHECK (valid_until > valid_from)
);
CREATE UNIQUE INDEX territory_states_current ON territory_states (territory_code, valid_from) WHERE last_release IS NULL;
CREATE INDEX territory_states_departement ON territory_states (departement_code);
CREATE INDEX territory_states_epci ON territory_states (epci_code) WHERE epci_code IS NOT NULL;
CREATE INDEX territory_states_arrondissement ON territory_states (arrondissement_code) WHERE arrondissement_code IS NOT NULL;
CREATE INDEX territory_states_region ON territory_states (region_code) WHERE region_code IS NOT NULL;
CREATE INDEX territory_states_source ON territory_states (source_code, first_release);

CREATE TABLE memberships (
    container_code text COLLATE "C" NOT NULL,
    part_code text COLLATE "C" NOT NULL,
    population_share numeric NOT NULL CHECK (population_share > 0 AND population_share <= 1),
    source_code text COLLATE "C" NOT NULL,
    source_location text COLLATE "C",
    note text COLLATE "C",
    first_release integer NOT NULL,
    last_release integer CHECK (last_release >= first_release),
    CONSTRAINT memberships_key PRIMARY KEY (container_code, part_code, first_release)
);
CREATE UNIQUE INDEX memberships_current ON memberships (container_code, part_code) WHERE last_release IS NULL;
CREATE INDEX memberships_part ON memberships (part_code, container_code);
CREATE INDEX memberships_source ON memberships (source_code, first_release);

-- The table has each territory in itself too, which the dataset leaves out: a scope is then one semi-join.
CREATE TABLE containments (
    container_code text COLLATE "C" NOT NULL,
    part_code text COLLATE "C" NOT NULL,
    population_share numeric NOT NULL CHECK (population_share > 0 AND population_share <= 1),
    direct boolean NOT NULL,
    first_release integer NOT NULL,
    last_release integer CHECK (last_release >= first_release),
    CONSTRAINT containments_key PRIMARY KEY (container_code, part_code, first_release)
);
CREATE UNIQUE INDEX containments_current ON containments (container_code, part_code) WHERE last_release IS NULL;
CREATE INDEX containments_part ON containments (part_code, container_code);

CREATE TABLE contours (
    territory_code text COLLATE "C" NOT NULL,
    west numeric NOT NULL,
    south numeric NOT NULL,
    east numeric NOT NULL,
    north numeric NOT NULL,
    contour jsonb NOT NULL,
    source_code text COLLATE "C" NOT NULL,
    source_location text COLLATE "C",
    note text COLLATE "C",
    first_release integer NOT NULL,
    last_release integer CHECK (last_release >= first_release),
    CONSTRAINT contours_key PRIMARY KEY (territory_code, first_release)
);
-- No condition is on the geometry as a whole, and comparing geometries takes ANALYZE a second.
ALTER TABLE contours ALTER COLUMN contour SET STATISTICS 0;
CREATE UNIQUE INDEX contours_current ON contours (territory_code) WHERE last_release IS NULL;
CREATE INDEX contours_source ON contours (source_code, first_release);

SELECT publish_table(name), order_table(name), follow_table(name), bound_table(name)
FROM unnest(ARRAY['territories', 'territory_states', 'memberships', 'containments', 'contours']) AS name;

-- The functions below are single SELECTs without side effects, so that the planner inlines them: a condition on a code then
-- uses the indexes above and reads no other territories. A function that returns rows of a table replaces the table in
-- queries, so a migration that adds a column to the table must also replace the function.

CREATE FUNCTION states_on(day date, release integer) RETURNS SETOF territory_states
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 40000 AS $$
    SELECT * FROM territory_states
    WHERE valid_from <= day AND (valid_until IS NULL OR valid_until > day)
        AND first_release <= release AND (last_release IS NULL OR last_release >= release)
$$;
COMMENT ON FUNCTION states_on(date, integer) IS 'The states of territories on a day, at a release.';

CREATE FUNCTION territories_on(day date, release integer) RETURNS SETOF territories
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 40000 AS $$
    SELECT v.territory_code, v.kind, t.official_code, v.name, t.siren,
        CASE WHEN last.state THEN t.legal_form END, t.zone,
        CASE WHEN last.state THEN t.population END, CASE WHEN last.state THEN t.population_year END,
        NULL::text, a.territory_code, v.departement_code, r.territory_code, e.territory_code,
        CASE WHEN last.state THEN t.chief_commune_code END, CASE WHEN last.state THEN t.postal_codes END,
        CASE WHEN last.state THEN t.former_codes END,
        CASE WHEN last.state THEN t.longitude END, CASE WHEN last.state THEN t.latitude END,
        extract(year FROM day)::integer, v.source_code, v.source_location, v.note, release, NULL::integer,
        t.status, v.valid_from, v.valid_until, v.end_event_code, v.successor_codes
    FROM states_on(day, release) v
    JOIN territories t ON t.code = v.territory_code
        AND t.first_release <= release AND (t.last_release IS NULL OR t.last_release >= release)
    CROSS JOIN LATERAL (SELECT v.valid_until IS NOT DISTINCT FROM t.valid_until) last(state)
    LEFT JOIN states_on(day, release) a ON a.territory_code = v.arrondissement_code
    LEFT JOIN states_on(day, release) e ON e.territory_code = v.epci_code
    LEFT JOIN states_on(day, release) d ON d.territory_code = v.departement_code
    LEFT JOIN states_on(day, release) r ON r.territory_code = coalesce(v.region_code, d.region_code)
$$;
COMMENT ON FUNCTION territories_on(date, integer) IS
    'The territories on a day, at a release. Values that are only known for the last state (population, postal codes, centre) are '
    'null in earlier states, and so is a containing territory that is not known for that day.';

-- Postgres may evaluate a condition on the share before the joins remove communes without an EPCI, for which the count is 0; nullif
-- avoids the division by zero.
CREATE FUNCTION containments_on(day date, release integer) RETURNS SETOF containments
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 200000 AS $$
    SELECT v.territory_code, v.territory_code, 1::numeric, false, release, NULL::integer
    FROM states_on(day, release) v
    UNION ALL
    SELECT 'FR'::text, v.territory_code, 1::numeric,
        v.kind = 'region' OR (v.kind = 'departement' AND v.region_code IS NULL),
        release, NULL::integer
    FROM states_on(day, release) v WHERE v.kind <> 'country'
    UNION ALL
    SELECT a.territory_code, v.territory_code, 1::numeric, true, release, NULL::integer
    FROM states_on(day, release) v JOIN states_on(day, release) a ON a.territory_code = v.arrondissement_code
    UNION ALL
    SELECT d.territory_code, v.territory_code, 1::numeric, true, release, NULL::integer
    FROM states_on(day, release) v JOIN states_on(day, release) d ON d.territory_code = v.departement_code
    UNION ALL
    SELECT e.territory_code, v.territory_code, 1::numeric, true, release, NULL::integer
    FROM states_on(day, release) v JOIN states_on(day, release) e ON e.territory_code = v.epci_code
    UNION ALL
    SELECT r.territory_code, d.territory_code, 1::numeric, true, release, NULL::integer
    FROM states_on(day, release) d JOIN states_on(day, release) r ON r.territory_code = d.region_code
    UNION ALL
    SELECT r.territory_code, v.territory_code, 1::numeric, false, release, NULL::integer
    FROM states_on(day, release) v
    JOIN states_on(day, release) d ON d.territory_code = v.departement_code
    JOIN states_on(day, release) r ON r.territory_code = d.region_code
    UNION ALL
    SELECT part.container, part.epci,
        CASE WHEN part.communes = whole.communes THEN 1 ELSE round(part.communes::numeric / nullif(whole.communes, 0), 5) END,
        false, release, NULL::integer
    FROM (
        SELECT c.departement_code AS container, c.epci_code AS epci, count(*) AS communes
        FROM states_on(day, release) c GROUP BY c.departement_code, c.epci_code
        UNION ALL
        SELECT c.arrondissement_code, c.epci_code, count(*)
        FROM states_on(day, release) c GROUP BY c.arrondissement_code, c.epci_code
        UNION ALL
        SELECT d.region_code, c.epci_code, count(*)
        FROM states_on(day, release) c JOIN states_on(day, release) d ON d.territory_code = c.departement_code
        GROUP BY d.region_code, c.epci_code
    ) part
    JOIN states_on(day, release) e ON e.territory_code = part.epci
    JOIN states_on(day, release) a ON a.territory_code = part.container
    CROSS JOIN LATERAL (SELECT count(*) AS communes FROM states_on(day, release) c WHERE c.epci_code = part.epci) whole
$$;
COMMENT ON FUNCTION containments_on(date, integer) IS
    'The containments on a day, at a release, like the table containments for the current day. A row needs states of both territories '
    'on that day: the arrondissement and the EPCI of a commune are known from 2019 on, its region from 1976 on. The share of an EPCI '
    'in an area counts communes, because the population of that day is not known.';
