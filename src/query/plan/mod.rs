//! Owns the plan: a validated request in three parts, and the facts about its rows that are known before any is read.
//! Must not know how a plan is run.

pub mod additivity;
pub mod as_of;
pub mod changes;
pub mod condition;
pub mod cost;
pub mod cursor;
pub mod expectation;
pub mod grouping;
pub mod in_memory;
pub mod presentation;
pub mod reading;
pub mod selection;
pub mod vintage;

use std::ops::Deref;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use self::as_of::Release;
use self::condition::Condition;
use self::presentation::Presentation;
use self::reading::{DEFAULT_LIMIT, Reading, SortKey, SortTerm};
use self::selection::Selection;
use super::collection::include::Include;
use super::collection::parameter::Parameter;
use super::model::column::{CellSource, Column};
use super::model::dataset::Shape;
use super::model::field::{Field, Kind};
use super::model::representation::Representation;
use super::model::row::RowView;
use super::model::version::VERSION;
use super::model::{cube, value};
use super::pairs;

/// How many fields at the start of a key must have one value each for a plan to select few rows.
const SELECTIVE_FIELDS: usize = 2;

/// The fields from which the columns of periods are made (`layout=wide`).
const WIDE_FIELDS: [&str; 7] = ["period", cube::PERIOD_START, "value", "qualifier", cube::STATUSES, "rounding", "note"];

/// A validated request for rows.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Which rows are selected.
    pub selection: Selection,
    /// How they are read.
    pub reading: Reading,
    /// How they are shown.
    pub presentation: Presentation,
    /// The parameters in canonical form and order, without those that choose the release.
    pub parameters: Vec<(String, String)>,
}

/// A plan together with the release that it reads. The database has that release.
#[derive(Clone, Debug)]
pub struct ResolvedPlan {
    /// The plan.
    pub plan: Plan,
    /// The release.
    pub release: Release,
    /// The licences of the dataset at the release, in the words of its sources; empty until they are read.
    pub licences: Arc<[String]>,
}

impl Deref for ResolvedPlan {
    type Target = Plan;

    fn deref(&self) -> &Plan {
        &self.plan
    }
}

impl Plan {
    /// Whether the request gives a parameter.
    pub fn has(&self, parameter: Parameter) -> bool {
        self.parameters.iter().any(|(name, _)| parameter.is_named(name))
    }

    /// The most rows of a page.
    pub fn page_limit(&self) -> i64 {
        self.reading.limit.unwrap_or(DEFAULT_LIMIT)
    }

    /// Whether the answer is a page: always for JSON, with `limit` for the other representations.
    pub fn is_page(&self) -> bool {
        self.presentation.representation == Representation::Json || self.reading.limit.is_some()
    }

    /// Whether an answer has notices. Only JSON answers of observations, or of groups of them, have notices.
    pub fn has_notices(&self) -> bool {
        self.selection.context.dataset.shape == Shape::Observations && self.presentation.representation == Representation::Json
    }

