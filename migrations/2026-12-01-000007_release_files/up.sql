-- The records of the files of releases.

CREATE TABLE release_files (
    release integer NOT NULL CHECK (release >= 1),
    file text COLLATE "C" NOT NULL,
    dataset text COLLATE "C" NOT NULL,
    sha256 text COLLATE "C" NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    bytes bigint NOT NULL CHECK (bytes >= 0),
    rows bigint NOT NULL CHECK (rows >= 0),
    fields text[] COLLATE "C" NOT NULL CHECK (cardinality(fields) > 0),
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (release, file)
);
SELECT record_table('release_files');
COMMENT ON TABLE release_files IS
    'The files of releases as they were first served. Every server that builds a file again gives the same bytes, or serves none: a '
    'digest that somebody has cited stays right.';
COMMENT ON COLUMN release_files.release IS 'The release whose rows the file has.';
COMMENT ON COLUMN release_files.file IS 'Its name, such as territories.csv.';
COMMENT ON COLUMN release_files.dataset IS 'The dataset of its rows.';
COMMENT ON COLUMN release_files.sha256 IS 'Its SHA-256, in hexadecimal.';
COMMENT ON COLUMN release_files.bytes IS 'Its length, before any content coding.';
COMMENT ON COLUMN release_files.rows IS 'The number of its rows.';
COMMENT ON COLUMN release_files.fields IS
    'The fields of the dataset that it was made from. The files of one dataset and release have the same: a field that the program '
    'gains later joins them from the next release on.';
COMMENT ON COLUMN release_files.recorded_at IS 'When it was first built.';
