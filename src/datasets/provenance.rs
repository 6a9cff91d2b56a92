//! Owns the fields that say where a row comes from, the same in every dataset.
//! Must not know the datasets that carry them.

use crate::query::{Field, Kind};

/// The code of the source.
pub const SOURCE_CODE: Field = Field::required(
    "source_code",
    Kind::Reference("sources"),
    "The document or file that the row comes from.",
    "dossier-pauvrete-hdf-2019",
);

/// The place within the source.
pub const SOURCE_LOCATION: Field =
    Field::optional("source_location", Kind::Text, "Where in the source: section, page, lines, cell.", "");

/// What the reader must know.
pub const NOTE: Field = Field::optional(
    "note",
    Kind::Text,
    "What the source leaves unsaid or says twice and differently, and what was chosen; in French.",
    "",
);

/// The year of the official geography in which a territory's code is read.
pub const GEOGRAPHY_YEAR: Field = Field::required(
    "geography_year",
    Kind::Integer { minimum: 1943, maximum: 2100 },
    "The edition of the official geography (1 January of this year) in which the territory's code is read.",
    "2026",
);
