//! Owns the reading of changes: a page of them, or all as a stream, release by release and dataset by dataset.
//!
//! What changes with a release is the difference between what a request selects at that release and at the one before.
//! Rows of a release never change, so that chunks read at different times fit.
//! Must not know how changes are written.

mod difference;
mod steps;

use std::sync::Arc;

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use futures_util::future::try_join;
use tokio::sync::mpsc;

use super::changes::difference::Difference;
pub use super::changes::steps::Step;
use super::checked::{NamedCodes, UnknownCode, named_codes, never_known};
use super::export::{self, Chunk, Chunks, Exports};
use crate::db::sql::select;
use crate::query::Release;
use crate::query::plan::changes::ChangePosition;
use crate::query::{Changes, Row};

/// Cells of a change before those of its row.
pub const OWN_CELLS: usize = 6;

/// Steps that one page looks at. ChangePosition years of nightly releases thousands of steps may have nothing of what a narrow
/// request selects: such a page is short, and leads on, rather than be late.
const STEPS: usize = 200;

/// Changes of a page. The cells of each: the number of its release, when that was published, the dataset, the operation
/// (`upsert` or `withdraw`), why the row was withdrawn, the code that stands in its place, then the columns that the
/// dataset's plan reads; joined codes are left out.
#[derive(Debug)]
pub struct ChangesPage {
    /// The changes, at most as many as the limit.
    pub rows: Vec<Row>,
    /// Where the next page starts, when there may be more.
    pub more: Option<ChangePosition>,
}

/// What there is to give.
#[derive(Debug)]
pub struct Found {
    /// The codes that the request names and no row has borne. Then there is nothing to give.
    pub unknown: Vec<UnknownCode>,
    /// The steps from one release to the next that may hold changes.
    pub steps: Vec<Step>,
}

/// Checks the codes that a request names and finds where there may be changes.
///
/// # Errors
/// The database's.
pub async fn find(connection: &AsyncPgConnection, changes: &Changes, until: i32) -> QueryResult<Found> {
    let (unknown, steps) = try_join(unknown(connection, changes, until), steps::load(connection, changes, until)).await?;
    Ok(Found { unknown, steps })
}

/// The codes that the request names and no row has had up to a release. A row withdrawn since has had its code: the
/// withdrawal is what the client asks for.
async fn unknown(connection: &AsyncPgConnection, changes: &Changes, until: i32) -> QueryResult<Vec<UnknownCode>> {
    let mut names = NamedCodes::new();
    for plan in &changes.plans {
        for (dataset, codes) in named_codes(plan) {
            names.entry(dataset).or_default().extend(codes);
        }
    }
    never_known(connection, changes.plans[0].selection.context.registry, &names, until).await
}

/// Reads a page of changes.
///
/// # Errors
/// The database's.
pub async fn page(connection: &AsyncPgConnection, changes: &Changes, steps: &[Step]) -> QueryResult<ChangesPage> {
    let limit = usize::try_from(changes.page_limit()).unwrap_or(usize::MAX);
    let (mut rows, mut last) = (Vec::new(), None);
    for (looked, (step, start)) in from(changes, steps).enumerate() {
        if looked == STEPS {
            let next = ChangePosition { release: step.release, plan: step.plan, key: Vec::new() };
            return Ok(ChangesPage { rows, more: Some(next) });
        }
        let most = i64::try_from(limit + 1 - rows.len()).unwrap_or(i64::MAX);
        let found = select::load(connection, Difference::new(changes, step, start, most)).await?;
        let room = limit - rows.len();
        let more = found.len() > room;
        if let Some(row) = found.iter().take(room).next_back() {
            last = Some(after(changes, step, row));
        }
        rows.extend(found.iter().take(room).map(|row| whole(changes, step, row)));
        if more {
            return Ok(ChangesPage { rows, more: last });
        }
    }
    Ok(ChangesPage { rows, more: None })
}

/// Starts reading all changes. Ends early when nobody receives any more; after an error nothing follows, and what ends
/// without its last chunk has broken off.
pub fn stream(exports: &Exports, changes: Arc<Changes>, release: Release, steps: Vec<Step>) -> Chunks {
    let (sender, receiver) = mpsc::channel(1);
    let (exports, runtime) = (exports.clone(), exports.handle());
    runtime.spawn(async move {
        for (step, start) in from(&changes, &steps) {
            let (mut start, mut most) = (start.map(<[_]>::to_vec), export::FIRST);
            loop {
                let found = exports.fetch(&release, || Difference::new(&changes, step, start.as_deref(), most)).await;
                let rows = match found {
                    Ok(rows) => rows,
                    Err(error) => {
                        _ = sender.send(Err(error)).await;
                        return;
                    }
                };
                let full = i64::try_from(rows.len()).is_ok_and(|read| read == most);
                let next = rows.last().filter(|_| full).map(|row| (after(&changes, step, row).key, export::fitting(&rows)));
                let chunk = Chunk { rows: rows.iter().map(|row| whole(&changes, step, row)).collect(), last: false };
                if sender.send(Ok(chunk)).await.is_err() {
                    return;
                }
                let Some(next) = next else { break };
                (start, most) = (Some(next.0), next.1);
            }
        }
        _ = sender.send(Ok(Chunk { rows: Vec::new(), last: true })).await;
    });
    Chunks::new(receiver)
}

/// The steps that are left, each with the key after which it starts.
fn from<'c>(changes: &'c Changes, steps: &'c [Step]) -> impl Iterator<Item = (&'c Step, Option<&'c [Option<String>]>)> + use<'c> {
    let place = changes.after.as_ref().map(|after| (after.release, after.plan));
    steps.iter().filter(move |step| place.is_none_or(|place| (step.release, step.plan) >= place)).map(move |step| {
        let here = changes.after.as_ref().filter(|after| (after.release, after.plan) == (step.release, step.plan));
        (step, here.map(|after| after.key.as_slice()).filter(|key| !key.is_empty()))
    })
}

/// The place of a row among all changes.
fn after(changes: &Changes, step: &Step, row: &Row) -> ChangePosition {
    let plan = &changes.plans[step.plan];
    let columns: Row = row.cells().skip(difference::CELLS).collect();
    ChangePosition { release: step.release, plan: step.plan, key: plan.position(&columns) }
}

/// A row of a difference, with what it shares with all others of its step.
fn whole(changes: &Changes, step: &Step, row: &Row) -> Row {
    let mut whole = Row::with_capacity(OWN_CELLS + changes.plans[step.plan].reading.columns.len());
    whole.push(Some(&step.release.to_string()));
    whole.push(Some(&step.published_at));
    whole.push(Some(changes.plans[step.plan].selection.context.dataset.name));
    row.cells().for_each(|cell| whole.push(cell));
    whole
}
