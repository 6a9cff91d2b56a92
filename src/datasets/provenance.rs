//! Owns the fields for the provenance of a row, which are the same in every dataset.
//! Must not know which datasets have them.

use crate::query::{Field, Kind};

/// The code of the source.
pub const SOURCE_CODE: Field = Field::required(
    "source_code",
    Kind::Reference("sources"),
    "The document or file from which the row comes.",
    "dossier-pauvrete-hdf-2019",
);

/// The place within the source.
pub const SOURCE_LOCATION: Field =
    Field::optional("source_location", Kind::Text, "The place in the source: section, page, lines, cell.", "");

/// The further sources of the row.
pub const OTHER_SOURCE_CODES: Field = Field::optional(
    "other_source_codes",
    Kind::References("sources"),
    "Further sources, for what `source_code` leaves open: the note says what each is for.",
    "prefecture-hdf-2019-07-15",
);

/// The note on the row.
pub const NOTE: Field = Field::optional(
    "note",
    Kind::Text,
    "What the source leaves open or states in contradictory ways, and which reading was chosen. In French.",
    "",
);

/// The year of the official geography to which a territory's code belongs.
pub const GEOGRAPHY_YEAR: Field = Field::required(
    "geography_year",
    Kind::Integer { minimum: 1943, maximum: 2100 },
    "The edition of the official geography (1 January of this year) in which the territory's code is read. It is not the year of the figure: figures of 2019 can be published by the codes of 2026.",
    "2026",
);
