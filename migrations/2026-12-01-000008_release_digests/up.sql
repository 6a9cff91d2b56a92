-- The proof of what each release holds: a digest, chained to the one before, that is made in the transaction of the release.

CREATE TABLE release_digests (
    release integer PRIMARY KEY CHECK (release >= 1),
    fields jsonb NOT NULL,
    parts jsonb NOT NULL,
    digest bytea NOT NULL
);
SELECT record_table('release_digests');
COMMENT ON TABLE release_digests IS 'What each release holds, as digests. Only digest_release writes it.';
COMMENT ON COLUMN release_digests.release IS 'The release.';
COMMENT ON COLUMN release_digests.fields IS 'The columns of each table that the digests are of, so that a column that a table gains later changes none.';
COMMENT ON COLUMN release_digests.parts IS 'For each table, the digest of the rows that the release opened and closed.';
COMMENT ON COLUMN release_digests.digest IS 'SHA-256 of the number of the release, of fields and parts, and of the digest of the release before.';

-- Figures are read through their view, so that a digest is of their series too, and not of the numbers of series.
CREATE FUNCTION digested_columns() RETURNS jsonb LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT jsonb_object_agg(relname, columns) FROM (
        SELECT c.relname, jsonb_agg(a.attname ORDER BY a.attname COLLATE "C") AS columns
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE (c.relnamespace = current_schema()::regnamespace
            AND (EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'open_next')
                OR c.oid IN ('releases'::regclass, 'withdrawals'::regclass))
            AND c.oid <> 'figures'::regclass OR c.oid = 'observations'::regclass)
            AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.attname <> 'last_release'
        GROUP BY c.relname
    ) t
$$;
COMMENT ON FUNCTION digested_columns() IS
    'What a digest is of, each with its columns: the published tables, the record of the release, and withdrawals.';

-- The digests are gathered by their first byte, so that no value grows beyond what Postgres can hold. Linear in these rows, but for
-- a sort.
CREATE FUNCTION release_parts(release integer, columns jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE
SET search_path FROM CURRENT SET jit = off
SET "TimeZone" = 'UTC' SET "DateStyle" = 'ISO, YMD' SET extra_float_digits = 1 SET bytea_output = 'hex' AS $$
DECLARE
    name text;
    names jsonb;
    row_text text;
    rows_of text;
    part text;
    parts jsonb := '{}';
BEGIN
    FOR name, names IN SELECT * FROM jsonb_each(columns) LOOP
        SELECT 'ROW(' || string_agg(format('t.%I', c), ', ' ORDER BY n) || ')::text' INTO row_text
        FROM jsonb_array_elements_text(names) WITH ORDINALITY AS c(c, n);
        rows_of := CASE name
            WHEN 'releases' THEN format('SELECT %s FROM %I t WHERE t.number = $1', row_text, name)
            WHEN 'withdrawals' THEN format('SELECT %s FROM %I t WHERE t.release = $1', row_text, name)
            ELSE format('SELECT %1$s FROM %2$I t WHERE t.first_release = $1 UNION ALL
                SELECT ''closed '' || %1$s FROM %2$I t WHERE t.last_release = $1 - 1', row_text, name)
        END;
        EXECUTE format('SELECT encode(sha256(string_agg(d, ''''::bytea ORDER BY b)), ''hex'') FROM (
            SELECT get_byte(d, 0) AS b, sha256(string_agg(d, ''''::bytea ORDER BY d)) AS d FROM (
                SELECT sha256(convert_to(r, ''UTF8'')) AS d FROM (%s) AS r(r)) AS d GROUP BY 1) AS d', rows_of)
            INTO part USING release;
        IF part IS NOT NULL THEN
            parts := parts || jsonb_build_object(name, part);
        END IF;
    END LOOP;
    RETURN parts;
END $$;
COMMENT ON FUNCTION release_parts(integer, jsonb) IS
    'For each table, the SHA-256 over the digests of the rows that a release opened and closed, whatever their order.';

CREATE FUNCTION chained_digest(release integer, columns jsonb, parts jsonb, previous bytea) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT sha256(previous || convert_to(format(E'%s\n%s\n%s', release, columns, parts), 'UTF8'))
$$;
COMMENT ON FUNCTION chained_digest(integer, jsonb, jsonb, bytea) IS
    'The digest of a release that follows one with the digest previous.';

CREATE FUNCTION digest_release() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    names jsonb := digested_columns();
    parts jsonb := release_parts(NEW.number, names);
    previous bytea := (SELECT d.digest FROM release_digests d WHERE d.release = NEW.number - 1);
BEGIN
    INSERT INTO release_digests
    VALUES (NEW.number, names, parts, chained_digest(NEW.number, names, parts, coalesce(previous, sha256(''))));
    RETURN NULL;
END $$;
CREATE TRIGGER digest_release AFTER INSERT ON releases FOR EACH ROW EXECUTE FUNCTION digest_release();
COMMENT ON FUNCTION digest_release() IS
    'Trigger: makes the digest of a release in its transaction, when all its rows are written: its record is the last.';

-- A role can make temporary tables, which Postgres looks for first. Functions that guard or prove must not read them.
DO $$
DECLARE guard regprocedure;
BEGIN
    FOR guard IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = current_schema()::regnamespace AND p.proname IN ('digested_columns', 'release_parts', 'digest_release') LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path TO %I, pg_temp', guard, current_schema());
    END LOOP;
END $$;
