DROP TABLE observations;
DROP TABLE indicators;
DROP TABLE breakdowns;
DROP TABLE units;
