//! Owns the plan: a request after validation, ready to become SQL.
//! Must not know how a plan is run.

use chrono::NaiveDate;

use super::as_of::{AsOf, Release};
use super::column::{Column, Source};
use super::condition::Condition;
use super::context::Context;
use super::cursor::Position;
use super::dataset::Shape;
use super::field::{Field, Kind};
use super::grouping::Grouping;
use super::include::Include;
use super::parameter::Parameter;
use super::presentation::{Count, Presentation};
use super::representation::Representation;
use super::row::Row;
use super::vintage::Vintages;
use super::{pairs, reader};
use crate::problem::Fault;

/// Rows on a page when `limit` is not given.
pub const DEFAULT_LIMIT: i64 = 100;

/// The most rows on a page.
pub const MAXIMUM_LIMIT: i64 = 1000;

/// The most values in one list.
pub const LIST_VALUES: usize = 500;

/// The most sort terms.
pub const SORT_TERMS: usize = 8;

/// The most facets of one request.
pub const FACETS: usize = 5;

/// How far `count=bounded` counts.
pub const COUNT_BOUND: i64 = 10_000;

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

/// What a term of the order compares.
#[derive(Clone, Copy, Debug)]
pub enum By {
    /// A field.
    Field(&'static Field),
    /// How well the row answers the search.
    Rank,
}

/// One term of the order.
#[derive(Clone, Copy, Debug)]
pub struct SortTerm {
    /// What is compared.
    pub by: By,
    /// Largest first. Rows without a value come last either way.
    pub descending: bool,
    /// Whether accents and case are passed over. Never for the key, which must tell every row from every other.
    pub folded: bool,
}

impl SortTerm {
    /// Its field, unless it is the rank.
    pub fn field(&self) -> Option<&'static Field> {
        match self.by {
            By::Field(field) => Some(field),
            By::Rank => None,
        }
    }

    /// Whether every row has a value.
    pub fn is_required(&self) -> bool {
        self.field().is_none_or(|field| field.required)
    }
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
    /// The day of the geography in which territories and scopes are read; today's when none is given.
    pub geography: Option<NaiveDate>,
    /// All must hold.
    pub places: Vec<Place>,
    /// The words searched for.
    pub search: Option<String>,
    /// At most so many of the most recent observations of each series.
    pub last: Option<i64>,
    /// The versions of the rows that are given; only the current ones when nothing is said.
    pub vintages: Option<Vintages>,
    /// The same figure of other territories: `parent`, `region`, `country`.
    pub compare: Vec<String>,
    /// How rows are gathered, when aggregates are asked for.
    pub grouping: Option<Grouping>,
    /// The columns.
    pub columns: Vec<Column>,
    /// The order; ends with the key, so that it is total.
    pub sort: Vec<SortTerm>,
    /// Related rows.
    pub include: Vec<Include>,
    /// The fields whose remaining choices are counted.
    pub facets: Vec<&'static Field>,
    /// Rows at most, when that was given.
    pub limit: Option<i64>,
    /// How all rows are counted.
    pub count: Count,
    /// The release asked for, by `release` or by the cursor.
    pub release: Option<i32>,
    /// The instant asked for; the newest release at it is read.
    pub as_of: Option<AsOf>,
    /// The release that is read, once it is known.
    pub at: Option<Release>,
    /// The page starts after this row.
    pub after: Option<Position>,
    /// Whether a code that no row bears is a fault; for an item it is not found instead.
    pub checks_codes: bool,
    /// How rows are shown.
    pub presentation: Presentation,
    /// The parameters in canonical form and order, without those that say which release is read.
    pub parameters: Vec<(String, String)>,
}

impl Plan {
    /// Validates the pairs of a query against what the collection accepts. `preferred` is the representation that the
    /// request's header asks for; the parameter `format` goes before it.
    ///
    /// # Errors
    /// Every fault of the request.
    pub fn read(
        context: Context,
        parent: Option<String>,
        pairs: &[(String, String)],
        preferred: Representation,
    ) -> Result<Plan, Vec<Fault>> {
        reader::read(context, parent, &context.parameters(), pairs, preferred)
    }

