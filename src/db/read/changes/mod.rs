//! Owns reads of changes, as a page or as a stream, release by release and dataset by dataset.
//!
//! The changes of a release are the difference between the rows that a request selects at that release and at the one before.
//! The rows of a release never change, so chunks read at different times fit together.
//! Must not know how changes are written.

mod difference;
mod steps;
mod withdrawal;

use std::sync::Arc;

use diesel::QueryResult;
use futures_util::future::try_join;
use tokio::sync::mpsc;

use super::changes::difference::Difference;
pub use super::changes::steps::ChangeStep;
use super::checked::{NamedCodes, UnknownCode, named_codes, never_known};
use super::chunks::{Chunk, Chunks, FIRST_CHUNK_ROWS};
use super::export::{Exports, Fetched};
use crate::db::ReadingConnection;
use crate::db::sql::select;
use crate::query::Release;
use crate::query::plan::changes::ChangePosition;
use crate::query::{Changes, Row, RowView, Rows};

/// The number of cells of a change before those of its row.
pub const OWN_CELLS: usize = 6;

/// The most steps that one page reads. A selective request may match nothing in thousands of steps; its page is then short,
/// with a link to the next, and in time.
const MAX_STEPS: usize = 200;

/// A page of changes. The cells of a change are the number of its release, the time of publication, the dataset, the operation
/// (`upsert`, `withdraw` or `leave`), the reason of a withdrawal, the code of the successor, and the columns of the dataset's plan, in
/// which joined codes may be NULL.
#[derive(Debug)]
pub struct ChangesPage {
    /// The changes, at most as many as the limit.
    pub rows: Vec<Row>,
    /// The start of the next page, if there may be one.
    pub more: Option<ChangePosition>,
}

/// The steps of a request for changes.
#[derive(Debug)]
pub struct ChangeSteps {
    /// The codes of the request that no row has ever had, which are an error of the request.
    pub unknown: Vec<UnknownCode>,
    /// The steps that may hold changes, in order.
    pub steps: Vec<ChangeStep>,
}

/// Checks the codes of a request and finds the steps that may hold changes.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn find(connection: &ReadingConnection, changes: &Changes, until: i32) -> QueryResult<ChangeSteps> {
    let (unknown, steps) = try_join(unknown(connection, changes, until), steps::load(connection, changes, until)).await?;
    Ok(ChangeSteps { unknown, steps })
}

/// Returns the codes of the request that no release has ever had. The code of a withdrawn row is known: its withdrawal is a
/// change.
async fn unknown(connection: &ReadingConnection, changes: &Changes, until: i32) -> QueryResult<Vec<UnknownCode>> {
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
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn page(connection: &ReadingConnection, changes: &Changes, steps: &[ChangeStep]) -> QueryResult<ChangesPage> {
    let limit = usize::try_from(changes.page_limit()).unwrap_or(usize::MAX);
    let (mut rows, mut last) = (Vec::new(), None);
    for (read, (step, start)) in remaining(changes, steps).enumerate() {
        if read == MAX_STEPS {
            let next = ChangePosition { release: step.release, plan: step.plan, key: Vec::new() };
            return Ok(ChangesPage { rows, more: Some(next) });
        }
        let capacity = i64::try_from(limit + 1 - rows.len()).unwrap_or(i64::MAX);
        let found = select::load(connection, Difference::new(changes, step, start, capacity)).await?;
        let room = limit - rows.len();
        let more = found.len() > room;
        if let Some(row) = found.iter().take(room).next_back() {
            last = Some(after(changes, step, row.view()));
        }
        rows.extend(found.iter().take(room).map(|row| with_own_cells(changes, step, row.view())));
        if more {
            return Ok(ChangesPage { rows, more: last });
        }
    }
    Ok(ChangesPage { rows, more: None })
}

/// Starts reading all changes. Stops if the receiver is dropped. After an error no chunk follows; a stream without a last chunk
/// is incomplete.
pub fn stream(exports: &Exports, changes: Arc<Changes>, release: Release, steps: Vec<ChangeStep>) -> Chunks {
    let (sender, receiver) = mpsc::channel(1);
    let (reader, runtime) = (exports.reader(), exports.handle());
    runtime.spawn(async move {
        for (step, start) in remaining(&changes, &steps) {
            let (mut start, mut limit) = (start.map(<[_]>::to_vec), FIRST_CHUNK_ROWS);
            loop {
                let found = reader.chunk(&release, || Difference::new(&changes, step, start.as_deref(), limit), limit).await;
                let Fetched { rows, next } = match found {
                    Ok(fetched) => fetched,
                    Err(error) => {
                        _ = sender.send(Err(error)).await;
                        return;
                    }
                };
                let next = rows.last().zip(next).map(|(row, limit)| (after(&changes, step, row).key, limit));
                let chunk = Chunk { rows: rows.iter().map(|row| with_own_cells(&changes, step, row)).collect(), last: false };
                if sender.send(Ok(chunk)).await.is_err() {
                    return;
                }
                let Some(next) = next else { break };
                (start, limit) = (Some(next.0), next.1);
            }
        }
        _ = sender.send(Ok(Chunk { rows: Rows::default(), last: true })).await;
    });
    Chunks::new(receiver)
}

/// The steps from the cursor on, each with the key after which it starts.
fn remaining<'c>(
    changes: &'c Changes,
    steps: &'c [ChangeStep],
) -> impl Iterator<Item = (&'c ChangeStep, Option<&'c [Option<String>]>)> + use<'c> {
    let position = changes.after.as_ref().map(|after| (after.release, after.plan));
    steps.iter().filter(move |step| position.is_none_or(|position| (step.release, step.plan) >= position)).map(move |step| {
        let current = changes.after.as_ref().filter(|after| (after.release, after.plan) == (step.release, step.plan));
        (step, current.map(|after| after.key.as_slice()).filter(|key| !key.is_empty()))
    })
}

/// The position of a row among all changes.
fn after(changes: &Changes, step: &ChangeStep, row: RowView<'_>) -> ChangePosition {
    let plan = &changes.plans[step.plan];
    let columns: Row = row.cells().skip(difference::CELLS).collect();
    ChangePosition { release: step.release, plan: step.plan, key: plan.position(columns.view()) }
}

/// Prepends the cells that all rows of a step share to a row of its difference.
fn with_own_cells(changes: &Changes, step: &ChangeStep, row: RowView<'_>) -> Row {
    let mut whole = Row::with_capacity(OWN_CELLS + changes.plans[step.plan].reading.columns.len());
    whole.push(Some(&step.release.to_string()));
    whole.push(Some(&step.published_at));
    whole.push(Some(changes.plans[step.plan].selection.context.dataset.name));
    row.cells().for_each(|cell| whole.push(cell));
    whole
}
