-- Who may publish, what was tried, and what runs: the keys, the audit of all publications and refusals, and the publications that
-- were sent over HTTP.

-- A token has 256 random bits and cannot be guessed offline, so a slow hash as for passwords would only add time to each request.
CREATE TABLE keys (
    name text COLLATE "C" PRIMARY KEY CHECK (name ~ '^[a-z0-9][a-z0-9.-]{0,62}$'),
    hash bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    scopes text[] COLLATE "C" NOT NULL CHECK (cardinality(scopes) > 0),
    publisher text COLLATE "C" NOT NULL CHECK (publisher ~ '[^[:space:]]' AND length(publisher) <= 200),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at),
    revoked_at timestamptz
);
COMMENT ON TABLE keys IS 'The API keys for publishing.';
COMMENT ON COLUMN keys.name IS 'Its name, which is never reused, so that the audit identifies the key. No name can equal « command line ».';
COMMENT ON COLUMN keys.hash IS 'The SHA-256 of its token, which is stored nowhere.';
COMMENT ON COLUMN keys.scopes IS 'What it may publish: publish:{dataset}:{source}, refer:{dataset}:{source}.';
COMMENT ON COLUMN keys.publisher IS 'The publisher of the releases that are made with it.';
COMMENT ON COLUMN keys.created_at IS 'When it was made.';
COMMENT ON COLUMN keys.expires_at IS 'From when on it is refused.';
COMMENT ON COLUMN keys.revoked_at IS 'When it was revoked; null while it is not.';

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
COMMENT ON FUNCTION keep_key() IS 'Trigger: refuses every UPDATE, DELETE and TRUNCATE of keys except a revocation, which is permanent.';

-- The settings decide how values are written.
CREATE FUNCTION key_digest(made keys) RETURNS text LANGUAGE sql STABLE
SET "TimeZone" = 'UTC' SET "DateStyle" = 'ISO, YMD' SET bytea_output = 'hex' AS $$
    SELECT encode(sha256(convert_to(ROW(made.name, made.hash, made.scopes, made.publisher, made.created_at, made.expires_at)::text,
        'UTF8')), 'hex')
$$;
COMMENT ON FUNCTION key_digest(keys) IS 'The digest of a key as it was made, which the audit records.';

CREATE TABLE audit (
    id bigint PRIMARY KEY,
    at timestamptz NOT NULL,
    actor text COLLATE "C" NOT NULL,
    action text COLLATE "C" NOT NULL,
    outcome text COLLATE "C" NOT NULL,
    release integer,
    files jsonb NOT NULL,
    request_id text COLLATE "C",
    publication text COLLATE "C",
    detail jsonb NOT NULL,
    digest bytea NOT NULL
);
CREATE UNIQUE INDEX audit_publication ON audit (publication) WHERE publication IS NOT NULL;
SELECT record_table('audit');
COMMENT ON TABLE audit IS 'A line for every publication, dry run, refusal, and change of a key. Each has the digest of the line before it.';
COMMENT ON COLUMN audit.id IS 'Its number, without gaps: chain_audit numbers the lines.';
COMMENT ON COLUMN audit.at IS 'When it was written; later than the line before.';
COMMENT ON COLUMN audit.actor IS 'The name of a key, or « command line ».';
COMMENT ON COLUMN audit.action IS 'What was asked: publish, dry_run, key_create or key_revoke.';
COMMENT ON COLUMN audit.outcome IS 'How it ended.';
COMMENT ON COLUMN audit.release IS 'The release that it made.';
COMMENT ON COLUMN audit.files IS 'The received files: path and sha256 of each.';
COMMENT ON COLUMN audit.request_id IS 'The identifier of the HTTP request.';
COMMENT ON COLUMN audit.publication IS 'The publication over HTTP whose result the line is.';
COMMENT ON COLUMN audit.detail IS 'The report, or the errors.';
COMMENT ON COLUMN audit.digest IS 'SHA-256 of the line and of the digest of the line before it.';

