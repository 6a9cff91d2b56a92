DROP FUNCTION latest_observations(integer);
DROP VIEW observations;
DROP TABLE figures;
DROP TABLE series;
DROP TABLE indicators;
DROP TABLE breakdowns;
DROP TABLE units;
