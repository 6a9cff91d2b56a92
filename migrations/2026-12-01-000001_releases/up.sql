-- Releases. Triggers ensure that a published row is never changed and never deleted, so that a citation stays valid.
-- A row belongs to the releases first_release..last_release; last_release is null while the row is current.

CREATE EXTENSION IF NOT EXISTS unaccent;
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- The sort key of names in French: without accents and case. unaccent() is only STABLE because its dictionary
-- could change; naming the dictionary and the schema makes it safe to index. The function sets the collation, so
-- that a column and a bind parameter fold alike, independent of their own collations.
DO $$
DECLARE home text;
BEGIN
    SELECT n.nspname INTO home FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'unaccent';
    EXECUTE format(
        'CREATE FUNCTION fold(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
         AS $f$ SELECT lower(%1$I.unaccent(%2$L::regdictionary, $1) COLLATE "C") $f$',
        home, format('%I.unaccent', home));
END $$;

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

-- Refuses every UPDATE and DELETE except one that closes an open row by setting last_release. There is no foreign key
-- from rows to releases, because a publication writes its rows first: only then are the counts of its release known.
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

-- Makes the rows of a table immutable with keep_history.
CREATE FUNCTION publish_table(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER keep_history BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION keep_history()', name);
    EXECUTE format('CREATE TRIGGER keep_table BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION keep_history()', name);
END $$;

SELECT publish_table('releases');

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
    last_release integer CHECK (last_release >= first_release)
);
CREATE UNIQUE INDEX sources_key ON sources (code, first_release);
CREATE UNIQUE INDEX sources_current ON sources (code) WHERE last_release IS NULL;
SELECT publish_table('sources');
