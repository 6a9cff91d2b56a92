//! Owns `/v1/changes`: what each release changed, for those who keep a copy in step.
//! Must not know SQL, nor how changes are found or written.

pub mod answer;

use std::io;
use std::sync::Arc;

use actix_web::http::{Method, header};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;

use super::changes::answer::Answer;
use crate::db::read::changes;
use crate::db::read::checked::UnknownCode;
use crate::http::cache::compression::Coding;
use crate::http::cache::etag;
use crate::http::execute;
use crate::http::request::{accept, path_and_query};
use crate::http::response::header_names::RELEASE;
use crate::http::response::refusals::no_release;
use crate::http::response::row_stream;
use crate::http::state::State;
use crate::problem::{Fault, Kind, Problem};
use crate::query::Release;
use crate::query::changes::REPRESENTATIONS;
use crate::query::{Changes, Representation};

/// Changes
///
/// What every release after `since` changed, in order: whoever applies the changes has what the collections have. A row that
/// a release adds or changes is an `upsert`, one that it withdraws a `withdraw`; a row is named at most once a release. A
/// request for some rows only (`within`, filters) is told of all that its own selection gains and loses: a row that no longer
/// suits it, because the row or the geography has changed, is a `withdraw` too, without a `reason`.
///
/// All datasets are given but `releases`: also `memberships` and `containments` (what lies in what) and `contours`. Datasets
/// without a territory come whole beside `within` and `touching`. When `dataset` names one alone, its filters may be given as at
/// its collection.
///
/// Pages end at the newest release when the first of them is read: nothing comes twice and nothing is left out, whatever is
/// published meanwhile. A page may have fewer changes than `limit`, or none, and yet lead on. On the last page `meta.release` is the `since` of the next time, and `links.poll` its address. NDJSON and
/// CSV give all at once unless `limit` is given; the header `X-Release` says the release. CSV has the columns of the dataset
/// when there is one alone, else each row as JSON.
#[utoipa::path(
    get,
    path = "/v1/changes",
    operation_id = "listChanges",
    params(
        ("since" = Option<i32>, Query, description = "The release that the client has; 0, or left out, for everything.", example = 1, minimum = 0),
        ("until" = Option<i32>, Query, description = "The last release whose changes are given; the newest when left out.", example = 2, minimum = 1),
        ("dataset" = Option<Vec<String>>, Query, style = Form, explode = false, description = "These datasets only.", example = json!(["conventions", "measures"])),
        ("within" = Option<Vec<String>>, Query, style = Form, explode = false, description = "Rows of these territories and of all that lies wholly in them.", example = json!(["REG-32"])),
        ("touching" = Option<Vec<String>>, Query, style = Form, explode = false, description = "Rows of these territories and of all that lies in them, wholly or partly.", example = json!(["REG-32"])),
        ("limit" = Option<i32>, Query, description = "Changes at most on a page. As JSON 100 when left out; in the other representations all changes.", example = 5, minimum = 1, maximum = 1000),
        ("cursor" = Option<String>, Query, description = "Where the page starts: follow `links.next`.", pattern = "^[A-Za-z0-9_-]+$"),
        ("format" = Option<String>, Query, description = "The representation; goes before the header `Accept`: `json`, `ndjson`, `csv`.", pattern = "^(json|ndjson|csv)$", example = "json"),
        ("delimiter" = Option<String>, Query, description = "Delimiter of CSV: `,`, `;` or `tab`.", pattern = "^(,|;|tab)$"),
        ("decimal" = Option<String>, Query, description = "Decimal mark of CSV: `.` or `,`.", pattern = "^[.,]$"),
        ("bom" = Option<bool>, Query, description = "CSV for spreadsheets."),
        ("trailer" = Option<bool>, Query, description = "Ends NDJSON with a line that counts the changes and names the release."),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of this address's last answer: 304 when nothing has been published since."),
    ),
    responses(
        (status = 200, description = "The changes.", content(
            (Answer<'static> = "application/json"), (String = "application/x-ndjson"), (String = "text/csv"),
        )),
        (status = 304, description = "Nothing has been published since the answer that the client has."),
    )
)]
pub async fn changes(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    let pairs = path_and_query::pairs(&request)?;
    let preferred = accept::among(&request, REPRESENTATIONS);
    let changes =
        Changes::read(state.registry, &pairs, preferred.unwrap_or(Representation::Json)).map_err(Problem::invalid_parameters)?;
    if preferred.is_none() && !pairs.iter().any(|(name, _)| name == "format") {
        return Err(accept::none_of("changes", REPRESENTATIONS));
    }
    let release = release(&state, &changes).await?;
    let links = answer::links(&changes, release.number);
    let coding = Coding::preferred(&request);
    let tag = etag::tag(&[&links.pinned, coding.name().unwrap_or_default()]);
    let (mut response, same) = etag::revalidate(&request, &tag);
    response.insert_header((header::VARY, "Accept, Accept-Encoding"));
    response.insert_header((header::CONTENT_LOCATION, links.pinned.as_str()));
    response.insert_header((RELEASE, release.number));
    if same {
        return Ok(response.finish());
    }
    let (asked, until) = (&changes, release.number);
    if changes.is_page() {
        let read = state.pool.read_at(Some(&release), |connection| async move {
            let found = changes::find(&connection, asked, until).await?;
            let page = changes::page(&connection, asked, &found.steps).await?;
            Ok((found.unknown, page))
        });
        let (unknown, page) = read.await?;
        refuse(unknown, until)?;
        return coding.compress_response(answer::page(asked, &release, links, &page, response)?).await;
    }
    let permit = state.exports.permit().ok_or_else(|| Problem::new(Kind::Unavailable, "Too many exports are running."))?;
    let found =
        state.pool.read_at(Some(&release), |connection| async move { changes::find(&connection, asked, until).await }).await?;
    refuse(found.unknown, until)?;
    let writer = answer::writer(&changes, &release, &links.pinned)?;
    let mut response = answer::file(&changes, &release, response);
    coding.add_header(&mut response);
    if request.method() == Method::HEAD {
        // As of any export, the length of the answer to GET is not known.
        return Ok(response.streaming(futures_util::stream::empty::<io::Result<Bytes>>()));
    }
    let rows = changes::stream(&state.exports, Arc::new(changes), release, found.steps);
    Ok(response.streaming(row_stream::stream(&state, rows, (Box::new(writer), coding), permit).await?))
}

