DROP INDEX observations_source, observations_past;
