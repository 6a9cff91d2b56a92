//! Owns `/v1/changes`: what each release changed, for clients that synchronise a copy.
//! Must not know SQL, nor how changes are found or written.

pub mod answer;

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use actix_web::http::{Method, header};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;

use self::answer::ChangesBody;
use crate::db::read::changes;
use crate::db::read::checked::UnknownCode;
use crate::db::read::licences::Licences;
use crate::http::cache::compression::Coding;
use crate::http::cache::etag::{self, Held};
use crate::http::cache::policy::{MAX_LOCATION_BYTES, vary};
use crate::http::execute;
use crate::http::export_places::Demand;
use crate::http::request::public_address::PublicAddress;
use crate::http::request::{accept, path_and_query};
use crate::http::response::header_names::RELEASE_NUMBER;
use crate::http::response::refusals::{no_release, unknown_code};
use crate::http::response::row_stream;
use crate::http::state::State;
use crate::problem::{Fault, Problem, Reason};
use crate::query::Release;
use crate::query::plan::changes::REPRESENTATIONS;
use crate::query::{Changes, Representation, parse};

/// Changes
///
/// Lists what every release after `since` changed, in order. A client that applies all changes has the same rows as the
/// collections. A row that a release adds or changes is an `upsert`, a row that it withdraws is a `withdraw` with its
/// `reason`; a release names a row at most once. A request for a selection (`within`, filters) gets what that selection gains
/// and loses: a row that is still published and no longer selected, because the row or the geography has changed, is a
/// `leave`. So is all that lay in a territory of `within` that is withdrawn. More operations may come: a client that reads an
/// unknown one reads the row again.
///
/// The datasets are all collections except `releases`, and also `contours`: the boundary of a territory, whose `code` is that of
/// the territory. Datasets without a territory are complete, whatever `within`, `touching` and `covers` say. With a single `dataset`,
/// the filters of its collection apply.
///
/// All pages end at the release that is the newest when the first page is read, so no change is repeated or missing,
/// whatever is published meanwhile. A page may have fewer changes than `limit`, or none, and still have a next page. On the
/// last page `meta.release` is the `since` of the next request, and `links.poll` is its address. NDJSON and CSV return all
/// changes unless `limit` is given; the header `Release-Number` has the release. CSV has the columns of the dataset if there is
/// only one, else a column with each row as JSON.
#[utoipa::path(
    get,
    path = "/v1/changes",
    operation_id = "listChanges",
    params(
        ("since" = Option<i32>, Query, description = "The release that the client has; 0, the default, for everything.", example = 1, minimum = 0),
        ("until" = Option<i32>, Query, description = "The last release of the answer; by default the newest.", example = 2, minimum = 1),
        ("dataset" = Option<Vec<String>>, Query, style = Form, explode = false, description = "These datasets only.", example = json!(["conventions", "measures"])),
        ("within" = Option<Vec<String>>, Query, style = Form, explode = false, description = "Rows of these territories and of all territories that lie wholly in them.", example = json!(["REG-32"])),
        ("touching" = Option<Vec<String>>, Query, style = Form, explode = false, description = "Rows of these territories and of all territories that lie in them, wholly or partly.", example = json!(["REG-32"])),
        ("covers" = Option<Vec<String>>, Query, style = Form, explode = false, description = "Rows of these territories and of all territories that contain them wholly.", example = json!(["COM-62498"])),
        ("limit" = Option<i32>, Query, description = "The most changes of a page. By default 100 as JSON, all changes in the other representations.", example = 5, minimum = 1, maximum = 1000),
        ("cursor" = Option<String>, Query, description = "The start of the page, from `links.next`.", pattern = "^[A-Za-z0-9_-]+$"),
        ("format" = Option<String>, Query, description = "The representation: `json`, `ndjson`, `csv`, `csv-excel`. Takes precedence over `Accept`.", pattern = "^(json|ndjson|csv|csv-excel)$", example = "json"),
    ),
    responses(
        (status = 200, description = "The changes.", content(
            (ChangesBody<'static> = "application/json"), (String = "application/x-ndjson"), (String = "text/csv"),
        )),
    )
)]
pub async fn changes(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    let pairs = path_and_query::pairs(&request)?;
    let preferred = accept::among(&request, REPRESENTATIONS);
    let changes =
        parse::changes(state.registry, &pairs, preferred.unwrap_or(Representation::Json)).map_err(Problem::invalid_parameters)?;
    if preferred.is_none() && !pairs.iter().any(|(name, _)| name == "format") {
        return Err(accept::none_of("changes", REPRESENTATIONS));
    }
    let release = release(&state, &changes).await?;
    let links = answer::links(&changes, release.number);
    let coding = Coding::preferred(&request);
    let public = PublicAddress::current();
    let tag = etag::tag(&[&links.pinned, coding.name().unwrap_or_default()]);
    let modified = release.published_at.into();
    let headers = |response| {
        let mut response = etag::with_validators(response, &tag, Some(modified));
        response.insert_header((header::VARY, vary("Accept, Accept-Encoding", &public)));
        if links.pinned.len() <= MAX_LOCATION_BYTES {
            response.insert_header((header::CONTENT_LOCATION, links.pinned.as_str()));
        }
        response.insert_header((RELEASE_NUMBER, release.number));
        response
    };
    let held = etag::held(&request, &tag, Some(modified));
    if held == Held::Current {
        return Ok(headers(HttpResponse::NotModified()).finish());
    }
    let response = headers(HttpResponse::Ok());
    let (requested, until) = (&changes, release.number);
    let cost = requested.cost(until);
    let licences = licences(&state, &changes, &release).await?;
    if changes.is_page() {
        let read = state.read(Some(&release), cost, |connection| async move {
            let found = changes::find(&connection, requested, until).await?;
            let page = changes::page(&connection, requested, &found.steps).await?;
            Ok((found.unknown, page))
        });
        let (unknown, page) = read.await?;
        refuse(unknown)?;
        if held == Held::AnyAnswer {
            return Ok(headers(HttpResponse::NotModified()).finish());
        }
        return coding.compress_response(answer::page(requested, &release, links, (&page, &licences), response)?).await;
    }
    let demand = Demand::of(changes.presentation().representation, coding);
    let place = state.export_places.acquire(state.bounds.client(&request), demand).await?;
    let found =
        state.read(Some(&release), cost, |connection| async move { changes::find(&connection, requested, until).await }).await?;
    refuse(found.unknown)?;
    if held == Held::AnyAnswer {
        return Ok(headers(HttpResponse::NotModified()).finish());
    }
    let writer = answer::writer(&changes, &release, &links.pinned, &licences)?;
    let mut response = answer::file(&changes, &release, response);
    coding.add_header(&mut response);
    if request.method() == Method::HEAD {
        // A stream, since the length of the answer to GET is unknown.
        return Ok(response.streaming(futures_util::stream::empty::<io::Result<Bytes>>()));
    }
    let rows = changes::stream(&state.exports, Arc::new(changes), release, found.steps);
    Ok(response.streaming(row_stream::stream(&state, rows, (Box::new(writer), coding), place).await?))
}

