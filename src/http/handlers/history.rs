//! Owns `/v1/{dataset}/{code}/history`: every version of a row, with what each changed and which releases opened and
//! closed it.
//! Must not know any one dataset, nor SQL.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use serde_json::json;

use crate::db::read::checked::{Snapshot, read_checked};
use crate::db::read::history::{self, History, VersionRelease};
use crate::format::json as writer;
use crate::http::cache::policy::CachePolicy;
use crate::http::execute;
use crate::http::request::path_and_query;
use crate::http::response::absent::absent;
use crate::http::response::envelope::{self, Meta, instant};
use crate::http::response::links;
use crate::http::response::refusals::refusal;
use crate::http::response::respond_cached::respond_cached;
use crate::http::state::State;
use crate::problem::Problem;
use crate::query::ResolvedPlan;
use crate::query::{Context, Origin, Parameter, Plan, Row};

/// The parameters that a history accepts.
pub const PARAMETERS: [Parameter; 4] = [Parameter::Limit, Parameter::Cursor, Parameter::Release, Parameter::AsOf];

/// A release that opened or closed a version.
#[derive(Serialize)]
struct Opening<'a> {
    release: i32,
    published_at: String,
    title: &'a str,
}

/// A release that closed a version, by another version or by withdrawing the row.
#[derive(Serialize)]
struct Closing<'a> {
    #[serde(flatten)]
    release: Opening<'a>,
    withdrawn: bool,
    reason: Option<&'a str>,
    successor_code: Option<&'a str>,
}

/// Answers the versions of one row.
///
/// # Errors
/// 400 for a parameter at fault, 404 with the closest codes for one that no row has borne up to the release, 503 when
/// the database does not answer.
pub async fn history(request: HttpRequest, state: web::Data<State>, context: Context) -> Result<HttpResponse, Problem> {
    let (code, dataset) = (path_and_query::code(&request)?, context.dataset);
    let plan = Plan::history(context, code.clone(), &PARAMETERS, &path_and_query::pairs(&request)?);
    let plan = plan.map_err(Problem::invalid_parameters)?.of_code(&code);
    let plan = &execute::resolve(&state, plan).await?;
    let address = plan.address(&links::path(plan, Some(dataset)));
    respond_cached(&request, &state, CachePolicy::of_plan(plan, address), async || versions(&state, plan, &code).await).await
}

async fn versions(state: &State, plan: &ResolvedPlan, code: &str) -> Result<HttpResponse, Problem> {
    let dataset = plan.selection.context.dataset;
    let read = state.pool.read_at(Some(&plan.release), |connection| async move {
        let versions = async |snapshot: &Snapshot| history::read(&connection, plan, snapshot).await;
        read_checked(&connection, None, plan, versions).await
    });
    let found = match read.await? {
        Ok((_, found)) => found,
        Err(refused) => return Err(refusal(state, plan, None, refused).await),
    };
    if found.page.rows.is_empty() {
        return Err(absent(state, dataset, code, &found.page.release).await);
    }
    let mut data = vec![b'['];
    for at in 0..found.page.rows.len() {
        data.extend_from_slice(if at > 0 { b",{" } else { b"{" });
        version(&mut data, plan, &found, at);
        data.push(b'}');
    }
    data.push(b']');
    let meta = Meta::of_page(dataset.name, &found.page);
    Ok(envelope::answer(&data, &meta, &links::links(plan, Some(dataset), &found.page), &[]))
}

/// Appends the members of a version: the row's own, then what is said of the version.
fn version(out: &mut Vec<u8>, plan: &ResolvedPlan, found: &History, at: usize) {
    let (rows, own) = (&found.page.rows, &plan.reading.columns[..plan.selection.context.dataset.fields.len()]);
    let row = &rows[at];
    let number = |name: &str| history::number(&plan.reading.columns, row, name);
    let opening = |release: i32| {
        found.releases.get(&release).map(|act: &VersionRelease| Opening {
            release,
            published_at: instant(act.published_at),
            title: &act.title,
        })
    };
    // The version after the first of a page is the one that the cursor stands on.
    let held = || plan.reading.after.as_ref().and_then(|position| position.values.first()?.as_deref()?.parse().ok());
    let after = if at == 0 { held() } else { history::number(&plan.reading.columns, &rows[at - 1], "first_release") };
    let closed_by = number("last_release").map(|last| last + 1).and_then(|release| {
        let (act, withdrawn) = (found.releases.get(&release)?, after != Some(release));
        let reason = withdrawn.then(|| act.reason.as_deref().unwrap_or(&act.title));
        let successor_code = act.successor_code.as_deref().filter(|_| withdrawn);
        Some(Closing { release: opening(release)?, withdrawn, reason, successor_code })
    });
    let earlier = rows.get(at + 1).or(found.before.as_ref());
    writer::members(out, own, row);
    let told = json!({
        "opened_by": number("first_release").and_then(opening),
        "closed_by": closed_by,
        "changed": earlier.map(|earlier| changed(plan, row, earlier)).unwrap_or_default(),
    });
    out.push(b',');
    let told = told.to_string();
    out.extend_from_slice(&told.as_bytes()[1..told.len() - 1]);
}

/// The names of the fields of its own in which a version differs from the one before.
fn changed(plan: &ResolvedPlan, row: &Row, earlier: &Row) -> Vec<String> {
    let own =
        plan.reading.columns.iter().enumerate().filter(|(_, column)| column.field().is_some_and(|f| f.origin == Origin::Row));
    own.filter(|(at, _)| row.cell(*at) != earlier.cell(*at)).map(|(_, column)| column.name.to_string()).collect()
}
