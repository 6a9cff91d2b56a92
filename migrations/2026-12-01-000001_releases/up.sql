-- Releases, and the rules that hold for every published row: it is added by the next release, closed by a later one, and never
-- changed or deleted, so that a citation stays valid. A row belongs to the releases first_release..last_release; last_release
-- is null while the row is current.
--
-- What the tables and columns mean is said where `psql \d+` shows it. Comments of the tables and columns of datasets come from
-- src/datasets: the program writes them when it migrates (src/db/setup/comments.rs). All others stand in the migrations.

-- The extensions stay when the migrations are reverted: others may use them.
CREATE EXTENSION IF NOT EXISTS unaccent;
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- unaccent() is only STABLE because its dictionary could change; naming the dictionary and the schema makes it safe to index.
-- The function sets the collation, so that a column and a bind parameter fold alike, independent of their own collations. The
-- function makes no-break spaces, which French typography needs, plain spaces, so that a search with plain ones finds them.
DO $$
DECLARE home text;
BEGIN
    SELECT n.nspname INTO home FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'unaccent';
    EXECUTE format(
        'CREATE FUNCTION fold(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
         AS $f$ SELECT lower(translate(%1$I.unaccent(%2$L::regdictionary, $1), U&''\00A0\202F\2007\2009'', ''    '') COLLATE "C") $f$',
        home, format('%I.unaccent', home));
END $$;
COMMENT ON FUNCTION fold(text) IS 'The sort key of a name in French: without accents and case.';

-- array_to_string is only STABLE, because the output of some types depends on settings of the session; that of text does not.
CREATE FUNCTION search_list(text[]) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_to_string($1, ' '), '')
$$;
COMMENT ON FUNCTION search_list(text[]) IS 'A list as one text, with blanks between its items.';

-- There is no foreign key from rows to releases, because a publication writes its rows first: only then are the counts of its
-- release known.
CREATE FUNCTION keep_history() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE closing integer;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.last_release IS NULL AND NEW.last_release >= OLD.first_release THEN
            closing := NEW.last_release;
            NEW.last_release := NULL;
            IF NEW IS NOT DISTINCT FROM OLD THEN
                NEW.last_release := closing;
                RETURN NEW;
            END IF;
        END IF;
    END IF;
    RAISE EXCEPTION '% on % refused: published rows are closed, never changed or deleted', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
COMMENT ON FUNCTION keep_history() IS
    'Trigger: refuses every UPDATE, DELETE and TRUNCATE of published rows except one that closes an open row by last_release.';

CREATE FUNCTION publish_table(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER keep_history BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION keep_history()', name);
    EXECUTE format('CREATE TRIGGER keep_table BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION keep_history()', name);
END $$;
COMMENT ON FUNCTION publish_table(text) IS 'For migrations: makes the rows of a table immutable with keep_history.';

-- Looks at the rows of a statement at once. The owner of the table is not bound, since it could drop the trigger; the digests of
-- releases show what it adds.
CREATE FUNCTION write_next() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    next integer;
    wrong integer;
BEGIN
    IF current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID) THEN
        RETURN NULL;
    END IF;
    SELECT coalesce(max(number), 0) + 1 INTO next FROM releases;
    IF TG_OP = 'INSERT' THEN
        SELECT first_release INTO wrong FROM written WHERE first_release <> next OR last_release IS NOT NULL LIMIT 1;
    ELSE
        SELECT last_release + 1 INTO wrong FROM written WHERE last_release <> next - 1 LIMIT 1;
    END IF;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION '% on % for release % refused: the next release is %', TG_OP, TG_TABLE_NAME, wrong, next
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION write_next() IS 'Trigger: refuses rows that are opened or closed by another release than the next.';

