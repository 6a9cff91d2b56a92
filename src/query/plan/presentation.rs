//! Owns how rows are shown and counted, whichever they are.
//! Must not know which rows come.

use crate::query::model::representation::Representation;

/// How rows are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Count {
    /// Not at all.
    #[default]
    None,
    /// Up to [`COUNT_BOUND`].
    Bounded,
    /// All.
    Exact,
}

/// How the rows are shown, whichever they are.
#[derive(Clone, Debug)]
pub struct Presentation {
    /// The representation.
    pub representation: Representation,
    /// Delimiter of CSV.
    pub delimiter: u8,
    /// Decimal mark of CSV.
    pub decimal: u8,
    /// Whether CSV is for spreadsheets: a byte order mark, and no cell that they would run.
    pub spreadsheet: bool,
    /// Whether NDJSON ends with a count.
    pub trailer: bool,
    /// Whether GeoJSON has points instead of contours.
    pub centres: bool,
    /// Whether periods stand beside one another.
    pub wide: bool,
    /// Names beside or instead of codes.
    pub labels: Labels,
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
            labels: Labels::Code,
        }
    }
}

/// How rows that a row refers to are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Labels {
    /// By their codes.
    Code,
    /// By their names.
    Name,
    /// By both.
    Both,
}
