//! Owns the wide layout (`layout=wide`), a table for people: a series is one row, and each of its periods has three columns, the
//! value, its qualifier and its statuses; also its rounding and its note, where a figure has one.
//! Must not know SQL, nor fields other than those of a series.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::HttpResponse;

use super::exports;
use crate::db::read::checked::{Snapshot, read_checked};
use crate::db::read::page::Page;
use crate::db::sql::select::{self, Select};
use crate::http::response::links;
use crate::http::response::refusals::refusal;
use crate::http::state::State;
use crate::problem::{Fault, Problem, Reason};
use crate::query::ResolvedPlan;
use crate::query::model::cube::{PERIOD_START, STATUSES};
use crate::query::plan::cursor::Position;
use crate::query::{Column, Count, Dataset, Parameter, Row};

/// The most observations of one answer.
const MAX_OBSERVATIONS: i64 = 20_000;

/// The most periods of one answer.
const MAX_PERIODS: usize = 200;

/// Answers a plan with its periods as columns.
///
/// # Errors
/// Returns 400 for an unknown code, or for too many observations or periods; 404 for an unknown parent; 503 if the database
/// does not answer.
pub async fn answer(state: &State, plan: &ResolvedPlan, parent: Option<&'static Dataset>) -> Result<HttpResponse, Problem> {
    let read = state.read(Some(&plan.release), plan.cost(), |connection| async move {
        let rows = async |snapshot: &Snapshot| {
            let select = Select::rows(plan, snapshot.release.number, snapshot.approximate, None, MAX_OBSERVATIONS + 1);
            select::load(&connection, select).await
        };
        read_checked(&connection, parent, plan, rows).await
    });
    let (snapshot, rows) = match read.await? {
        Ok((snapshot, rows)) => (snapshot, rows),
        Err(refused) => return Err(refusal(state, plan, parent, refused).await),
    };
    if i64::try_from(rows.len()).is_ok_and(|rows| rows > MAX_OBSERVATIONS) {
        return Err(too_many(format!("There are more than {MAX_OBSERVATIONS} observations; filter more, or use `layout=long`.")));
    }
    let (columns, series) = pivot(plan, &rows)
        .ok_or_else(|| too_many(format!("There are more than {MAX_PERIODS} periods; filter more, or use `layout=long`.")))?;
    let total = i64::try_from(series.len()).ok().filter(|_| plan.reading.count != Count::None).map(|total| (total, true));
    // A cursor stands on the first observation of the last series before the page.
    let after = plan
        .reading
        .after
        .as_ref()
        .and_then(|after| series.iter().position(|(first, _)| plan.position(first.view()) == after.values));
    let start = after.map_or(0, |after| after + 1);
    let most = plan.reading.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
    let page = &series[start..series.len().min(start.saturating_add(most))];
    let last = page.last().filter(|_| start + page.len() < series.len());
    let Snapshot { release, approximate, unselected } = snapshot;
    let next = last
        .map(|(first, _)| links::after(plan, parent, &Position { release: release.number, values: plan.position(first.view()) }));
    let rows = page.iter().map(|(_, row)| row.clone()).collect();
    let page = Page {
        release,
        rows,
        more: next.is_some(),
        total,
        approximate,
        included: Vec::new(),
        facets: Vec::new(),
        notices: None,
        unselected,
    };
    exports::written(plan, parent, &page, (columns, next))
}

fn too_many(detail: String) -> Problem {
    Problem::invalid_parameters(vec![Fault::new(Reason::TooManyRows, Parameter::Layout.name(), detail)])
}

/// What a table shows of each figure, and whether also where no figure of a period has it. A figure without a value has its statuses,
/// which say why; a cell without statuses was not published.
const OF_FIGURE: [(&str, bool); 5] =
    [("value", true), ("qualifier", true), (STATUSES, true), ("rounding", false), ("note", false)];

/// The cells of a figure.
type FigureCells<'r> = [Option<&'r str>; OF_FIGURE.len()];

