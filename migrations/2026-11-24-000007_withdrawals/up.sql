-- Why a row was withdrawn, and what stands in its place. The row itself is only closed, like every other; a row that
-- a newer edition of its file no longer has is withdrawn without a line here, and the release says why.

-- Puts a table under a rule stricter still than that of published rows: lines are added, and that is all.
CREATE FUNCTION keep_record() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % refused: a record is added to, never changed or deleted', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION record_table(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER keep_record BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION keep_record()', name);
    EXECUTE format('CREATE TRIGGER keep_table BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION keep_record()', name);
END $$;

CREATE TABLE withdrawals (
    dataset text COLLATE "C" NOT NULL,
    code text COLLATE "C" NOT NULL,
    -- the release that withdrew it: the row's last_release is the one before
    release integer NOT NULL CHECK (release >= 1),
    reason text COLLATE "C" NOT NULL,
    successor_code text COLLATE "C",
    PRIMARY KEY (dataset, code, release)
);
SELECT record_table('withdrawals');
