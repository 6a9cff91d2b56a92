-- The API keys for publishing, the audit of all publications and refusals, and the running publications.

-- The table stores only the SHA-256 of a token. A token has 256 random bits and cannot be guessed offline, so a slow
-- hash as for passwords would only add time to each request.
CREATE TABLE keys (
    -- a name is never reused, so that the audit identifies the key; no name can equal « command line »
    name text COLLATE "C" PRIMARY KEY CHECK (name ~ '^[a-z0-9][a-z0-9.-]{0,62}$'),
    hash bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    scopes text[] COLLATE "C" NOT NULL CHECK (cardinality(scopes) > 0),
    -- the publisher of the releases that are made with it
    publisher text COLLATE "C" NOT NULL CHECK (publisher ~ '[^[:space:]]' AND length(publisher) <= 200),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at),
    revoked_at timestamptz
);

-- Refuses every UPDATE and DELETE of a key except its revocation, which is permanent.
CREATE FUNCTION keep_key() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE revoked timestamptz;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        revoked := NEW.revoked_at;
        IF OLD.revoked_at IS NULL AND revoked IS NOT NULL THEN
            NEW.revoked_at := NULL;
            IF NEW IS NOT DISTINCT FROM OLD THEN
                NEW.revoked_at := revoked;
                RETURN NEW;
            END IF;
        END IF;
    END IF;
    RAISE EXCEPTION '% on % refused: a key is revoked, never changed or deleted', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER keep_key BEFORE UPDATE OR DELETE ON keys FOR EACH ROW EXECUTE FUNCTION keep_key();
CREATE TRIGGER keep_table BEFORE TRUNCATE ON keys FOR EACH STATEMENT EXECUTE FUNCTION keep_key();

CREATE TABLE audit (
    -- without gaps: chain_audit numbers the lines
    id bigint PRIMARY KEY,
    at timestamptz NOT NULL,
    -- the name of a key, or « command line »
    actor text COLLATE "C" NOT NULL,
    action text COLLATE "C" NOT NULL,
    outcome text COLLATE "C" NOT NULL,
    release integer,
    -- the received files: path and sha256
    files jsonb NOT NULL,
    request_id text COLLATE "C",
    publication text COLLATE "C",
    detail jsonb NOT NULL,
    -- of the line and of the digest of the line before it
    digest bytea NOT NULL
);
CREATE UNIQUE INDEX audit_publication ON audit (publication) WHERE publication IS NOT NULL;

-- The newest line: the next one follows it. Writers wait for each other here, so that lines are numbered in the order of
-- their commits. Only chain_audit writes it.
CREATE TABLE audit_head (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    id bigint NOT NULL,
    at timestamptz NOT NULL,
    digest bytea NOT NULL
);
INSERT INTO audit_head (id, at, digest) VALUES (0, '-infinity', sha256(''));

-- The digest of a line of the audit that follows a line with the digest `previous`. The settings decide how values are written.
CREATE FUNCTION audit_digest(line audit, previous bytea) RETURNS bytea LANGUAGE sql STABLE
SET "TimeZone" = 'UTC' SET "DateStyle" = 'ISO, YMD' SET bytea_output = 'hex' AS $$
    SELECT sha256(previous || convert_to(ROW(line.id, line.at, line.actor, line.action, line.outcome, line.release, line.files,
        line.request_id, line.publication, line.detail)::text, 'UTF8'))
$$;

-- Numbers a line, gives it its time, and chains it to the line before. A clock that goes back does not go back here.
CREATE FUNCTION chain_audit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE head audit_head;
BEGIN
    SELECT * INTO STRICT head FROM audit_head FOR UPDATE;
    NEW.id := head.id + 1;
    NEW.at := greatest(clock_timestamp(), head.at + interval '1 microsecond');
    NEW.digest := audit_digest(NEW, head.digest);
    UPDATE audit_head SET id = NEW.id, at = NEW.at, digest = NEW.digest;
    RETURN NEW;
END $$;
CREATE TRIGGER chain_audit BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION chain_audit();

-- The digest of a key as it was made, which the audit records.
CREATE FUNCTION key_digest(made keys) RETURNS text LANGUAGE sql STABLE
SET "TimeZone" = 'UTC' SET "DateStyle" = 'ISO, YMD' SET bytea_output = 'hex' AS $$
    SELECT encode(sha256(convert_to(ROW(made.name, made.hash, made.scopes, made.publisher, made.created_at, made.expires_at)::text,
        'UTF8')), 'hex')
$$;
SELECT record_table('audit');

-- The publications over HTTP and their progress. The result of a publication is its row in the audit, which is written in
-- the same transaction as the release, so that a crash cannot leave one without the other.
CREATE TABLE publications (
    id text COLLATE "C" PRIMARY KEY,
    key_name text COLLATE "C" NOT NULL,
    idempotency_key text COLLATE "C",
    -- digest of the parts of the request, to detect another body with the same idempotency key
    digest text COLLATE "C" NOT NULL,
    dry_run boolean NOT NULL,
    state text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- updated every second while a server works on the publication
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    bytes_read bigint NOT NULL DEFAULT 0,
    bytes_total bigint NOT NULL
);
CREATE UNIQUE INDEX publications_idempotency ON publications (key_name, idempotency_key) WHERE idempotency_key IS NOT NULL;

-- Updates the statistics of a table of published rows. Only the owner of a table may run ANALYZE, and the role that
-- publishes may be another one.
CREATE FUNCTION analyze_table(name text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    -- a dry run works on temporary copies, and renews their statistics itself
    IF EXISTS (SELECT 1 FROM pg_class WHERE oid = to_regclass(quote_ident(name)) AND relpersistence = 't') THEN
        RETURN;
    END IF;
    IF name <> 'series' AND NOT EXISTS (
        SELECT 1 FROM pg_trigger WHERE tgrelid = to_regclass(quote_ident(name)) AND tgname = 'keep_history'
    ) THEN
        RAISE EXCEPTION '% is not a table of published rows', name USING ERRCODE = 'insufficient_privilege';
    END IF;
    EXECUTE format('ANALYZE %I', name);
END $$;
REVOKE EXECUTE ON FUNCTION analyze_table(text) FROM PUBLIC;