/// One series: its own cells, and those of each of its periods.
struct Series<'r> {
    first: &'r Row,
    own: Vec<Option<&'r str>>,
    figures: BTreeMap<&'r str, FigureCells<'r>>,
}

/// The columns of wide rows, and each wide row with the first row of its series.
type WideTable<'r> = (Vec<Column>, Vec<(&'r Row, Row)>);

/// Makes one row of each series: those of the columns that are the same in all its rows, then the figure of each period in the order
/// of time. Series come in the order of their key or, if the request has another order, of their first rows, with which they are
/// returned. `None` if there are too many periods.
fn pivot<'r>(plan: &ResolvedPlan, rows: &'r [Row]) -> Option<WideTable<'r>> {
    let dataset = plan.selection.context.dataset;
    let columns = plan.read_columns();
    let position = |name: &str| columns.iter().position(|column| column.name == name);
    let (period, start) = (position("period")?, position(PERIOD_START)?);
    let of_figure: Vec<usize> = OF_FIGURE.iter().map(|(name, _)| position(name)).collect::<Option<_>>()?;
    let key: Vec<usize> = dataset
        .key_fields()
        .filter(|field| dataset.is_series_field(field))
        .map(|field| position(field.name))
        .collect::<Option<_>>()?;
    let is_own = |column: &Column| column.depends_on().is_some_and(|field| dataset.is_series_field(field));
    let own: Vec<usize> = (0..plan.reading.columns.len()).filter(|at| is_own(&columns[*at])).collect();
    let periods: BTreeSet<(&str, &str)> = rows.iter().filter_map(|row| Some((row.cell(start)?, row.cell(period)?))).collect();
    if periods.len() > MAX_PERIODS {
        return None;
    }
    let (mut places, mut series) = (BTreeMap::new(), Vec::<Series<'_>>::new());
    let mut used: BTreeSet<(&str, usize)> = BTreeSet::new();
    for row in rows {
        let place = *places.entry(key.iter().map(|at| row.cell(*at)).collect::<Vec<_>>()).or_insert(series.len());
        if place == series.len() {
            let own = own.iter().map(|at| row.cell(*at)).collect();
            series.push(Series { first: row, own, figures: BTreeMap::new() });
        }
        let Some(period) = row.cell(period) else { continue };
        let cells = figure(&of_figure, row);
        used.extend((0..OF_FIGURE.len()).filter(|at| cells[*at].is_some()).map(|at| (period, at)));
        series[place].figures.insert(period, cells);
    }
    let order: Vec<usize> = if plan.is_in_key_order() { places.into_values().collect() } else { (0..series.len()).collect() };
    let shown: Vec<(&str, usize)> = periods
        .iter()
        .flat_map(|(_, period)| (0..OF_FIGURE.len()).map(move |at| (*period, at)))
        .filter(|place| OF_FIGURE[place.1].1 || used.contains(place))
        .collect();
    let heads = shown.iter().map(|(period, at)| {
        let kind = columns[of_figure[*at]].kind;
        let name = if *at == 0 { (*period).to_owned() } else { format!("{period}_{}", OF_FIGURE[*at].0) };
        Column::computed(name, kind, false)
    });
    let row = |Series { first, own, figures }: &Series<'r>| {
        let cells = shown.iter().map(|(period, at)| figures.get(period).and_then(|cells| cells[*at]));
        (*first, own.iter().copied().chain(cells).collect())
    };
    let rows = order.iter().map(|at| row(&series[*at])).collect();
    Some((own.iter().map(|at| columns[*at].clone()).chain(heads).collect(), rows))
}

/// The cells of a figure. Without a value there is nothing to qualify.
fn figure<'r>(of_figure: &[usize], row: &'r Row) -> FigureCells<'r> {
    let mut cells = FigureCells::default();
    for (cell, at) in cells.iter_mut().zip(of_figure) {
        *cell = row.cell(*at);
    }
    if cells[0].is_none() {
        cells[1] = None;
    }
    cells
}
