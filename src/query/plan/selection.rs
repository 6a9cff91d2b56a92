//! Owns what a request selects: which rows of which collection, of which versions, gathered how.
//! Must not know how rows are read or shown.

use chrono::NaiveDate;

use super::as_of::AsOf;
use super::condition::Condition;
use super::grouping::Grouping;
use super::vintage::Vintages;
use crate::query::collection::context::Context;
use crate::query::collection::parameter::Parameter;

/// The most values in one list.
pub const LIST_VALUES: usize = 500;

/// The most observations of one series that `last` gives.
pub const LAST: i64 = 100;

/// How territories are gathered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeKind {
    /// The territory and all that lies wholly in it.
    Within,
    /// The territory and all that lies wholly or partly in it.
    Touching,
}

impl ScopeKind {
    /// The parameter that asks for it.
    pub fn parameter(self) -> String {
        match self {
            ScopeKind::Within => Parameter::Within.name(),
            ScopeKind::Touching => Parameter::Touching.name(),
        }
    }
}

/// The territories that rows must belong to.
#[derive(Clone, Debug)]
pub struct Scope {
    /// How they are gathered.
    pub kind: ScopeKind,
    /// From which.
    pub territories: Vec<String>,
}

/// A place on the map, in degrees (WGS 84), to which the territories of rows must belong.
#[derive(Clone, Debug)]
pub enum Place {
    /// Their contour's box meets this box: west, south, east, north.
    Box([f64; 4]),
    /// Their contour holds this point: longitude, latitude.
    Point([f64; 2]),
}

/// Which rows a request selects. A row must meet every condition, scope and place.
#[derive(Clone, Debug)]
pub struct Selection {
    /// The collection.
    pub context: Context,
    /// The code of the row that a link starts from.
    pub parent: Option<String>,
    /// Conditions on fields.
    pub conditions: Vec<Condition>,
    /// Territories in which the rows must lie.
    pub scopes: Vec<Scope>,
    /// The day of the geography in which territories and scopes are read; `None` is today's.
    pub geography: Option<NaiveDate>,
    /// Places on the map.
    pub places: Vec<Place>,
    /// The text of a full-text search.
    pub search: Option<String>,
    /// The most recent observations of each series, at most so many.
    pub last: Option<i64>,
    /// Which versions of the rows; `None` is the current ones.
    pub vintages: Option<Vintages>,
    /// Territories whose same figure is compared: `parent`, `region`, `country`.
    pub compare: Vec<String>,
    /// How rows are grouped and aggregated.
    pub grouping: Option<Grouping>,
    /// The release requested by `release` or held by the cursor.
    pub release: Option<i32>,
    /// The instant requested by `as_of`; the newest release at that instant is read.
    pub as_of: Option<AsOf>,
    /// Whether a code that no row has is a fault of the request. For an item it is a 404 instead.
    pub checks_codes: bool,
}

impl Selection {
    /// Selects every row of a collection, or every row that a link leads to from `parent`.
    pub fn all(context: Context, parent: Option<String>) -> Self {
        Self {
            context,
            parent,
            conditions: Vec::new(),
            scopes: Vec::new(),
            geography: None,
            places: Vec::new(),
            search: None,
            last: None,
            vintages: context.is_history().then_some(Vintages::All),
            compare: Vec::new(),
            grouping: None,
            release: None,
            as_of: None,
            checks_codes: true,
        }
    }
}
