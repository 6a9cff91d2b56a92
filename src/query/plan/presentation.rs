//! Owns the presentation of rows: the representation, its options, labels and counts.
//! Must not know which rows are selected.

use crate::query::model::representation::Representation;

/// How all selected rows are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Count {
    /// Not at all.
    #[default]
    None,
    /// Up to [`super::reading::COUNT_BOUND`].
    Bounded,
    /// All.
    Exact,
}

/// How rows are shown.
#[derive(Clone, Debug)]
pub struct Presentation {
    /// The representation.
    pub representation: Representation,
    /// Delimiter of CSV.
    pub delimiter: u8,
    /// Decimal mark of CSV.
    pub decimal: u8,
    /// Whether CSV is for spreadsheets: with a byte order mark, and without cells that a spreadsheet evaluates.
    pub spreadsheet: bool,
    /// Whether NDJSON ends with a line that counts the rows.
    pub trailer: bool,
    /// Whether GeoJSON has points instead of contours.
    pub centres: bool,
    /// Whether each period is a column (`layout=wide`).
    pub wide: bool,
    /// Whether codes and words have their French labels beside them.
    pub labels: bool,
}

impl Presentation {
    /// A representation with its default options.
    pub fn of(representation: Representation) -> Self {
        Self {
            representation,
            delimiter: b',',
            decimal: b'.',
            spreadsheet: false,
            trailer: false,
            centres: false,
            wide: false,
            labels: false,
        }
    }
}
