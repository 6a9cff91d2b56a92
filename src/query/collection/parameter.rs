//! Owns the list of parameters: their names, their closed lists of words, and which of them take several values.
//! The parser and the OpenAPI document both read it. Must not know how values are read.

use std::borrow::Cow;

use super::operator::{Operator, SEPARATOR};
use crate::query::model::field::Field;
use crate::query::model::link::Relation;

/// The object by which the OpenAPI document describes the filters with an operator. It is no parameter itself.
pub const FILTERS: &str = "filters";

/// One parameter that an address accepts.
#[derive(Clone, Copy, Debug)]
pub enum Parameter {
    /// Rows whose field compares with the values as the operator says.
    Filter(&'static Field, Operator),
    /// Rows related to others, by their codes.
    Relation(&'static Relation),
    /// Rows of the territories that lie wholly in these.
    Within,
    /// Rows of the territories that lie wholly or partly in these.
    Touching,
    /// Rows of these territories and of those that contain them wholly.
    Covers,
    /// The day of the geography in which territories and what lies in them are read.
    Geography,
    /// Rows of the territories whose contour's box meets this one.
    Bbox,
    /// Longitude of a point. With the latitude: rows of the territories that contain the point.
    Lon,
    /// Latitude of the point.
    Lat,
    /// French full text.
    Search,
    /// The most recent observations of each series.
    Last,
    /// `long`: a row for each period. `wide`: a column for each period.
    Layout,
    /// The same figure of other territories: the parent, the region, the country.
    Compare,
    /// Which versions of each row.
    Vintages,
    /// The fields that rows are grouped by.
    By,
    /// What is computed for each group.
    Function,
    /// The order.
    Sort,
    /// The columns.
    Fields,
    /// Whether codes and words have their French labels beside them.
    Labels,
    /// Related rows in the same answer as the page.
    Include,
    /// Counts of the remaining choices.
    Facets,
    /// The most rows of a page.
    Limit,
    /// Where the page starts.
    Cursor,
    /// Whether and how far all rows are counted.
    Total,
    /// The release read.
    Release,
    /// The instant whose newest release is read.
    AsOf,
    /// The representation.
    Format,
    /// What stands for a territory in GeoJSON.
    Geometry,
}

impl Parameter {
    /// The parameters that choose the release that is read.
    pub const OF_RELEASE: [Self; 2] = [Self::Release, Self::AsOf];

    /// Its name in the query string: `code`, `code__startswith`, `limit`.
    pub fn name(self) -> Cow<'static, str> {
        match self {
            Parameter::Filter(field, operator) if operator != Operator::AnyOf => {
                Cow::Owned([field.name, operator.name()].join(SEPARATOR))
            }
            other => Cow::Borrowed(other.stem()),
        }
    }

    /// Whether this is its name. Allocates nothing: each pair of a query is compared with a hundred parameters.
    pub fn is_named(self, name: &str) -> bool {
        let suffix = name.strip_prefix(self.stem());
        match self {
            Parameter::Filter(_, operator) if operator != Operator::AnyOf => {
                suffix.and_then(|suffix| suffix.strip_prefix(SEPARATOR)) == Some(operator.name())
            }
            _ => suffix == Some(""),
        }
    }

    /// Its name without the operator of a filter.
    fn stem(self) -> &'static str {
        match self {
            Parameter::Filter(field, _) => field.name,
            Parameter::Relation(relation) => relation.name,
            Parameter::Within => "within",
            Parameter::Touching => "touching",
            Parameter::Covers => "covers",
            Parameter::Geography => "geography",
            Parameter::Bbox => "bbox",
            Parameter::Lon => "lon",
            Parameter::Lat => "lat",
            Parameter::Search => "q",
            Parameter::Last => "last",
            Parameter::Layout => "layout",
            Parameter::Compare => "compare",
            Parameter::Vintages => "vintages",
            Parameter::By => "by",
            Parameter::Function => "function",
            Parameter::Sort => "sort",
            Parameter::Fields => "fields",
            Parameter::Labels => "labels",
            Parameter::Include => "include",
            Parameter::Facets => "facets",
            Parameter::Limit => "limit",
            Parameter::Cursor => "cursor",
            Parameter::Total => "total",
            Parameter::Release => "release",
            Parameter::AsOf => "as_of",
            Parameter::Format => "format",
            Parameter::Geometry => "geometry",
        }
    }

    /// The words that it takes, if these are the same for all datasets.
    pub fn words(self) -> &'static [&'static str] {
        match self {
            Parameter::Total => &["none", "bounded", "exact"],
            Parameter::Labels => &["true", "false"],
            Parameter::Layout => &["long", "wide"],
            Parameter::Vintages => &["all", "first", "revised"],
            Parameter::Compare => &["parent", "region", "country"],
            Parameter::Function => &["sum", "mean", "min", "max", "count", "own"],
            Parameter::Geometry => &["contour", "centre"],
            _ => &[],
        }
    }

    /// Whether it takes several values, separated by commas.
    pub fn takes_list(self) -> bool {
        match self {
            Parameter::Filter(_, operator) => operator.takes_list(),
            Parameter::Relation(_)
            | Parameter::Within
            | Parameter::Touching
            | Parameter::Covers
            | Parameter::Bbox
            | Parameter::Compare
            | Parameter::By
            | Parameter::Function
            | Parameter::Sort
            | Parameter::Fields
            | Parameter::Include
            | Parameter::Facets => true,
            _ => false,
        }
    }

    /// Whether the parameter of this name decides neither which rows come nor their order. It may change between pages.
    pub fn is_presentation(name: &str) -> bool {
        const FREE: [Parameter; 8] = [
            Parameter::Limit,
            Parameter::Total,
            Parameter::Fields,
            Parameter::Labels,
            Parameter::Include,
            Parameter::Facets,
            Parameter::Format,
            Parameter::Geometry,
        ];
        FREE.iter().any(|free| free.is_named(name))
    }
}
