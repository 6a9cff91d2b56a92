//! Owns the fields that only versions have: the releases in which a version is current, and its publication date.
//! Must not know how versions are read.

use super::field::{Field, FieldOrigin, Kind};

const NUMBER: Kind = Kind::Integer { minimum: 1, maximum: i32::MAX as i64 };

/// The fields that a version has besides those of its row.
pub static VERSION: [Field; 3] = [
    Field {
        origin: FieldOrigin::Opened,
        ..Field::required(
            "released_from",
            NUMBER,
            "The release that opened this version: the first that has it. With `vintages`.",
            "",
        )
    },
    Field {
        origin: FieldOrigin::Record,
        ..Field::optional(
            "released_until",
            NUMBER,
            "The release that closed this version: the first that no longer has it; null while it is current at the release that is read. With `vintages`.",
            "",
        )
    },
    Field {
        origin: FieldOrigin::Record,
        ..Field::required("published_at", Kind::Timestamp, "When `released_from` was published, UTC; with `vintages`.", "")
    },
];