-- Writers wait for each other here, so that lines are numbered in the order of their commits.
CREATE TABLE audit_head (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    id bigint NOT NULL,
    at timestamptz NOT NULL,
    digest bytea NOT NULL
);
INSERT INTO audit_head (id, at, digest) VALUES (0, '-infinity', sha256(''));
COMMENT ON TABLE audit_head IS 'The newest line of the audit, which the next one follows. Only chain_audit writes it.';
COMMENT ON COLUMN audit_head.single IS 'True: there is one row.';
COMMENT ON COLUMN audit_head.id IS 'The number of the line; 0 before the first.';
COMMENT ON COLUMN audit_head.at IS 'When it was written.';
COMMENT ON COLUMN audit_head.digest IS 'Its digest.';

-- The settings decide how values are written.
CREATE FUNCTION audit_digest(line audit, previous bytea) RETURNS bytea LANGUAGE sql STABLE
SET "TimeZone" = 'UTC' SET "DateStyle" = 'ISO, YMD' SET bytea_output = 'hex' AS $$
    SELECT sha256(previous || convert_to(ROW(line.id, line.at, line.actor, line.action, line.outcome, line.release, line.files,
        line.request_id, line.publication, line.detail)::text, 'UTF8'))
$$;
COMMENT ON FUNCTION audit_digest(audit, bytea) IS 'The digest of a line of the audit that follows a line with the digest previous.';

-- A clock that goes back does not go back here.
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
COMMENT ON FUNCTION chain_audit() IS 'Trigger: numbers a line of the audit, gives it its time, and chains it to the line before.';

-- The result of a publication is its line in the audit, which is written in the same transaction as the release, so that a crash
-- cannot leave one without the other.
CREATE TABLE publications (
    id text COLLATE "C" PRIMARY KEY,
    key_name text COLLATE "C" NOT NULL,
    idempotency_key text COLLATE "C",
    digest text COLLATE "C" NOT NULL,
    dry_run boolean NOT NULL,
    state text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    bytes_read bigint NOT NULL DEFAULT 0,
    bytes_total bigint NOT NULL
);
CREATE UNIQUE INDEX publications_idempotency ON publications (key_name, idempotency_key) WHERE idempotency_key IS NOT NULL;
COMMENT ON TABLE publications IS 'The publications that were sent over HTTP, and their progress.';
COMMENT ON COLUMN publications.id IS 'Its identifier, as in its address.';
COMMENT ON COLUMN publications.key_name IS 'The name of the key.';
COMMENT ON COLUMN publications.idempotency_key IS 'The header Idempotency-Key; null once it is free for another attempt.';
COMMENT ON COLUMN publications.digest IS 'The digest of the parts of the request, to detect another body with the same idempotency key.';
COMMENT ON COLUMN publications.dry_run IS 'Whether nothing is to be published.';
COMMENT ON COLUMN publications.state IS 'The last step that it reached.';
COMMENT ON COLUMN publications.created_at IS 'When it was received.';
COMMENT ON COLUMN publications.seen_at IS 'When a server worked on it last, to the second.';
COMMENT ON COLUMN publications.bytes_read IS 'How many bytes of its files have been read.';
COMMENT ON COLUMN publications.bytes_total IS 'How many bytes its files have.';

-- Only the owner of a table may run ANALYZE, and the role that publishes may be another one.
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
COMMENT ON FUNCTION analyze_table(text) IS 'Updates the statistics of a table of published rows.';

-- A role can make temporary tables, which Postgres looks for first. Functions that guard or prove must not read them.
DO $$
DECLARE guard regprocedure;
BEGIN
    FOR guard IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = current_schema()::regnamespace AND p.proname IN ('key_digest', 'audit_digest', 'chain_audit', 'analyze_table') LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path TO %I, pg_temp', guard, current_schema());
    END LOOP;
END $$;
