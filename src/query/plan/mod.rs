//! Owns the plan: a validated request, in three parts, and a plan whose release is known.
//! Must not know how a plan is run.

pub mod additivity;
pub mod as_of;
pub mod changes;
pub mod condition;
pub mod cursor;
pub mod grouping;
pub mod hints;
pub mod presentation;
pub mod reading;
pub mod selection;
pub mod vintage;

use std::ops::Deref;

use self::as_of::Release;
use self::condition::Condition;
use self::presentation::Presentation;
use self::reading::{By, DEFAULT_LIMIT, Reading, SortTerm};
use self::selection::Selection;
use super::collection::context::Context;
use super::collection::include::Include;
use super::collection::parameter::Parameter;
use super::model::column::{Column, Source};
use super::model::dataset::Shape;
use super::model::field::{Field, Kind};
use super::model::representation::Representation;
use super::model::row::Row;
use super::model::value;
use super::{pairs, parse};
use crate::problem::Fault;

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

/// A plan together with the release that it reads, which the database has.
#[derive(Clone, Debug)]
pub struct ResolvedPlan {
    /// The plan.
    pub plan: Plan,
    /// The release.
    pub release: Release,
}

impl Deref for ResolvedPlan {
    type Target = Plan;

    fn deref(&self) -> &Plan {
        &self.plan
    }
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
        parse::read(context, parent, &context.parameters(), pairs, preferred)
    }

    /// Validates the pairs of a query for one row; the caller adds the conditions that find it.
    ///
    /// # Errors
    /// Every fault of the request.
    pub fn item(context: Context, known: &[Parameter], pairs: &[(String, String)]) -> Result<Plan, Vec<Fault>> {
        let mut plan = parse::read(context, None, known, pairs, Representation::Json)?;
        plan.selection.checks_codes = false;
        plan.reading.limit = Some(1);
        Ok(plan)
    }

    /// Validates the pairs of a query for the versions of one row, the newest first; the caller adds the conditions that
    /// find it.
    ///
    /// # Errors
    /// Every fault of the request.
    pub fn history(context: Context, code: String, known: &[Parameter], pairs: &[(String, String)]) -> Result<Plan, Vec<Fault>> {
        let mut plan = parse::read(context, Some(code), known, pairs, Representation::Json)?;
        plan.selection.checks_codes = false;
        Ok(plan)
    }

    /// Rows on a page.
    pub fn page_limit(&self) -> i64 {
        self.reading.limit.unwrap_or(DEFAULT_LIMIT)
    }

    /// Whether the answer is a page: JSON always, the other representations when `limit` is given.
    pub fn is_page(&self) -> bool {
        self.presentation.representation == Representation::Json || self.reading.limit.is_some()
    }

    /// The statuses of the rows, where an answer has notices of them: what is read by people and programs that show it, not
    /// whole files.
    pub fn noticed(&self) -> Option<&'static Field> {
        let told = self.selection.context.dataset.shape == Shape::Observations;
        self.selection.context.field("statuses").filter(|_| told && self.presentation.representation == Representation::Json)
    }

    /// The columns that are read: those shown, then those that only the order, the includes and the notices need.
    pub fn read_columns(&self) -> Vec<Column> {
        let mut all = self.reading.columns.clone();
        let referred = self.reading.include.iter().map(|include| match include {
            Include::Referred { field, .. } => Some(*field),
            Include::Referring { .. } => self.selection.context.dataset.code_field(),
        });
        for field in self.reading.sort.iter().filter_map(SortTerm::field).chain(referred.flatten()).chain(self.noticed()) {
            if !all.iter().any(|column| column.field().is_some_and(|shown| std::ptr::eq(shown, field))) {
                all.push(Column::of(field));
            }
        }
        if self.reading.sort.iter().any(|term| matches!(term.by, By::Rank)) {
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
        self.reading.sort.iter().map(|term| at(term).and_then(|at| row.cell(at)).map(str::to_owned)).collect()
    }

    /// What a cursor is bound to: everything that decides which rows come in which order.
    pub fn identity(&self) -> String {
        let kept = self.parameters.iter().filter(|(name, _)| !Parameter::is_presentation(name));
        let query: Vec<String> = kept.map(|(name, value)| format!("{name}={value}")).collect();
        let link = self.selection.context.link.map_or("", |link| link.name);
        let parent = self.selection.parent.as_deref().unwrap_or("");
        format!("{}/{parent}/{link}?{}", self.selection.context.dataset.name, query.join("&"))
    }

    /// The query string of a link, from the canonical parameters and more.
    pub fn query_string(&self, more: &[(&str, String)]) -> String {
        let own = self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        pairs::query_string(own.chain(more.iter().map(|(name, value)| (*name, value.as_str()))))
    }

    /// The plan with the release that it reads.
    pub fn at(self, release: Release) -> ResolvedPlan {
        ResolvedPlan { plan: self, release }
    }

    /// The plan for the one row with a code, by the fields of its key. A code that cannot be one selects nothing.
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
}
