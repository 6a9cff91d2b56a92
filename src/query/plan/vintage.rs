//! Owns the versions of rows: which of them are given, and the fields that say when each was published.
//! Must not know how they are read.

use crate::query::collection::context::Context;
use crate::query::model::dataset::{HISTORY, Shape, Via};
use crate::query::model::field::{Field, Kind, Origin};

/// Which versions of rows are given, of those published up to the release that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vintages {
    /// All of them, those of withdrawn rows too.
    All,
    /// The first of each row.
    First,
    /// Those of the rows whose value or statuses have been revised.
    Revised,
}

const NUMBER: Kind = Kind::Integer { minimum: 1, maximum: i32::MAX as i64 };

/// What versions have besides the fields of their rows.
pub static VERSION: [Field; 3] = [
    Field {
        origin: Origin::Opened,
        ..Field::required("first_release", NUMBER, "The first release that has this version, with `vintages`.", "")
    },
    Field {
        origin: Origin::Record,
        ..Field::optional(
            "last_release",
            NUMBER,
            "The last release that has this version; empty while it is current at the release that is read. With `vintages`.",
            "",
        )
    },
    Field {
        origin: Origin::Record,
        ..Field::required("published_at", Kind::Timestamp, "When `first_release` was published, UTC; with `vintages`.", "")
    },
];

impl Context {
    /// The versions of the same rows.
    pub fn of_versions(self) -> Context {
        Context { extra: &VERSION, ..self }
    }

    /// The versions of one row.
    pub fn history(self) -> Context {
        Context { link: Some(&HISTORY), ..self.of_versions() }
    }

    /// Whether it is the versions of one row.
    pub fn is_history(&self) -> bool {
        self.link.is_some_and(|link| matches!(link.via, Via::Versions))
    }

    /// The same collection with every field that its rows may have.
    pub fn at_most(self) -> Context {
        if self.dataset.shape == Shape::Observations { self.of_versions() } else { self }
    }
}