    /// The field of the statuses of rows from which a page makes its notices.
    pub fn notice_field(&self) -> Option<&'static Field> {
        let context = &self.selection.context;
        context.field(cube::STATUSES).filter(|_| self.has_notices() && !context.aggregated)
    }

    /// The columns that are read: first those that are shown, then those that only the order, the includes, the
    /// notices and the layout need.
    pub fn read_columns(&self) -> Vec<Column> {
        let mut all = self.reading.columns.clone();
        let referred = self.reading.include.iter().map(|include| match include {
            Include::Referred { field, .. } => Some(*field),
            Include::Referring { .. } => self.selection.context.dataset.code_field(),
        });
        let wide: &[&str] = if self.presentation.wide { &WIDE_FIELDS } else { &[] };
        let wide = wide.iter().filter_map(|name| self.selection.context.field(name));
        let sorted = self.reading.sort.iter().filter_map(SortTerm::field);
        for field in sorted.chain(referred.flatten()).chain(self.notice_field()).chain(wide) {
            if !all.iter().any(|column| column.field().is_some_and(|shown| std::ptr::eq(shown, field))) {
                all.push(Column::of(field));
            }
        }
        if self.reading.sort.iter().any(|term| matches!(term.key, SortKey::Rank)) {
            let kind = Kind::Integer { minimum: 0, maximum: i64::MAX };
            all.push(Column { source: CellSource::Rank, ..Column::computed("rank", kind, true) });
        }
        all
    }

    /// The position of each sort term among the columns of [`Plan::read_columns`].
    pub fn sort_places(&self) -> Vec<Option<usize>> {
        let columns = self.read_columns();
        let at = |term: &SortTerm| match term.field() {
            Some(field) => columns.iter().position(|column| column.field().is_some_and(|shown| std::ptr::eq(shown, field))),
            None => columns.len().checked_sub(1),
        };
        self.reading.sort.iter().map(at).collect()
    }

    /// The value of each sort term in a row that has the columns of [`Plan::read_columns`].
    pub fn position(&self, row: RowView<'_>) -> Vec<Option<String>> {
        self.sort_places().iter().map(|at| at.and_then(|at| row.cell(at)).map(str::to_owned)).collect()
    }

    /// The columns of a group that the database reads from its rows: the fields that it is grouped by, and their labels,
    /// if the answer shows them.
    pub fn group_columns(&self) -> Vec<Column> {
        let Some(grouping) = &self.selection.grouping else { return Vec::new() };
        let own = grouping.by.iter().map(|field| Column::of(field));
        let is_by = |one: &'static Field| grouping.by.iter().any(|field| std::ptr::eq(*field, one));
        let labels = self.reading.columns.iter().filter(|column| column.field().is_none());
        own.chain(labels.filter(|column| column.depends_on().is_some_and(is_by)).cloned()).collect()
    }

    /// The text that a cursor is bound to: everything that decides which rows come, and their order.
    pub fn identity(&self) -> String {
        let kept = self.parameters.iter().filter(|(name, _)| !Parameter::is_presentation(name));
        let query: Vec<String> = kept.map(|(name, value)| format!("{name}={value}")).collect();
        let link = self.selection.context.link.map_or("", |link| link.name);
        let parent = self.selection.parent.as_deref().unwrap_or("");
        let rows = if self.selection.context.aggregated { "aggregates" } else { "" };
        format!("{rows}/{}/{parent}/{link}?{}", self.selection.context.dataset.name, query.join("&"))
    }

    /// The query string of a link: the canonical parameters, then more.
    pub fn query_string(&self, more: &[(&str, String)]) -> String {
        let own = self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        pairs::query_string(own.chain(more.iter().map(|(name, value)| (*name, value.as_str()))))
    }

    /// The address of the request below a path, in canonical form.
    pub fn address(&self, path: &str) -> String {
        format!("{path}{}", self.query_string(self.release_pair().as_slice()))
    }

    /// The parameter that chooses the release, as the address of the request repeats it. `None` reads the newest release.
    fn release_pair(&self) -> Option<(&'static str, String)> {
        match (&self.reading.after, &self.selection.as_of, self.selection.release) {
            (Some(position), ..) => Some(("cursor", cursor::encode(position, &self.identity()))),
            (None, Some(as_of), _) => Some(("as_of", as_of.text.clone())),
            (None, None, Some(release)) => Some(("release", release.to_string())),
            (None, None, None) => None,
        }
    }

    /// Whether the address of the request fixes its release, so that the answer never changes.
    pub fn is_pinned(&self, now: DateTime<Utc>) -> bool {
        match (&self.selection.as_of, self.selection.release) {
            (_, Some(_)) => true,
            (Some(as_of), None) => as_of.is_final(now),
            (None, None) => false,
        }
    }

    /// The plan with the release that it reads.
    pub fn at(self, release: Release) -> ResolvedPlan {
        ResolvedPlan { plan: self, release, licences: Arc::default() }
    }

    /// The plan for the one row with a code, as conditions on the fields of its key. An invalid code selects nothing.
    pub fn of_code(mut self, code: &str) -> Self {
        let dataset = self.selection.context.dataset;
        let parts = dataset.split_code(code).unwrap_or_default();
        let condition =
            |(field, text): (&'static Field, String)| Condition::any_of(field, value::parse(field, &text).into_iter().collect());
        self.selection.conditions = parts.into_iter().map(condition).collect();
        if self.selection.conditions.is_empty() {
            self.selection.conditions = dataset.key_fields().map(|field| Condition::any_of(field, Vec::new())).collect();
        }
        self
    }

    /// Whether the rows come in the order of the key, for which there is an index.
    pub fn is_in_key_order(&self) -> bool {
        let key = self.selection.context.dataset.key.iter().chain(self.selection.vintages.map(|_| &VERSION[0].name));
        let (sort, descending) = (&self.reading.sort, self.selection.context.dataset.is_newest_first());
        let plain = |(term, key): (&SortTerm, &&str)| {
            term.descending == descending && !term.folded && term.field().is_some_and(|field| field.name == *key)
        };
        sort.len() == key.clone().count() && sort.iter().zip(key).all(plain)
    }

    /// Whether one selected row proves that every code of the request exists. It does if each filter and each scope
    /// names a single code, and no filter excludes one.
    pub fn row_proves_codes(&self) -> bool {
        self.selection.vintages.is_none()
            && self.selection.conditions.iter().filter(|condition| condition.takes_values()).all(Condition::is_single)
            && self.selection.relations.iter().all(|filter| filter.codes.len() == 1)
            && self.selection.scopes.iter().all(|scope| scope.territories.len() == 1)
    }

    /// Whether few rows are selected: the first fields of the key have one value each, such as the indicator and the
    /// territory of a series.
    pub fn is_selective(&self) -> bool {
        self.fixed_key_fields() >= self.selection.context.dataset.key.len().min(SELECTIVE_FIELDS)
    }

    /// How many fields at the start of the key have one value each, by a filter.
    pub fn fixed_key_fields(&self) -> usize {
        let fixed = |name: &&&str| {
            self.selection.conditions.iter().any(|condition| condition.is_single() && condition.field.name == **name)
        };
        self.selection.context.dataset.key.iter().take_while(fixed).count()
    }

    /// Whether the plan selects the latest observations of whole series, which a table of their own holds. No condition
    /// may depend on a field that differs within a series.
    pub fn is_latest_of_series(&self) -> bool {
        let dataset = self.selection.context.dataset;
        let whole = |name: &str| dataset.field(name).is_some_and(|field| dataset.is_series_field(field));
        let filtered = self.selection.conditions.iter().all(|condition| dataset.is_series_field(condition.field));
        let related = self.selection.relations.iter().flat_map(|filter| filter.relation.fields()).all(|name| whole(name));
        self.selection.last == Some(1)
            && self.selection.vintages.is_none()
            && self.selection.search.is_none()
            && filtered
            && related
            && self.selection.context.link.is_none()
    }
}
