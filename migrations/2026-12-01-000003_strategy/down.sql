DROP TABLE events;
DROP TABLE funding;
DROP TABLE conventions;
DROP TABLE measures;
DROP TABLE commitments;
DROP TABLE actors;
