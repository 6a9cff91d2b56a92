//! Owns the selection of a request: the rows of a collection, their versions, and their groups.
//! Must not know how rows are read or shown.

use chrono::NaiveDate;

use super::as_of::AsOf;
use super::condition::Condition;
use super::grouping::Grouping;
use super::vintage::Vintages;
use crate::query::collection::context::Context;
use crate::query::collection::parameter::Parameter;
use crate::query::model::link::Relation;

/// The most values of a list parameter.
pub const LIST_VALUES: usize = 500;

/// The largest value of `last`: observations of one series.
pub const LAST: i64 = 100;

/// How a scope gathers territories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeKind {
    /// The territory and all that lies wholly in it.
    Within,
    /// The territory and all that lies wholly or partly in it.
    Touching,
    /// The territory and all that contain it wholly.
    Covers,
}

impl ScopeKind {
    /// Its parameter.
    pub fn parameter(self) -> Parameter {
        match self {
            ScopeKind::Within => Parameter::Within,
            ScopeKind::Touching => Parameter::Touching,
            ScopeKind::Covers => Parameter::Covers,
        }
    }
}

/// The territories that rows must belong to.
#[derive(Clone, Debug)]
pub struct TerritoryScope {
    /// How the territories are gathered.
    pub kind: ScopeKind,
    /// The codes of the territories from which the gathering starts.
    pub territories: Vec<String>,
}

/// The rows related to any of these, as the relation says.
#[derive(Clone, Debug)]
pub struct RelationFilter {
    /// The relation.
    pub relation: &'static Relation,
    /// The codes of the related rows, sorted, without duplicates.
    pub codes: Vec<String>,
}

/// An area or point on the map, in degrees (WGS 84). The territories of rows must meet it.
#[derive(Clone, Debug)]
pub enum SpatialFilter {
    /// The bounding box of their contour meets this box: west, south, east, north.
    Bbox([f64; 4]),
    /// Their contour contains this point: longitude, latitude.
    Point([f64; 2]),
}

/// Which rows a request selects. A row must meet every condition, relation, scope and spatial filter.
#[derive(Clone, Debug)]
pub struct Selection {
    /// The collection.
    pub context: Context,
    /// The code of the row from which a link starts.
    pub parent: Option<String>,
    /// Conditions on fields.
    pub conditions: Vec<Condition>,
    /// Relations to other rows.
    pub relations: Vec<RelationFilter>,
    /// Territories that the rows must belong to.
    pub scopes: Vec<TerritoryScope>,
    /// The day of the geography in which territories and scopes are read. `None` means today.
    pub geography: Option<NaiveDate>,
    /// Areas and points on the map.
    pub spatial: Vec<SpatialFilter>,
    /// The text of a full-text search.
    pub search: Option<String>,
    /// How many of the latest observations of each series are selected.
    pub last: Option<i64>,
    /// Which versions of the rows. `None` means the current ones.
    pub vintages: Option<Vintages>,
    /// Territories whose figures are compared: `parent`, `region`, `country`.
    pub compare: Vec<String>,
    /// How rows are grouped and aggregated.
    pub grouping: Option<Grouping>,
    /// The release of the parameter `release`, or of the cursor.
    pub release: Option<i32>,
    /// The instant of the parameter `as_of`. The newest release at that instant is read.
    pub as_of: Option<AsOf>,
    /// Whether a code without a row is a fault of the request (400). For an item it is a 404 instead.
    pub checks_codes: bool,
}

impl Selection {
    /// The day on which the territories of rows must have existed: that of the geography, unless the rows are territories,
    /// which are those of the day then, or a scope has gathered territories of the day.
    pub fn geography_of_rows(&self) -> Option<&NaiveDate> {
        self.geography.as_ref().filter(|_| !self.context.holds_territories() && self.scopes.is_empty())
    }

    /// Selects every row of a collection, or every row that a link leads to from `parent`.
    pub fn all(context: Context, parent: Option<String>) -> Self {
        Self {
            context,
            parent,
            conditions: Vec::new(),
            relations: Vec::new(),
            scopes: Vec::new(),
            geography: None,
            spatial: Vec::new(),
            search: None,
            last: None,
            vintages: context.is_history().then_some(Vintages::All),
            compare: Vec::new(),
            grouping: context.aggregated.then(Grouping::default),
            release: None,
            as_of: None,
            checks_codes: true,
        }
    }
}
