//! Owns `/v1/{dataset}/{code}/history`: every version of a row, the fields that changed, and the releases that opened and
//! closed it.
//! Must not know any one dataset, nor SQL.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use serde_json::{Value, json};

use crate::db::read::checked::{Snapshot, read_checked};
use crate::db::read::history::{History, VersionRelease, number as number_of, read};
use crate::format::json as writer;
use crate::http::cache::policy::CachePolicy;
use crate::http::execute;
use crate::http::request::path_and_query;
use crate::http::response::absent::absent;
use crate::http::response::envelope::{self, Meta};
use crate::http::response::links;
use crate::http::response::refusals::refusal;
use crate::http::response::respond_cached::respond_cached;
use crate::http::state::State;
use crate::problem::Problem;
use crate::query::ResolvedPlan;
use crate::query::model::value::instant;
use crate::query::{Column, Context, FieldOrigin, Parameter, ReadCost, Row, parse};

/// The parameters of a history.
pub const PARAMETERS: [Parameter; 4] = [Parameter::Limit, Parameter::Cursor, Parameter::Release, Parameter::AsOf];

/// A release that opened or closed a version.
#[derive(Serialize)]
struct Opening<'a> {
    release: i32,
    published_at: String,
    title: &'a str,
}

/// A release that closed a version: it changed the row or withdrew it.
#[derive(Serialize)]
struct Closing<'a> {
    #[serde(flatten)]
    release: Opening<'a>,
    withdrawn: bool,
    reason: Option<&'a str>,
    successor_code: Option<&'a str>,
}

/// Answers with the versions of one row.
///
/// # Errors
/// Returns 400 for an invalid parameter, 404 with the closest codes if no row has had the code up to the release, 503 if the
/// database does not answer.
pub async fn history(request: HttpRequest, state: web::Data<State>, context: Context) -> Result<HttpResponse, Problem> {
    let (code, dataset) = (path_and_query::code(&request)?, context.dataset);
    let plan = parse::history(context, code.clone(), &PARAMETERS, &path_and_query::pairs(&request)?);
    let plan = plan.map_err(Problem::invalid_parameters)?.of_code(&code);
    let plan = &execute::resolve(&state, plan).await?;
    let address = plan.address(&links::path(plan, Some(dataset)));
    respond_cached(&request, &state, CachePolicy::of_plan(plan, address), async || versions(&state, plan, &code).await).await
}

async fn versions(state: &State, plan: &ResolvedPlan, code: &str) -> Result<HttpResponse, Problem> {
    let dataset = plan.selection.context.dataset;
    let reading = state.read(Some(&plan.release), ReadCost::Light, |connection| async move {
        let versions = async |snapshot: &Snapshot| read(&connection, plan, snapshot).await;
        read_checked(&connection, None, plan, versions).await
    });
    let history = match reading.await? {
        Ok((_, history)) => history,
        Err(refused) => return Err(refusal(state, plan, None, refused).await),
    };
    if history.page.rows.is_empty() {
        return Err(absent(state, dataset, code, &history.page.release).await);
    }
    let mut data = vec![b'['];
    for at in 0..history.page.rows.len() {
        data.extend_from_slice(if at > 0 { b",{" } else { b"{" });
        version(&mut data, plan, &history, at);
        data.push(b'}');
    }
    data.push(b']');
    let licences = execute::licences(state, dataset, &history.page.release).await?;
    let meta = Meta::of_page(plan, &history.page, &licences);
    Ok(envelope::answer(&data, &meta, &links::links(plan, Some(dataset), &history.page), &[]))
}

/// Appends the members of a version: the fields of the row, then those of the version.
fn version(out: &mut Vec<u8>, plan: &ResolvedPlan, history: &History, at: usize) {
    let (rows, own) = (&history.page.rows, &plan.reading.columns[..plan.selection.context.dataset.fields.len()]);
    let row = &rows[at];
    let number = |name: &str| number_of(&plan.reading.columns, row, name);
    let opening = |release: i32| {
        history.releases.get(&release).map(|act: &VersionRelease| Opening {
            release,
            published_at: instant(act.published_at),
            title: &act.title,
        })
    };
    // The version after the first one of a page is the row of the cursor.
    let of_cursor = || plan.reading.after.as_ref().and_then(|position| position.values.first()?.as_deref()?.parse().ok());
    let after = if at == 0 { of_cursor() } else { number_of(&plan.reading.columns, &rows[at - 1], "released_from") };
    let closed_by = number("released_until").and_then(|release| {
        let (act, withdrawn) = (history.releases.get(&release)?, after != Some(release));
        let reason = withdrawn.then(|| act.reason.as_deref().unwrap_or(&act.title));
        let successor_code = act.successor_code.as_deref().filter(|_| withdrawn);
        Some(Closing { release: opening(release)?, withdrawn, reason, successor_code })
    });
    let earlier = rows.get(at + 1).or(history.before.as_ref());
    writer::members(out, own, row.view());
    let members = json!({
        "opened_by": number("released_from").and_then(opening),
        "closed_by": closed_by,
        "changed": earlier.map(|earlier| changed(plan, row, earlier)).unwrap_or_default(),
    });
    out.push(b',');
    let members = members.to_string();
    out.extend_from_slice(&members.as_bytes()[1..members.len() - 1]);
}

/// A field that a version changed.
#[derive(Serialize)]
struct ChangedField<'a> {
    field: &'a str,
    before: Value,
    after: Value,
}

/// The fields that differ from the version before, with both values.
fn changed<'a>(plan: &'a ResolvedPlan, row: &Row, earlier: &Row) -> Vec<ChangedField<'a>> {
    let own = plan
        .reading
        .columns
        .iter()
        .enumerate()
        .filter(|(_, column)| column.field().is_some_and(|f| f.origin == FieldOrigin::Row));
    let value = |column: &Column, cell: Option<&str>| {
        let mut text = Vec::new();
        writer::value(&mut text, column, cell);
        serde_json::from_slice(&text).unwrap_or(Value::Null)
    };
    let differing = own.filter(|(at, _)| row.cell(*at) != earlier.cell(*at));
    differing
        .map(|(at, column)| ChangedField {
            field: &column.name,
            before: value(column, earlier.cell(at)),
            after: value(column, row.cell(at)),
        })
        .collect()
}
