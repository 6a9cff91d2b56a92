//! Owns the execution of a plan: it resolves the release, then reads on the connections of the worker.
//! Must not know how the response is written.

use std::rc::Rc;

use super::response::absent::absent;
use super::response::geography_errors;
use super::response::refusals::{refusal, release_refusal};
use super::state::State;
use crate::db::read::licences::{self, Licences};
use crate::db::read::page::{self, Page};
use crate::db::read::releases;
use crate::problem::Problem;
use crate::query::{Context, Dataset, Parameter, Plan, ReadCost, Release, ResolvedPlan, Row, parse};

/// Resolves the release that a plan reads: from those that the process knows, else from the database.
///
/// # Errors
/// Returns 400 if the release does not exist; 503 before the first publication, or if the database does not answer.
pub async fn resolve(state: &State, plan: Plan) -> Result<ResolvedPlan, Problem> {
    if let Some(release) = state.release_watcher.release_of(&plan) {
        return Ok(plan.at(release));
    }
    let requested = &plan;
    match state.read(None, ReadCost::Light, |connection| async move { releases::resolve(&connection, requested).await }).await? {
        Ok(release) => Ok(plan.at(release)),
        Err(why) => Err(release_refusal(&plan, why)),
    }
}

/// Finds a release by its number, or the newest one; `None` if it does not exist.
///
/// # Errors
/// Returns 503 if the database does not answer.
pub async fn release(state: &State, number: Option<i32>) -> Result<Option<Release>, Problem> {
    match state.release_watcher.find(number) {
        Some(known) => Ok(Some(known)),
        None => Ok(state
            .read(None, ReadCost::Light, |connection| async move { releases::release(&connection, number).await })
            .await?),
    }
}

/// Reads the page of a plan.
///
/// # Errors
/// Returns 400 for an unknown code, 404 for an unknown parent, 503 if the database does not answer.
pub async fn page(state: &State, plan: &ResolvedPlan, parent: Option<&'static Dataset>) -> Result<Page, Problem> {
    let read = state.read(Some(&plan.release), plan.cost(), |connection| async move {
        page::read_page(&connection, &state.named_cells, parent, plan).await
    });
    match read.await? {
        Ok(page) => Ok(page),
        Err(refused) => Err(refusal(state, plan, parent, refused).await),
    }
}

/// The licences of a dataset at a release: see [`licences::queries`].
///
/// # Errors
/// Returns 503 if the process does not know them and the database does not answer.
pub async fn licences(state: &State, dataset: &'static Dataset, release: &Release) -> Result<Licences, Problem> {
    if let Some(known) = state.licences.known(dataset, release) {
        return Ok(known);
    }
    // Inside of the read, so that what waits for the read of another request counts as a read too.
    let read = |connection: Rc<_>| async move {
        let read = licences::read(&connection, state.registry, dataset, release.number);
        state.licences.get(dataset, release, read).await
    };
    state.read(Some(release), ReadCost::Light, read).await
}

/// The plan with the licences of its dataset.
///
/// # Errors
/// Returns 503 if the process does not know them and the database does not answer.
pub async fn with_licences(state: &State, plan: ResolvedPlan) -> Result<ResolvedPlan, Problem> {
    let licences = licences(state, plan.selection.context.dataset, &plan.release).await?;
    Ok(ResolvedPlan { licences, ..plan })
}

/// The plan of the row with a code. A malformed code selects no row.
///
/// # Errors
/// Returns 400 with every fault of the parameters.
pub fn item_plan(context: Context, known: &[Parameter], code: &str, pairs: &[(String, String)]) -> Result<Plan, Problem> {
    let plan = parse::item(context, known, pairs).map_err(Problem::invalid_parameters)?;
    Ok(plan.of_code(code))
}

/// Reads the row of an [`item_plan`]; the page has the rest: its release, included rows and notices.
///
/// # Errors
/// Returns 404 with the closest codes for an unknown code, 410 with the reason for a withdrawn row, 503 if the database
/// does not answer.
pub async fn item(state: &State, plan: &ResolvedPlan, code: &str) -> Result<(Row, Page), Problem> {
    let mut page = page(state, plan, None).await?;
    if let Some(row) = page.rows.pop() {
        return Ok((row, page));
    }
    if let Some(day) = plan.selection.geography {
        return Err(geography_errors::unknown_on(code, day, page.release.number));
    }
    Err(absent(state, plan.selection.context.dataset, code, &page.release).await)
}
