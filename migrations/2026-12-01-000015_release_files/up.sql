-- The files of releases as they were first served. Every server that builds a file again gives the same bytes, or serves none:
-- a digest that somebody has cited stays right.
CREATE TABLE release_files (
    release integer NOT NULL CHECK (release >= 1),
    -- such as territories.csv
    file text COLLATE "C" NOT NULL,
    dataset text COLLATE "C" NOT NULL,
    sha256 text COLLATE "C" NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    bytes bigint NOT NULL CHECK (bytes >= 0),
    rows bigint NOT NULL CHECK (rows >= 0),
    -- the fields of the dataset that the file was made from. The files of one dataset and release have the same: a field that
    -- the program gains later joins them from the next release on
    fields text[] COLLATE "C" NOT NULL CHECK (cardinality(fields) > 0),
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (release, file)
);
SELECT record_table('release_files');
