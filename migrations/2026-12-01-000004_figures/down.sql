DROP TABLE observations;
DROP TABLE indicators;
