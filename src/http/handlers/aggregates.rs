//! Owns aggregates: `group_by`, `aggregate`, `rollup`. An aggregate without meaning is refused; one with a meaning reports
//! its coverage. Must not know SQL, nor when values are additive.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use futures_util::future::try_join;

use crate::db::read::checked::{Snapshot, read_checked};
use crate::db::read::notices;
use crate::db::sql::aggregate::{AggregateQuery, CELLS, INDICATOR_CELLS};
use crate::db::sql::select;
use crate::http::response::computed_table::{self, ComputedTable};
use crate::http::response::refusals::refusal;
use crate::http::state::State;
use crate::problem::{Fault, Kind as ProblemKind, Problem};
use crate::query::ResolvedPlan;
use crate::query::plan::additivity::{self, GroupFacts};
use crate::query::plan::grouping::GROUPS;
use crate::query::{Column, Dataset, Field, Function, Grouping, Kind, Parameter, Row, Shape};

/// The most faults in one refusal.
const MAX_FAULTS: usize = 10;

/// Answers a plan with a grouping.
///
/// # Errors
/// Returns 400 for an unknown code or too many groups; 404 for an unknown parent; 422 for an aggregate without meaning; 503
/// if the database does not answer.
pub async fn answer(state: &State, plan: &ResolvedPlan, parent: Option<&'static Dataset>) -> Result<HttpResponse, Problem> {
    let Some(grouping) = &plan.selection.grouping else { return Err(Problem::internal()) };
    let by = group_fields(plan, grouping);
    let fields = &by;
    let read = state.pool.read_at(Some(&plan.release), |connection| async move {
        let groups = async |snapshot: &Snapshot| {
            let groups = AggregateQuery::new(plan, fields.clone(), snapshot.release.number, snapshot.approximate);
            try_join(select::load(&connection, groups), notices::of_table(&connection, plan, snapshot)).await
        };
        read_checked(&connection, parent, plan, groups).await
    });
    let (snapshot, (rows, notices)) = match read.await? {
        Ok((snapshot, rows)) => (snapshot, rows),
        Err(refused) => return Err(refusal(state, plan, parent, refused).await),
    };
    if i64::try_from(rows.len()).is_ok_and(|groups| groups > GROUPS) {
        let detail = format!("There are more than {GROUPS} groups; group by fewer fields, or filter more.");
        return Err(Problem::invalid_parameters(vec![Fault::new(Parameter::GroupBy.name(), detail)]));
    }
    let groups: Vec<Group<'_>> = rows.iter().map(|row| Group::new(plan, by.len(), row)).collect();
    let mut faults: Vec<Fault> = Vec::new();
    for fault in groups
        .iter()
        .filter(|group| group.number("rows") > 0)
        .flat_map(|g| additivity::faults(plan.selection.context, grouping, &g.facts()))
    {
        if !faults.contains(&fault) && faults.len() < MAX_FAULTS {
            faults.push(fault);
        }
    }
    if !faults.is_empty() {
        let detail = "This aggregate has no meaning; `errors` says why, and which request has one.";
        return Err(Problem::new(ProblemKind::NotAdditive, detail).errors(faults));
    }
    let columns = columns(plan, grouping, &by);
    let rows = groups
        .iter()
        .filter(|group| !grouping.rollup || group.number("rows") > 0)
        .map(|group| group.row(&columns, by.len(), grouping))
        .collect();
    computed_table::answer(plan, parent, &snapshot, &ComputedTable { columns, rows, notices })
}

/// The fields that identify a group: those of `group_by`; in a roll-up, the key without the territory.
fn group_fields(plan: &ResolvedPlan, grouping: &Grouping) -> Vec<&'static Field> {
    let dataset = plan.selection.context.dataset;
    match grouping.rollup {
        true => dataset.key_fields().filter(|field| dataset.territory != Some(field.name)).collect(),
        false => grouping.by.clone(),
    }
}

/// The kind of a power of ten.
const EXPONENT: Kind = Kind::Integer { minimum: -12, maximum: 12 };

const NUMBER: Kind = Kind::Integer { minimum: 0, maximum: i64::MAX };

