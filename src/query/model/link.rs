//! Owns the relations between datasets: the links from a row to others, and the filters by codes of related rows.
//! Must not know any one dataset.

use super::field::{Field, FieldOrigin, Kind};

/// A link from one row to the rows of a dataset. `/v1/{dataset}/{code}/{name}` is its address, or redirects to it.
#[derive(Debug)]
pub struct Link {
    /// The last segment of the address.
    pub name: &'static str,
    /// The dataset that it leads to.
    pub target: &'static str,
    /// A sentence for the OpenAPI document.
    pub summary: &'static str,
    /// How the rows are found.
    pub via: Via,
}

/// The field that containments add to the rows of their target.
static SHARE: [Field; 1] = [Field {
    origin: FieldOrigin::Link,
    ..Field::required(
        "population_share",
        Kind::Decimal,
        "The share of the inhabitants of the smaller territory who live in the larger: 1 when it lies wholly in it.",
        "1",
    )
}];

impl Link {
    /// The parameter of the target's list that takes the code of the row. `None` if no filter selects the rows, so that the
    /// link has an address of its own.
    pub fn filter(&self) -> Option<&'static str> {
        match self.via {
            Via::Filter(name) => Some(name),
            Via::Containment(_) | Via::Opened | Via::Versions => None,
        }
    }

    /// The fields that the link adds to the rows of its target.
    pub fn extra_fields(&self) -> &'static [Field] {
        if matches!(self.via, Via::Containment(_)) { &SHARE } else { &[] }
    }
}

/// How a link finds its rows.
#[derive(Debug)]
pub enum Via {
    /// The rows that the list of the target has with the code of this row in this parameter: a field that refers to it, or a
    /// [`Relation`].
    Filter(&'static str),
    /// The territories that contain this one or lie in it.
    Containment(Direction),
    /// The rows of the target to which the rows that this release opened refer.
    Opened,
    /// The versions of the row itself.
    Versions,
}

/// The link from a row to its versions, the same for every dataset that has versions.
pub static HISTORY: Link = Link { name: "history", target: "", summary: "The versions of the row.", via: Via::Versions };

/// The direction of a link between territories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The territories that contain it.
    Ancestors,
    /// The territories that lie in it, wholly or partly.
    Descendants,
    /// The territories that belong to it directly.
    Members,
}

/// A filter by codes of related rows: `?actor_code=etat`. A field that refers to others is a filter of its own; this one is
/// for what no single field says.
#[derive(Debug)]
pub struct Relation {
    /// The name of the parameter.
    pub name: &'static str,
    /// The dataset whose codes it takes.
    pub target: &'static str,
    /// What it selects, for the OpenAPI document.
    pub description: &'static str,
    /// A code that selects bundled rows; empty if none does.
    pub example: &'static str,
    /// How the rows are found.
    pub path: RelationPath,
}

/// How a relation leads from a row to the related one.
#[derive(Clone, Copy, Debug)]
pub enum RelationPath {
    /// One of these fields of the row refers to it.
    Fields(&'static [&'static str]),
    /// A field of the row refers to a row of another dataset, which refers to it.
    Through {
        /// The field of the row.
        field: &'static str,
        /// The dataset in between.
        dataset: &'static str,
        /// The field of the dataset in between.
        by: &'static str,
    },
    /// A row of the target names it in a field.
    NamedBy {
        /// The target.
        dataset: &'static str,
        /// The field of the target: a list of codes of the row.
        by: &'static str,
    },
}

/// The field by which a row is named.
const CODE: &str = "code";

impl Relation {
    /// The fields of the row on which it depends.
    pub fn fields(&self) -> &[&'static str] {
        match &self.path {
            RelationPath::Fields(names) => names,
            RelationPath::Through { field, .. } => std::slice::from_ref(field),
            RelationPath::NamedBy { .. } => &[CODE],
        }
    }
}
