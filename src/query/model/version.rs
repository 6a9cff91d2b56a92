//! Owns the fields that only versions have: the releases in which a version is current, and its publication date.
//! Must not know how versions are read.

use super::field::{Field, FieldOrigin, Kind};

const NUMBER: Kind = Kind::Integer { minimum: 1, maximum: i32::MAX as i64 };

/// The fields that a version has besides those of its row.
pub static VERSION: [Field; 3] = [
    Field {
        origin: FieldOrigin::Opened,
        ..Field::required("first_release", NUMBER, "The first release that has this version, with `vintages`.", "")
    },
    Field {
        origin: FieldOrigin::Record,
        ..Field::optional(
            "last_release",
            NUMBER,
            "The last release that has this version; empty while it is current at the release that is read. With `vintages`.",
            "",
        )
    },
    Field {
        origin: FieldOrigin::Record,
        ..Field::required("published_at", Kind::Timestamp, "When `first_release` was published, UTC; with `vintages`.", "")
    },
];