fn columns(plan: &ResolvedPlan, grouping: &Grouping, by: &[&'static Field]) -> Vec<Column> {
    let observations = plan.selection.context.dataset.shape == Shape::Observations;
    let mut columns: Vec<Column> = by.iter().map(|field| Column::of(field)).collect();
    let text = |name: &'static str| Column::computed(name, Kind::Text, false);
    if observations {
        columns.push(text("unit_code"));
        columns.push(Column::computed("unit_multiplier", EXPONENT, false));
    }
    match grouping.rollup {
        true => columns.push(Column::computed("value", Kind::Decimal, false)),
        false => columns.extend(grouping.functions.iter().map(|function| match function {
            Function::Count => Column::computed("count", NUMBER, true),
            other => Column::computed(other.name(), Kind::Decimal, false),
        })),
    }
    columns.push(text("qualifier"));
    if observations {
        columns.push(text("status"));
    }
    columns.extend(["expected", "present", "suppressed", "missing"].map(|name| Column::computed(name, NUMBER, true)));
    columns.push(Column::computed("coverage", Kind::Decimal, false));
    // A field of the group replaces a computed column of the same name.
    let mut at = 0;
    columns.retain(|column| {
        at += 1;
        at <= by.len() || !by.iter().any(|field| field.name == column.name)
    });
    columns
}

/// One group as the database returns it: the fields of the group, then named cells.
struct Group<'r> {
    row: &'r Row,
    cells: BTreeMap<&'static str, usize>,
    rollup: bool,
}

impl<'r> Group<'r> {
    fn new(plan: &ResolvedPlan, fields: usize, row: &'r Row) -> Self {
        let observations = plan.selection.context.dataset.shape == Shape::Observations;
        let more: &[&'static str] = if observations { &INDICATOR_CELLS } else { &[] };
        let names = CELLS.iter().chain(more).chain(&["members"]);
        let cells = names.enumerate().map(|(at, name)| (*name, fields + at)).collect();
        Self { row, cells, rollup: plan.selection.grouping.as_ref().is_some_and(|grouping| grouping.rollup) }
    }

    fn text(&self, name: &str) -> Option<&'r str> {
        self.row.cell(*self.cells.get(name)?)
    }

    fn number(&self, name: &str) -> i64 {
        self.text(name).and_then(|text| text.parse().ok()).unwrap_or(0)
    }

    fn facts(&self) -> GroupFacts {
        let owned = |name: &str| self.text(name).map(str::to_owned);
        let mixed = ["indicator_code", "nature", "source_code", "breakdown_code", "stage", "territory_code", "period"];
        GroupFacts {
            mixed: mixed.map(|name| (name, self.number(name))).to_vec(),
            indicator: owned("indicator"),
            over_territories: owned("over_territories"),
            over_time: owned("over_time"),
            nested: self.text("nested") == Some("true"),
            overlapping: self.text("overlapping") == Some("true"),
            cofunded: self.text("cofunded") == Some("true"),
        }
    }

    /// Whether values of the indicator combine as a weighted mean.
    fn is_weighted(&self) -> bool {
        self.text("over_territories") == Some("weighted_mean") && (self.rollup || self.number("territory_code") > 1)
    }

    /// The number of values in the aggregate; in a weighted mean, only those with a weight.
    fn present(&self) -> i64 {
        if self.is_weighted() { self.number("weighed") } else { self.number("present") }
    }

    fn expected(&self) -> i64 {
        if self.rollup { self.number("members") } else { self.number("expected").max(self.number("rows")) }
    }

    fn value(&self, function: &str) -> Option<&'r str> {
        if additivity::withheld(self.number("suppressed")) {
            return None;
        }
        match function {
            "avg" | "value" if self.is_weighted() => self.text("weighted"),
            "value" => self.text("sum"),
            other => self.text(other),
        }
    }

    fn row(&self, columns: &[Column], fields: usize, grouping: &Grouping) -> Row {
        let (expected, present, suppressed) = (self.expected(), self.present(), self.number("suppressed"));
        let missing = (expected - present - suppressed).max(0);
        let coverage = if expected > 0 { Some(quotient(present, expected)) } else { None };
        let alone = grouping.functions.iter().all(|function| !function.combines()) && !grouping.rollup;
        let mut row = Row::with_capacity(columns.len());
        (0..fields).for_each(|at| row.push(self.row.cell(at)));
        for column in &columns[fields..] {
            let number = |number: i64| Some(number.to_string());
            let cell = match column.name.as_ref() {
                unit @ ("unit_code" | "unit_multiplier") => {
                    self.text(unit).filter(|_| self.number("indicator_code") == 1).map(str::to_owned)
                }
                "count" => number(self.number("rows")),
                "qualifier" => self.text("qualifiers").filter(|_| present > 0).map(|all| match alone && all.contains(',') {
                    true => "about".to_owned(),
                    false => additivity::hedged(all).to_owned(),
                }),
                "status" => self.text("statuses").and_then(additivity::weakest).map(str::to_owned),
                "expected" => number(expected),
                "present" => number(present),
                "suppressed" => number(suppressed),
                "missing" => number(missing),
                "coverage" => coverage.clone(),
                function => self.value(function).map(str::to_owned),
            };
            row.push(cell.as_deref());
        }
        row
    }
}

/// A quotient with four decimals, rounded down, so that only the whole gives 1.
fn quotient(part: i64, whole: i64) -> String {
    let scaled = part * 10_000 / whole;
    format!("{}.{:04}", scaled / 10_000, scaled % 10_000)
}
