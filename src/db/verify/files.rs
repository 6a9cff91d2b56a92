//! Owns the checks of the records of files: each is of a release. Whether the bytes are right shows
//! when a server builds the file.
//! Must not know how files are built, nor how faults are listed.

/// The table of the records.
pub const TABLE: &str = "release_files";

/// The check of the releases that the records name, up to the newest: the SELECT that returns code and detail of each wrong
/// record.
pub fn without_release(newest: i32) -> String {
    format!(
        "SELECT f.release || '/' || f.file, 'is recorded for a release that does not exist' FROM release_files f \
         WHERE f.release > {newest}"
    )
}

/// The other checks: the name of each, and the SELECT.
pub const CHECKS: [(&str, &str); 1] = [
    (
        "files",
        "SELECT f.release || '/' || f.file, 'was made from other fields than the first file of its dataset and release' \
         FROM release_files f WHERE f.fields <> (SELECT o.fields FROM release_files o \
         WHERE o.release = f.release AND o.dataset = f.dataset ORDER BY o.recorded_at, o.file LIMIT 1)",
    ),
];
