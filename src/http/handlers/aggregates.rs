//! Owns aggregates: `/v1/aggregates/{dataset}`. An aggregate without meaning is refused; one with a meaning reports its
//! coverage. Must not know SQL, nor when values are additive.
//!
//! All groups are read, however short the page is: the refusal of one holds for the request, and an order by a function
//! needs them all. They are at most [`GROUPS`].

use std::collections::BTreeMap;

use futures_util::future::try_join;

use crate::db::read::checked::{Snapshot, read_checked};
use crate::db::read::notices;
use crate::db::read::page::Page;
use crate::db::read::size;
use crate::db::sql::aggregate::{AggregateQuery, CELLS, INDICATOR_CELLS, indicator_fields, indicator_labels};
use crate::db::sql::select;
use crate::http::response::refusals::refusal;
use crate::http::state::State;
use crate::problem::{Fault, Kind as ProblemKind, Problem, Reason};
use crate::query::ResolvedPlan;
use crate::query::model::column::CellSource;
use crate::query::plan::additivity::{self, GroupFacts};
use crate::query::plan::grouping::GROUPS;
use crate::query::plan::in_memory;
use crate::query::{Column, Count, Dataset, Function, Grouping, Parameter, ReadCost, Row, Shape};

/// The most faults in one refusal.
const MAX_FAULTS: usize = 10;

/// Reads a page of the groups of a plan: all of them, if the plan has no limit.
///
/// # Errors
/// Returns 400 for an unknown code or too many groups; 422 for an aggregate without meaning; 503 if the database does not
/// answer.
pub async fn page(state: &State, plan: &ResolvedPlan) -> Result<Page, Problem> {
    let Some(grouping) = &plan.selection.grouping else { return Err(Problem::internal()) };
    refuse_too_large(state, plan).await?;
    let read = state.read(Some(&plan.release), plan.cost(), |connection| async move {
        let groups = async |snapshot: &Snapshot| {
            let groups = AggregateQuery::new(plan, grouping, snapshot.release.number, snapshot.approximate);
            try_join(select::load(&connection, groups), notices::corrections(&connection, plan, snapshot)).await
        };
        read_checked(&connection, None, plan, groups).await
    });
    let (snapshot, (rows, corrections)) = match read.await? {
        Ok((snapshot, rows)) => (snapshot, rows),
        Err(refused) => return Err(refusal(state, plan, None, refused).await),
    };
    if i64::try_from(rows.len()).is_ok_and(|groups| groups > GROUPS) {
        let detail = format!("There are more than {GROUPS} groups; group by fewer fields, or filter more.");
        return Err(Problem::invalid_parameters(vec![Fault::new(Reason::TooManyRows, Parameter::By.name(), detail)]));
    }
    let columns = plan.group_columns();
    let groups: Vec<Group<'_>> = rows.iter().map(|row| Group::new(plan, grouping, &columns, row)).collect();
    judge(plan, grouping, &groups)?;
    let counted = |name: &str| groups.iter().map(|group| group.number(name)).sum::<i64>();
    let notices = corrections.map(|found| notices::with_counts(["breaks", "provisional", "estimated"].map(counted), found));
    let read = plan.read_columns();
    let shown = groups.iter().filter(|group| !grouping.is_own() || group.number("rows") > 0);
    let rows: Vec<Row> = shown.map(|group| group.row(&read)).collect();
    let total = i64::try_from(rows.len()).ok().filter(|_| plan.reading.count != Count::None).map(|total| (total, true));
    let (rows, more) = in_memory::page(plan, rows, plan.is_page().then(|| plan.page_limit()));
    let Snapshot { release, approximate, unselected } = snapshot;
    Ok(Page { release, rows, more, total, approximate, included: Vec::new(), facets: Vec::new(), notices, unselected })
}

/// Refuses the request, before it waits for its turn, if its rows are more than one aggregate may read.
async fn refuse_too_large(state: &State, plan: &ResolvedPlan) -> Result<(), Problem> {
    let bound = state.bounds.aggregate_rows;
    let sized = state.read(Some(&plan.release), ReadCost::Light, |connection| async move {
        size::beyond(&connection, plan, plan.release.number, bound).await
    });
    let Some(rows) = sized.await? else { return Ok(()) };
    log::info!("refusing an aggregate of about {rows} rows of `{}`", plan.selection.context.dataset.name);
    let filters = narrowing(plan.selection.context.dataset);
    let detail = format!(
        "This aggregate would read about {rows} rows; one may read {bound}. Filter by `{}`, or take the rows themselves with `format=csv`.",
        filters.join("`, `"),
    );
    let fault = Fault::new(Reason::TooManyRows, filters.first().cloned().unwrap_or_default(), detail);
    let fault = Fault { allowed: filters, ..fault };
    Err(Problem::invalid_parameters(vec![fault]))
}

/// The filters that narrow what an aggregate reads: the first field of the key, and those with an index.
fn narrowing(dataset: &Dataset) -> Vec<String> {
    let first = dataset.key.first().copied().filter(|name| dataset.code_field().is_none_or(|code| code.name != *name));
    let fields = first.into_iter().chain(dataset.indexes.iter().copied()).map(str::to_owned);
    let within = dataset.territory.map(|_| Parameter::Within.name().into_owned());
    fields.chain(within).collect()
}

