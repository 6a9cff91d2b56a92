-- The reasons and successors of withdrawn rows. The row itself is closed like every other. A row that a newer edition of
-- its file lacks is withdrawn without a line here; the notes of the release give the reason.

-- Refuses every UPDATE, DELETE and TRUNCATE: rows of the table can only be added.
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
    -- the release that withdrew the row; the last_release of the row is the one before
    release integer NOT NULL CHECK (release >= 1),
    reason text COLLATE "C" NOT NULL,
    successor_code text COLLATE "C",
    PRIMARY KEY (dataset, code, release)
);
SELECT record_table('withdrawals');
SELECT record_table('series');
