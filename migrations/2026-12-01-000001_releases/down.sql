DROP TABLE sources;
DROP TABLE releases;
DROP FUNCTION publish_table(text);
DROP FUNCTION keep_history();
DROP FUNCTION fold(text);