CREATE FUNCTION order_table(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER open_next AFTER INSERT ON %I REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION write_next()', name);
    EXECUTE format('CREATE TRIGGER close_next AFTER UPDATE ON %I REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION write_next()', name);
END $$;
COMMENT ON FUNCTION order_table(text) IS 'For migrations: binds the rows of a table to the next release with write_next.';

-- Few rows are ever closed, so the second index stays small.
CREATE FUNCTION follow_table(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE INDEX %I ON %I (first_release)', name || '_opened', name);
    EXECUTE format('CREATE INDEX %I ON %I (last_release) WHERE last_release IS NOT NULL', name || '_closed', name);
END $$;
COMMENT ON FUNCTION follow_table(text) IS
    'For migrations: adds the indexes that find the rows that a release opened or closed, in tables of millions of rows.';

-- Publishing checks more, with a place in the file; these constraints hold for every row, however it is written, so that every
-- program which reads the rows can hold their values. A test compares the columns with the constraints.
CREATE FUNCTION bound_table(name text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    field record;
    bounds text;
BEGIN
    FOR field IN
        SELECT a.attname AS name, format_type(a.atttypid, NULL) AS type FROM pg_attribute a
        WHERE a.attrelid = to_regclass(quote_ident(bound_table.name)) AND a.attnum > 0 AND NOT a.attisdropped
        ORDER BY a.attnum
    LOOP
        bounds := CASE field.type
            -- NaN is above every number
            WHEN 'numeric' THEN '%1$I BETWEEN -1e30 AND 1e30 AND scale(%1$I) <= 30'
            WHEN 'date' THEN '%1$I BETWEEN ''1000-01-01'' AND ''9999-12-31'''
            WHEN 'timestamp with time zone' THEN '%1$I >= ''1970-01-01 00:00:00+00'' AND %1$I < ''9999-12-31 00:00:00+00'''
            WHEN 'text[]' THEN 'array_ndims(%1$I) = 1 AND cardinality(%1$I) > 0 AND array_position(%1$I, NULL) IS NULL'
                -- lists of codes become JSON without escapes
                || CASE WHEN field.name LIKE '%\_codes' AND field.name <> 'postal_codes' OR field.name IN ('statuses', 'aid_natures')
                    THEN ' AND search_list(%1$I) !~ ''["\\[:cntrl:]]''' ELSE '' END
        END;
        IF bounds IS NOT NULL AND NOT EXISTS (
            SELECT FROM pg_constraint c WHERE c.conrelid = to_regclass(quote_ident(bound_table.name)) AND c.conname = bound_table.name || '_' || field.name || '_bounds'
        ) THEN
            EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I CHECK (' || format(bounds, field.name) || ')', bound_table.name, bound_table.name || '_' || field.name || '_bounds');
        END IF;
    END LOOP;
END $$;
COMMENT ON FUNCTION bound_table(text) IS
    'For migrations: adds the bounds of values to the columns of a table that have none. Called again when a column is added.';

CREATE FUNCTION keep_record() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % refused: a record is added to, never changed or deleted', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
COMMENT ON FUNCTION keep_record() IS 'Trigger: refuses every UPDATE, DELETE and TRUNCATE. Rows of a record can only be added.';

CREATE FUNCTION record_table(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER keep_record BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION keep_record()', name);
    EXECUTE format('CREATE TRIGGER keep_table BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION keep_record()', name);
END $$;
COMMENT ON FUNCTION record_table(text) IS 'For migrations: makes a table a record with keep_record.';

CREATE TABLE releases (
    number integer PRIMARY KEY CHECK (number >= 1),
    published_at timestamptz NOT NULL,
    title text COLLATE "C" NOT NULL,
    notes text COLLATE "C",
    publisher text COLLATE "C" NOT NULL,
    licence text COLLATE "C" NOT NULL,
    bundle text COLLATE "C",
    added integer NOT NULL CHECK (added >= 0),
    changed integer NOT NULL CHECK (changed >= 0),
    withdrawn integer NOT NULL CHECK (withdrawn >= 0),
    counts jsonb NOT NULL,
    files jsonb NOT NULL,
    -- a release is a row of the releases from its own number on, so that it is selected like every other row
    first_release integer NOT NULL GENERATED ALWAYS AS (number) STORED,
    last_release integer CHECK (last_release IS NULL)
);
SELECT publish_table('releases'), bound_table('releases');
COMMENT ON COLUMN releases.bundle IS 'The bundle of the service''s own data that it was made from; null for every other publication.';

-- Tests replace it; `verify` tells if it is another.
CREATE FUNCTION wall_clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$ SELECT clock_timestamp() $$;
COMMENT ON FUNCTION wall_clock() IS 'What the clock says.';

CREATE FUNCTION next_release() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE newest releases;
BEGIN
    SELECT * INTO newest FROM releases ORDER BY number DESC LIMIT 1;
    IF NEW.number <> coalesce(newest.number, 0) + 1 THEN
        RAISE EXCEPTION 'release % refused: the next number is %', NEW.number, coalesce(newest.number, 0) + 1
            USING ERRCODE = 'restrict_violation';
    END IF;
    NEW.published_at := greatest(wall_clock(), newest.published_at + interval '1 microsecond');
    RETURN NEW;
END $$;
CREATE TRIGGER next_release BEFORE INSERT ON releases FOR EACH ROW EXECUTE FUNCTION next_release();
COMMENT ON FUNCTION next_release() IS
    'Trigger: refuses every number but the next, and sets the instant: now, or just after the newest release if the clock has gone back.';

-- A role can make temporary tables, which Postgres looks for first. Functions that guard or prove must not read them.
DO $$
DECLARE guard regprocedure;
BEGIN
    FOR guard IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = current_schema()::regnamespace AND p.proname IN ('next_release', 'write_next') LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path TO %I, pg_temp', guard, current_schema());
    END LOOP;
END $$;

CREATE TABLE sources (
    code text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    title text COLLATE "C" NOT NULL,
    publisher text COLLATE "C" NOT NULL,
    published_period text COLLATE "C",
    edition text COLLATE "C",
    licence text COLLATE "C" NOT NULL,
    licence_url text COLLATE "C",
    url text COLLATE "C",
    file_format text COLLATE "C",
    sha256 text COLLATE "C",
    retrieved_on date,
    summary text COLLATE "C",
    note text COLLATE "C",
    first_release integer NOT NULL,
    last_release integer CHECK (last_release >= first_release),
    CONSTRAINT sources_key PRIMARY KEY (code, first_release)
);
CREATE UNIQUE INDEX sources_current ON sources (code) WHERE last_release IS NULL;
SELECT publish_table('sources'), order_table('sources'), follow_table('sources'), bound_table('sources');

CREATE TABLE withdrawals (
    dataset text COLLATE "C" NOT NULL,
    code text COLLATE "C" NOT NULL,
    release integer NOT NULL CHECK (release >= 1),
    reason text COLLATE "C" NOT NULL,
    successor_code text COLLATE "C",
    PRIMARY KEY (dataset, code, release)
);
SELECT record_table('withdrawals');
COMMENT ON TABLE withdrawals IS
    'The reasons and successors of withdrawn rows. The row itself is closed like every other. A row that a newer edition of its file '
    'lacks is withdrawn without a line here; the notes of the release give the reason.';
COMMENT ON COLUMN withdrawals.dataset IS 'The dataset of the row.';
COMMENT ON COLUMN withdrawals.code IS 'Its code, as in addresses.';
COMMENT ON COLUMN withdrawals.release IS 'The release that withdrew the row; the last_release of the row is the one before.';
COMMENT ON COLUMN withdrawals.reason IS 'Why, for readers, in French.';
COMMENT ON COLUMN withdrawals.successor_code IS 'The code of the row that replaces it, in the same dataset.';
