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
        Self { representation, centres: false, wide: false, labels: false }
    }
}
