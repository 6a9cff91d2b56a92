DROP TRIGGER follow_latest ON releases;
DROP FUNCTION follow_release();
DROP FUNCTION follow_latest_observations(integer);
DROP TABLE latest_observations;