    /// Validates the pairs of a query for one row; the caller adds the conditions that find it.
    ///
    /// # Errors
    /// Every fault of the request.
    pub fn item(context: Context, known: &[Parameter], pairs: &[(String, String)]) -> Result<Plan, Vec<Fault>> {
        let plan = reader::read(context, None, known, pairs, Representation::Json)?;
        Ok(Plan { checks_codes: false, limit: Some(1), ..plan })
    }

    /// Validates the pairs of a query for the versions of one row, the newest first; the caller adds the conditions that
    /// find it.
    ///
    /// # Errors
    /// Every fault of the request.
    pub fn history(context: Context, code: String, known: &[Parameter], pairs: &[(String, String)]) -> Result<Plan, Vec<Fault>> {
        let plan = reader::read(context, Some(code), known, pairs, Representation::Json)?;
        Ok(Plan { checks_codes: false, ..plan })
    }

    /// Rows on a page.
    pub fn page_limit(&self) -> i64 {
        self.limit.unwrap_or(DEFAULT_LIMIT)
    }

    /// Whether the answer is a page: JSON always, the other representations when `limit` is given.
    pub fn is_page(&self) -> bool {
        self.presentation.representation == Representation::Json || self.limit.is_some()
    }

    /// The statuses of the rows, where an answer has notices of them: what is read by people and programs that show it, not
    /// whole files.
    pub fn noticed(&self) -> Option<&'static Field> {
        let told = self.context.dataset.shape == Shape::Observations;
        self.context.field("statuses").filter(|_| told && self.presentation.representation == Representation::Json)
    }

    /// The columns that are read: those shown, then those that only the order, the includes and the notices need.
    pub fn read_columns(&self) -> Vec<Column> {
        let mut all = self.columns.clone();
        let referred = self.include.iter().map(|include| match include {
            Include::Referred { field, .. } => Some(*field),
            Include::Referring { .. } => self.context.dataset.code_field(),
        });
        for field in self.sort.iter().filter_map(SortTerm::field).chain(referred.flatten()).chain(self.noticed()) {
            if !all.iter().any(|column| column.field().is_some_and(|shown| std::ptr::eq(shown, field))) {
                all.push(Column::of(field));
            }
        }
        if self.sort.iter().any(|term| matches!(term.by, By::Rank)) {
            let kind = Kind::Integer { minimum: 0, maximum: i64::MAX };
            all.push(Column { source: Source::Rank, ..Column::computed("rank", kind, true) });
        }
        all
    }

    /// The values of a row, read with the columns of [`Plan::read_columns`], for each term of the order.
    pub fn position(&self, row: &Row) -> Vec<Option<String>> {
        let columns = self.read_columns();
        let at = |term: &SortTerm| match term.field() {
            Some(field) => columns.iter().position(|column| column.field().is_some_and(|shown| std::ptr::eq(shown, field))),
            None => columns.len().checked_sub(1),
        };
        self.sort.iter().map(|term| at(term).and_then(|at| row.cell(at)).map(str::to_owned)).collect()
    }

    /// What a cursor is bound to: everything that decides which rows come in which order.
    pub fn identity(&self) -> String {
        let kept = self.parameters.iter().filter(|(name, _)| !Parameter::is_presentation(name));
        let query: Vec<String> = kept.map(|(name, value)| format!("{name}={value}")).collect();
        let link = self.context.link.map_or("", |link| link.name);
        let parent = self.parent.as_deref().unwrap_or("");
        format!("{}/{parent}/{link}?{}", self.context.dataset.name, query.join("&"))
    }

    /// The query string of a link, from the canonical parameters and more.
    pub fn query_string(&self, more: &[(&str, String)]) -> String {
        let own = self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        pairs::query_string(own.chain(more.iter().map(|(name, value)| (*name, value.as_str()))))
    }
}