/// The last release whose changes are given.
async fn release(state: &State, changes: &Changes) -> Result<Release, Problem> {
    let until = changes.until;
    let newest = execute::release(state, None).await?;
    let asked = if until.is_some() { execute::release(state, until).await? } else { newest.clone() };
    let Some(newest) = newest else { return Err(no_release(None, None)) };
    let since = (changes.since > newest.number).then_some(("since", changes.since));
    let until = until.filter(|_| asked.is_none()).map(|until| ("until", until));
    let missing = |(name, number): (&str, i32)| {
        let detail = format!("There is no such release; the newest is {}.", newest.number);
        Fault::new(name, detail).value(&number.to_string()).closest([newest.number.to_string()])
    };
    let faults: Vec<Fault> = since.into_iter().chain(until).map(missing).collect();
    match asked {
        Some(asked) if faults.is_empty() => Ok(asked),
        _ => Err(Problem::invalid_parameters(faults)),
    }
}

fn refuse(unknown: Vec<UnknownCode>, until: i32) -> Result<(), Problem> {
    let fault = |one: UnknownCode| {
        let detail = format!("No row of {} has had this code up to release {until}.", one.dataset.name);
        Fault::new(one.parameter, detail).value(&one.code).closest(one.closest)
    };
    match unknown.is_empty() {
        true => Ok(()),
        false => Err(Problem::invalid_parameters(unknown.into_iter().map(fault).collect())),
    }
}
