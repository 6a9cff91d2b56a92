//! Owns the wide layout (`layout=wide`): a series is one row, and its periods are columns.
//! Must not know SQL, nor fields other than those of a series.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::HttpResponse;
use futures_util::future::try_join;

use crate::db::read::checked::{Snapshot, read_checked};
use crate::db::read::notices;
use crate::db::sql::select::{self, Select};
use crate::http::response::computed_table::{self, ComputedTable};
use crate::http::response::refusals::refusal;
use crate::http::state::State;
use crate::problem::{Fault, Problem};
use crate::query::ResolvedPlan;
use crate::query::{Column, Dataset, Kind, Parameter, Row};

/// The most observations of one answer.
pub const MAX_OBSERVATIONS: i64 = 20_000;

/// The most periods of one answer.
const MAX_PERIODS: usize = 200;

/// Answers a plan with its periods as columns.
///
/// # Errors
/// Returns 400 for an unknown code, or for too many observations or periods; 404 for an unknown parent; 503 if the database
/// does not answer.
pub async fn answer(state: &State, plan: &ResolvedPlan, parent: Option<&'static Dataset>) -> Result<HttpResponse, Problem> {
    let read = state.pool.read_at(Some(&plan.release), |connection| async move {
        let rows = async |snapshot: &Snapshot| {
            let select = Select::rows(plan, snapshot.release.number, snapshot.approximate, None, MAX_OBSERVATIONS + 1);
            let notices = notices::of_table(&connection, plan, snapshot);
            try_join(select::load(&connection, select), notices).await
        };
        read_checked(&connection, parent, plan, rows).await
    });
    let (snapshot, (rows, notices)) = match read.await? {
        Ok((snapshot, rows)) => (snapshot, rows),
        Err(refused) => return Err(refusal(state, plan, parent, refused).await),
    };
    if i64::try_from(rows.len()).is_ok_and(|rows| rows > MAX_OBSERVATIONS) {
        return Err(too_many(format!("There are more than {MAX_OBSERVATIONS} observations; filter more, or use `layout=long`.")));
    }
    let mut table = pivot(plan, &rows)
        .ok_or_else(|| too_many(format!("There are more than {MAX_PERIODS} periods; filter more, or use `layout=long`.")))?;
    table.notices = notices;
    computed_table::answer(plan, parent, &snapshot, &table)
}

fn too_many(detail: String) -> Problem {
    Problem::invalid_parameters(vec![Fault::new(Parameter::Layout.name(), detail)])
}

/// Makes one row of each series: the fields of the key without the period, the unit, then the value of each period in the
/// order of time. A missing value is null, whatever its reason, which the long layout has. `None` if there are too many
/// periods.
fn pivot(plan: &ResolvedPlan, rows: &[Row]) -> Option<ComputedTable> {
    let columns = plan.read_columns();
    let position = |name: &str| columns.iter().position(|column| column.name == name);
    let (period, start, value) = (position("period")?, position("period_start")?, position("value")?);
    let dataset = plan.selection.context.dataset;
    let apart =
        |column: &Column| column.field().is_some_and(|field| dataset.is_series_field(field)) || column.name.ends_with("_label");
    let series: Vec<usize> = (0..plan.reading.columns.len()).filter(|at| apart(&columns[*at])).collect();
    let periods: BTreeSet<(&str, &str)> = rows.iter().filter_map(|row| Some((row.cell(start)?, row.cell(period)?))).collect();
    if periods.len() > MAX_PERIODS {
        return None;
    }
    let mut found: BTreeMap<Vec<Option<&str>>, BTreeMap<&str, &str>> = BTreeMap::new();
    for row in rows {
        let values = found.entry(series.iter().map(|at| row.cell(*at)).collect()).or_default();
        if let (Some(period), Some(value)) = (row.cell(period), row.cell(value)) {
            values.insert(period, value);
        }
    }
    let shown = series.iter().map(|at| columns[*at].clone());
    let values = periods.iter().map(|(_, period)| Column::computed((*period).to_owned(), Kind::Decimal, false));
    let cells = |(series, values): (&Vec<Option<&str>>, &BTreeMap<&str, &str>)| {
        series.iter().copied().chain(periods.iter().map(|(_, period)| values.get(period).copied())).collect()
    };
    Some(ComputedTable { columns: shown.chain(values).collect(), rows: found.iter().map(cells).collect(), notices: None })
}
