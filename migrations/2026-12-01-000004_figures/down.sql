DROP FUNCTION latest_observations(integer);
DROP VIEW observations;
DROP TABLE figures, series, indicators, breakdowns, units;
