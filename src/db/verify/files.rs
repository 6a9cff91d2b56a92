//! Owns the checks of the records of files: each is of a release, and nobody can change them. Whether the bytes are right shows
//! when a server builds the file.
//! Must not know how files are built, nor how faults are listed.

/// The table of the records.
pub const TABLE: &str = "release_files";

/// The checks: the name of each, and the SELECT that returns code and detail of each wrong record.
pub const CHECKS: [(&str, &str); 3] = [
    (
        "files",
        "SELECT f.release || '/' || f.file, 'is recorded for a release that does not exist' FROM release_files f \
         WHERE NOT EXISTS (SELECT 1 FROM releases r WHERE r.number = f.release)",
    ),
    (
        "files",
        "SELECT f.release || '/' || f.file, 'was made from other fields than the first file of its dataset and release' \
         FROM release_files f WHERE f.fields <> (SELECT o.fields FROM release_files o \
         WHERE o.release = f.release AND o.dataset = f.dataset ORDER BY o.recorded_at, o.file LIMIT 1)",
    ),
    (
        "protection",
        "SELECT NULL::text, 'a trigger that keeps records is missing or disabled' WHERE 2 <> (SELECT count(*) FROM pg_trigger \
         WHERE tgrelid = to_regclass('release_files') AND tgname IN ('keep_record', 'keep_table') AND tgenabled IN ('O', 'A'))",
    ),
];