/// The licences of the datasets of a request.
async fn licences(state: &State, changes: &Changes, release: &Release) -> Result<Licences, Problem> {
    let mut all = BTreeSet::new();
    for plan in &changes.plans {
        all.extend(execute::licences(state, plan.selection.context.dataset, release).await?.iter().cloned());
    }
    Ok(all.into_iter().collect())
}

/// The last release of the answer.
async fn release(state: &State, changes: &Changes) -> Result<Release, Problem> {
    let until = changes.until;
    let newest = execute::release(state, None).await?;
    let last = if until.is_some() { execute::release(state, until).await? } else { newest.clone() };
    let Some(newest) = newest else { return Err(no_release(None, None)) };
    let since = (changes.since > newest.number).then_some(("since", changes.since));
    let until = until.filter(|_| last.is_none()).map(|until| ("until", until));
    let missing = |(name, number): (&str, i32)| {
        let detail = format!("This release does not exist; the newest is {}.", newest.number);
        Fault::new(Reason::UnknownRelease, name, detail).value(&number.to_string()).closest([newest.number.to_string()])
    };
    let faults: Vec<Fault> = since.into_iter().chain(until).map(missing).collect();
    match last {
        Some(last) if faults.is_empty() => Ok(last),
        _ => Err(Problem::invalid_parameters(faults)),
    }
}

fn refuse(unknown: Vec<UnknownCode>) -> Result<(), Problem> {
    match unknown.is_empty() {
        true => Ok(()),
        false => Err(Problem::invalid_parameters(unknown.into_iter().map(unknown_code).collect())),
    }
}
