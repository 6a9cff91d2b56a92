//! Owns the responses of `/v1/changes`: a JSON page, a page as a file, and the writer of an export.
//! Must not know how changes are found.

use actix_web::http::header;
use actix_web::{HttpResponse, HttpResponseBuilder};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::db::read::changes::ChangesPage;
use crate::db::read::licences::Licences;
use crate::format::changes::{ChangeWriter, Shaper};
use crate::format::{self, About, AnySpace, json};
use crate::http::request::public_address::PublicAddress;
use crate::http::response::envelope::JSON;
use crate::http::response::file;
use crate::problem::Problem;
use crate::query::Release;
use crate::query::model::value::instant;
use crate::query::{Changes, Representation, Row};

const PATH: &str = "/v1/changes";

/// A page of changes.
#[derive(Serialize, ToSchema)]
#[schema(as = ChangePage)]
pub struct ChangesBody<'a> {
    /// The changes, in the order of releases, then of datasets as `/v1` lists them, then of keys.
    #[schema(value_type = Vec<Change>)]
    data: &'a RawValue,
    /// What was read.
    meta: ChangesMeta,
    /// Related addresses.
    links: ChangesLinks,
}

/// One change of a row by a release.
#[derive(ToSchema)]
pub struct Change {
    /// The release.
    #[schema(example = 2, minimum = 1)]
    pub release: i32,
    /// When it was published.
    #[schema(format = DateTime)]
    pub published_at: String,
    /// The dataset: a collection, or `contours`.
    #[schema(example = "conventions")]
    pub dataset: String,
    /// `upsert`: the row is new or has other values. `withdraw`: it is no longer published. `leave`: it is still published, but
    /// the request no longer selects it. An open list: it may grow, and a client that reads an unknown word reads the row again.
    #[schema(example = "upsert")]
    pub op: String,
    /// The code of the row: the fields of its key, joined by `~`.
    #[schema(example = "convention-bassin-minier")]
    pub code: String,
    /// The whole row, as its collection has it at that release; null unless `op` is `upsert`.
    #[schema(value_type = Option<Object>)]
    pub row: Option<()>,
    /// Why it was withdrawn, in French; the title of the release if no reason was recorded. Null unless `op` is `withdraw`.
    pub reason: Option<String>,
    /// The code of the row that replaces a withdrawn row, if one was named.
    pub successor_code: Option<String>,
}

/// What was read.
#[derive(Serialize, ToSchema)]
pub struct ChangesMeta {
    /// The release that the client has.
    #[schema(example = 1)]
    since: i32,
    /// The last release of the answer: after the last page, the `since` of the next request.
    #[schema(example = 2)]
    release: i32,
    /// When that release was published.
    #[schema(format = DateTime)]
    published_at: String,
    /// The licences of the sources that rows of these datasets name at that release.
    #[schema(example = json!(["etalab-2.0"]))]
    licences: Vec<String>,
    /// The `cursor` of the next page, as `links.next` has it; null on the last page.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// Related addresses: absolute where the public address of the service is known, else relative to the server.
#[derive(Serialize, ToSchema)]
pub struct ChangesLinks {
    /// This request, in canonical form.
    #[serde(rename = "self")]
    pub this: String,
    /// This request up to this release: the same changes for ever. Members may join them.
    pub pinned: String,
    /// The next page, up to the same release; null on the last page.
    #[schema(required = true)]
    next: Option<String>,
    /// The changes after this release; only on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    poll: Option<String>,
}

/// The addresses that depend on the request alone.
pub fn links(changes: &Changes, until: i32) -> ChangesLinks {
    let cursor = changes.after.as_ref().map(|after| ("cursor", changes.cursor(until, after)));
    let public = PublicAddress::current();
    let address = |more: &[(&str, String)]| public.absolute(&format!("{PATH}{}", changes.query_string(&[], more)));
    let pinned = match &cursor {
        // The cursor contains the release.
        Some(cursor) => address(std::slice::from_ref(cursor)),
        None => {
            let query = changes.query_string(&["until"], &[("until", until.to_string())]);
            public.absolute(&format!("{PATH}{query}"))
        }
    };
    ChangesLinks { this: address(cursor.as_slice()), pinned, next: None, poll: None }
}

/// Responds with a page, as JSON or as a file.
///
/// # Errors
/// Returns 400 if the representation cannot hold the rows.
pub fn page(
    changes: &Changes,
    release: &Release,
    mut links: ChangesLinks,
    (page, licences): (&ChangesPage, &Licences),
    mut response: HttpResponseBuilder,
) -> Result<HttpResponse, Problem> {
    let public = PublicAddress::current();
    let next_cursor = page.more.as_ref().map(|after| changes.cursor(release.number, after));
    match &next_cursor {
        Some(cursor) => {
            let next = public.absolute(&format!("{PATH}{}", changes.query_string(&[], &[("cursor", cursor.clone())])));
            response.append_header((header::LINK, format!("<{next}>; rel=\"next\"")));
            links.next = Some(next);
        }
        None => {
            let since = ("since", release.number.to_string());
            links.poll = Some(public.absolute(&format!("{PATH}{}", changes.query_string(&["since", "until"], &[since]))));
        }
    }
    if changes.presentation().representation != Representation::Json {
        let mut body = Vec::new();
        let mut writer = writer(changes, release, &links.pinned, licences)?;
        file::write(&mut writer, &mut body, &page.rows).map_err(|error| file::unwritable(&error))?;
        return Ok(file(changes, release, response).body(body));
    }
    let shaper = Shaper::new(changes, false);
    let rows: Vec<Row> = page.rows.iter().map(|row| shaper.shape(row.view())).collect();
    let mut data = Vec::with_capacity(rows.iter().map(Row::bytes).sum::<usize>() * 2);
    json::array(&mut data, &shaper.columns(), &rows);
    let data: &RawValue = serde_json::from_slice(&data).map_err(|error| {
        log::error!("cannot write changes as JSON: {error}");
        Problem::internal()
    })?;
    let meta = ChangesMeta {
        since: changes.since,
        release: release.number,
        published_at: instant(release.published_at),
        licences: licences.to_vec(),
        next_cursor,
    };
    response.insert_header((header::CONTENT_TYPE, JSON));
    Ok(response.json(ChangesBody { data, meta, links }))
}

/// The writer of changes in the representation of the request.
///
/// # Errors
/// Returns 400 if the representation cannot hold the rows.
pub fn writer(changes: &Changes, release: &Release, pinned: &str, licences: &Licences) -> Result<ChangeWriter, Problem> {
    let plan = &changes.plans[0];
    let shaper = Shaper::new(changes, changes.is_flat());
    let about = About {
        dataset: plan.selection.context.dataset,
        columns: shaper.columns(),
        release: release.number,
        published_at: instant(release.published_at),
        pinned: pinned.to_owned(),
        licences: Licences::clone(licences),
    };
    let rows = format::writer(plan, &about, Box::new(AnySpace)).map_err(|error| file::unwritable(&error))?;
    Ok(ChangeWriter::new(shaper, rows))
}

/// The head of a response that is a file.
pub fn file(changes: &Changes, release: &Release, mut response: HttpResponseBuilder) -> HttpResponseBuilder {
    let representation = changes.presentation().representation;
    let name = format!("reperes-changes-{}-{}.{}", changes.since, release.number, representation.extension());
    response.insert_header((header::CONTENT_TYPE, representation.content_type()));
    response.insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")));
    response
}
