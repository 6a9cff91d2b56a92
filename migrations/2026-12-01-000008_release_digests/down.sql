DROP TRIGGER digest_release ON releases;
DROP FUNCTION digest_release(), chained_digest(integer, jsonb, jsonb, bytea), release_parts(integer, jsonb), digested_columns();
DROP TABLE release_digests;
