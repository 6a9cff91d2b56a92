-- The official geography, the perimeters over it, and the containment of territories.

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
    last_release integer CHECK (last_release >= first_release)
);
CREATE UNIQUE INDEX territories_key ON territories (code, first_release);
CREATE UNIQUE INDEX territories_current ON territories (code) WHERE last_release IS NULL;
CREATE INDEX territories_kind ON territories (kind, population);
CREATE INDEX territories_name ON territories (fold(name), code);
CREATE INDEX territories_official_code ON territories (official_code);
CREATE INDEX territories_epci ON territories (epci_code);
CREATE INDEX territories_departement ON territories (departement_code);
CREATE INDEX territories_postal_codes ON territories USING gin (postal_codes);
CREATE INDEX territories_code_likeness ON territories USING gist (code gist_trgm_ops);
SELECT publish_table('territories');

CREATE TABLE memberships (
    container_code text COLLATE "C" NOT NULL,
    part_code text COLLATE "C" NOT NULL,
    population_share numeric NOT NULL CHECK (population_share > 0 AND population_share <= 1),
    source_code text COLLATE "C" NOT NULL,
    source_location text COLLATE "C",
    note text COLLATE "C",
    first_release integer NOT NULL,
    last_release integer CHECK (last_release >= first_release)
);
CREATE UNIQUE INDEX memberships_key ON memberships (container_code, part_code, first_release);
CREATE UNIQUE INDEX memberships_current ON memberships (container_code, part_code) WHERE last_release IS NULL;
CREATE INDEX memberships_part ON memberships (part_code, container_code);
SELECT publish_table('memberships');

-- The table has each territory in itself too, which the dataset leaves out: a scope is then one semi-join.
CREATE TABLE containments (
    container_code text COLLATE "C" NOT NULL,
    part_code text COLLATE "C" NOT NULL,
    population_share numeric NOT NULL CHECK (population_share > 0 AND population_share <= 1),
    direct boolean NOT NULL,
    first_release integer NOT NULL,
    last_release integer CHECK (last_release >= first_release)
);
CREATE UNIQUE INDEX containments_key ON containments (container_code, part_code, first_release);
CREATE UNIQUE INDEX containments_current ON containments (container_code, part_code) WHERE last_release IS NULL;
CREATE INDEX containments_part ON containments (part_code, container_code);
SELECT publish_table('containments');

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
    last_release integer CHECK (last_release >= first_release)
);
-- No condition is on the geometry as a whole, and comparing geometries takes ANALYZE a second.
ALTER TABLE contours ALTER COLUMN contour SET STATISTICS 0;
CREATE UNIQUE INDEX contours_key ON contours (territory_code, first_release);
CREATE UNIQUE INDEX contours_current ON contours (territory_code) WHERE last_release IS NULL;
SELECT publish_table('contours');
