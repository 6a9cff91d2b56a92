-- Owns the plain tables of the peers: the same rows as those of the service, as a small programme would keep them, with one index
-- for each question. They are made in the database of the service, after its publication.
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS peer CASCADE;
CREATE SCHEMA peer;

CREATE TABLE peer.territories AS
SELECT code, name, kind, departement_code, region_code, population, longitude::float8 AS longitude, latitude::float8 AS latitude
FROM territories WHERE last_release IS NULL AND status = 'current' ORDER BY code;
ALTER TABLE peer.territories ADD PRIMARY KEY (code);
CREATE INDEX ON peer.territories (departement_code, kind, code);
CREATE INDEX ON peer.territories (kind, code);

CREATE TABLE peer.containments AS
SELECT container_code, part_code FROM containments WHERE last_release IS NULL AND population_share = 1 ORDER BY 1, 2;
ALTER TABLE peer.containments ADD PRIMARY KEY (container_code, part_code);

CREATE TABLE peer.observations AS
SELECT indicator_code, territory_code, period, value::float8 AS value, array_to_string(statuses, '|') AS status
FROM observations WHERE last_release IS NULL AND source_code = 'banc-source'
ORDER BY indicator_code, territory_code, period;
ALTER TABLE peer.observations ADD PRIMARY KEY (indicator_code, territory_code, period);

CREATE TABLE peer.funding AS
SELECT code, payer_code, territory_code, stage, period, amount_eur
FROM funding WHERE last_release IS NULL AND source_code = 'banc-source' ORDER BY code;
ALTER TABLE peer.funding ADD PRIMARY KEY (code);

VACUUM ANALYZE peer.territories, peer.containments, peer.observations, peer.funding;