/// Refuses the request if a group has no meaning.
fn judge(plan: &ResolvedPlan, grouping: &Grouping, groups: &[Group<'_>]) -> Result<(), Problem> {
    let mut faults: Vec<Fault> = Vec::new();
    for fault in groups
        .iter()
        .filter(|group| group.number("rows") > 0)
        .flat_map(|group| additivity::faults(plan.selection.context, grouping, &group.facts()))
    {
        if !faults.contains(&fault) && faults.len() < MAX_FAULTS {
            faults.push(fault);
        }
    }
    if faults.is_empty() {
        return Ok(());
    }
    let detail = "This aggregate has no meaning; `errors` says why, and which request has one.";
    Err(Problem::new(ProblemKind::NotAdditive, detail).errors(faults))
}

/// One group as the database returns it: the columns of its rows, then named cells.
struct Group<'r> {
    grouping: &'r Grouping,
    columns: &'r [Column],
    row: &'r Row,
    cells: BTreeMap<&'r str, usize>,
}

impl<'r> Group<'r> {
    fn new(plan: &'r ResolvedPlan, grouping: &'r Grouping, columns: &'r [Column], row: &'r Row) -> Self {
        let dataset = plan.selection.context.dataset;
        let facts: &[&'static str] = if dataset.shape == Shape::Observations { &INDICATOR_CELLS } else { &[] };
        let named = indicator_fields(dataset).map(|field| field.name);
        let labels = indicator_labels(plan).map(|column| column.name.as_ref());
        let names = CELLS.iter().chain(facts).copied().chain(named).chain(labels).chain(["members"]);
        let cells = names.enumerate().map(|(at, name)| (name, columns.len() + at)).collect();
        Self { grouping, columns, row, cells }
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
            uneven: self.text("uneven") == Some("true"),
            cofunded: self.text("cofunded") == Some("true"),
        }
    }

    /// Whether values of the indicator combine as a weighted mean.
    fn is_weighted(&self) -> bool {
        self.grouping.may_weight()
            && self.text("over_territories") == Some("weighted_mean")
            && (self.grouping.is_own() || self.number("territory_code") > 1)
    }

    /// The number of values in the aggregate; in a weighted mean, only those with a weight.
    fn present(&self) -> i64 {
        if self.is_weighted() { self.number("weighed") } else { self.number("present") }
    }

    /// The number of values that the group would have: the cells that the selection expects of it, or its rows, without those that
    /// cannot have a value.
    fn expected(&self) -> i64 {
        let cells = if self.grouping.is_own() { "members" } else { "expected" };
        let cells = self.text(cells).and_then(|text| text.parse().ok()).unwrap_or_else(|| self.number("rows"));
        cells - self.number("inapplicable")
    }

    /// The qualifier of what is put together, else of the extremes. A number of rows is exact.
    fn qualifier(&self, present: i64) -> Option<&'static str> {
        let functions = &self.grouping.functions;
        if functions.iter().all(|function| *function == Function::Count) {
            return Some("exact");
        }
        let all = self.text("qualifiers").filter(|_| present > 0)?;
        let combines = functions.iter().any(|function| function.combines());
        Some(if combines { additivity::hedged(all) } else { additivity::extreme(all) })
    }

    fn value(&self, function: &str) -> Option<&'r str> {
        if additivity::withheld(self.number("suppressed")) {
            return None;
        }
        match function {
            "mean" | "value" if self.is_weighted() => self.text("weighted"),
            "value" => self.text("sum"),
            other => self.text(other),
        }
    }

    /// The row of the group with these columns.
    fn row(&self, columns: &[Column]) -> Row {
        let mut row = Row::with_capacity(columns.len());
        for column in columns {
            match (self.columns.iter().position(|own| own.name == column.name), column.source) {
                (Some(at), _) => row.push(self.row.cell(at)),
                (None, CellSource::Label(field)) => {
                    let word = self.cell(field.name);
                    let choice = field.choices().unwrap_or_default().iter().find(|one| Some(one.value) == word.as_deref());
                    row.push(choice.map(|choice| choice.label));
                }
                (None, _) => row.push(self.cell(&column.name).as_deref()),
            }
        }
        row
    }

    /// A computed cell.
    fn cell(&self, name: &str) -> Option<String> {
        let (expected, present, suppressed) = (self.expected(), self.present(), self.number("suppressed"));
        let number = |number: i64| Some(number.to_string());
        match name {
            "count" => number(self.number("rows")),
            "qualifier" => self.qualifier(present).map(str::to_owned),
            "weakest_status" => self.text("statuses").and_then(additivity::weakest).map(str::to_owned),
            "expected" => number(expected),
            "present" => number(present),
            "suppressed" => number(suppressed),
            "missing" => number((expected - present - suppressed).max(0)),
            "coverage" => (expected > 0).then(|| quotient(present, expected)),
            "sum" | "mean" | "min" | "max" | "value" => self.value(name).map(str::to_owned),
            // What a group says of its indicator, if it has only one.
            named => self.text(named).filter(|_| self.number("indicator_code") == 1).map(str::to_owned),
        }
    }
}

/// A quotient with four decimals. Only the whole gives 1, and only nothing gives 0.
fn quotient(part: i64, whole: i64) -> String {
    let scaled = match (part * 20_000 / whole + 1) / 2 {
        0 if part > 0 => 1,
        10_000.. if part < whole => 9_999,
        scaled => scaled,
    };
    format!("{}.{:04}", scaled / 10_000, scaled % 10_000)
}
