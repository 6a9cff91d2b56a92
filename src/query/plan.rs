//! Owns the plan: a request after validation, ready to become SQL. It also lists the parameters that a collection
//! accepts, for the parser and the OpenAPI document alike.
//! Must not know how a plan is run.

use super::cursor::Position;
use super::dataset::{Dataset, Link};
use super::field::{Field, Kind};
use super::operator::{Operator, SEPARATOR};
use super::pairs;
use super::reader;
use crate::problem::Fault;

/// Rows on a page when `limit` is not given.
pub const DEFAULT_LIMIT: i64 = 100;

/// The most rows on a page.
pub const MAXIMUM_LIMIT: i64 = 1000;

/// The most values in one list.
pub const LIST_VALUES: usize = 500;

/// The most sort terms.
pub const SORT_TERMS: usize = 8;

/// The collection that a request asks: a dataset, or the rows that a link leads to.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// The dataset of the rows.
    pub dataset: &'static Dataset,
    /// The link that leads to them.
    pub link: Option<&'static Link>,
    /// Fields that the link adds to the rows.
    pub extra: &'static [Field],
}

impl Context {
    /// All fields of a row, in order.
    pub fn fields(&self) -> impl Iterator<Item = &'static Field> + use<> {
        self.dataset.fields.iter().chain(self.extra)
    }

    /// The field with this name.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields().find(|field| field.name == name)
    }

    /// Whether a filter can be run: a range of periods needs their first and last days.
    fn can(&self, filter: Parameter) -> bool {
        match filter {
            Parameter::Filter(field, operator) if matches!(field.kind, Kind::Period) => {
                self.bound(operator).is_some() || operator.takes_list() || operator == Operator::IsNull
            }
            _ => true,
        }
    }

    /// The field that a range of periods is read from: what begins after, or ends before.
    pub fn bound(&self, operator: Operator) -> Option<&'static Field> {
        let last = match operator {
            Operator::Gt | Operator::Gte => false,
            Operator::Lt | Operator::Lte => true,
            _ => return None,
        };
        self.fields().find(|field| matches!(field.kind, Kind::PeriodBound { end } if end == last))
    }

    /// Every parameter that the collection accepts, in the order of the documentation.
    pub fn parameters(&self) -> Vec<Parameter> {
        let filters =
            |field: &'static Field| Operator::of(field).into_iter().map(move |operator| Parameter::Filter(field, operator));
        let mut all: Vec<Parameter> = self.fields().flat_map(filters).filter(|filter| self.can(*filter)).collect();
        if self.dataset.territory.is_some() {
            all.extend([Parameter::Within, Parameter::Touching]);
        }
        all.extend([Parameter::Sort, Parameter::Limit, Parameter::Cursor, Parameter::Count, Parameter::Release]);
        all
    }
}

/// One parameter that a collection accepts.
#[derive(Clone, Copy, Debug)]
pub enum Parameter {
    /// Rows whose field compares so with the values.
    Filter(&'static Field, Operator),
    /// Rows of the territories that lie wholly in these.
    Within,
    /// Rows of the territories that lie wholly or partly in these.
    Touching,
    /// The order.
    Sort,
    /// Rows on a page.
    Limit,
    /// Where the page starts.
    Cursor,
    /// Whether all rows are counted.
    Count,
    /// The release read.
    Release,
}

impl Parameter {
    /// Its name in the query string.
    pub fn name(self) -> String {
        let name = match self {
            Parameter::Filter(field, Operator::AnyOf) => field.name,
            Parameter::Filter(field, operator) => return [field.name, operator.name()].join(SEPARATOR),
            Parameter::Within => "within",
            Parameter::Touching => "touching",
            Parameter::Sort => "sort",
            Parameter::Limit => "limit",
            Parameter::Cursor => "cursor",
            Parameter::Count => "count",
            Parameter::Release => "release",
        };
        name.to_owned()
    }
}

/// Rows whose field compares so with the values.
#[derive(Clone, Debug)]
pub struct Condition {
    /// The field.
    pub field: &'static Field,
    /// How it is compared.
    pub operator: Operator,
    /// The values, canonical, sorted, without doubles.
    pub values: Vec<String>,
}

impl Condition {
    /// Rows whose field has any of the values.
    pub fn any_of(field: &'static Field, values: Vec<String>) -> Self {
        Self { field, operator: Operator::AnyOf, values }
    }

    /// Whether the values are codes of rows that must exist.
    pub fn names_rows(&self) -> bool {
        self.operator.takes_values()
    }
}

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

/// One term of the order.
#[derive(Clone, Copy, Debug)]
pub struct SortTerm {
    /// The field.
    pub field: &'static Field,
    /// Largest first. Rows without a value come last either way.
    pub descending: bool,
    /// Whether accents and case are passed over. Never for the key, which must tell every row from every other.
    pub folded: bool,
}

/// A validated request for rows.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What is asked.
    pub context: Context,
    /// The code of the row that the link starts from.
    pub parent: Option<String>,
    /// All must hold.
    pub conditions: Vec<Condition>,
    /// All must hold.
    pub scopes: Vec<Scope>,
    /// The order; ends with the key, so that it is total.
    pub sort: Vec<SortTerm>,
    /// Rows on the page.
    pub limit: i64,
    /// Whether all rows are counted.
    pub count: bool,
    /// The release asked for, by `release` or by the cursor.
    pub release: Option<i32>,
    /// The page starts after this row.
    pub after: Option<Position>,
    /// Whether a code that no row bears is a fault; for an item it is not found instead.
    pub checks_codes: bool,
    /// The parameters in canonical form and order, without cursor and release.
    pub parameters: Vec<(String, String)>,
}

impl Plan {
    /// Validates the pairs of a query against what the collection accepts.
    ///
    /// # Errors
    /// Every fault of the request.
    pub fn read(context: Context, parent: Option<String>, pairs: &[(String, String)]) -> Result<Plan, Vec<Fault>> {
        reader::read(context, parent, pairs)
    }

    /// What a cursor is bound to: everything that decides which rows come in which order.
    pub fn identity(&self) -> String {
        let kept = self.parameters.iter().filter(|(name, _)| !matches!(name.as_str(), "limit" | "count"));
        let query: Vec<String> = kept.map(|(name, value)| format!("{name}={value}")).collect();
        let link = self.context.link.map_or("", |link| link.name);
        let parent = self.parent.as_deref().unwrap_or("");
        format!("{}/{parent}/{link}?{}", self.context.dataset.name, query.join("&"))
    }

    /// The query string of a link, from the canonical parameters and more.
    pub fn query_string(&self, more: &[(&str, String)]) -> String {
        let own = self.parameters.iter().map(|(name, value)| (name.as_str(), value));
        let pieces: Vec<String> = own
            .chain(more.iter().map(|(name, value)| (*name, value)))
            .map(|(name, value)| format!("{name}={}", pairs::encode(value)))
            .collect();
        if pieces.is_empty() { String::new() } else { format!("?{}", pieces.join("&")) }
    }
}
