//! Owns `/v1/releases.atom`: the newest releases as a feed (Atom, RFC 4287) for readers and harvesters.
//! Must not know SQL.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use atom_syndication::{Entry, Feed, Generator, Link, Person, Text};
use chrono::{DateTime, FixedOffset};

use crate::db::read::page::Page;
use crate::http::cache::etag::{self, Held};
use crate::http::cache::policy::vary;
use crate::http::execute;
use crate::http::request::public_address::PublicAddress;
use crate::http::request::{path_and_query, paths};
use crate::http::response::header_names::RELEASE_NUMBER;
use crate::http::response::refusals::no_release;
use crate::http::state::State;
use crate::problem::Problem;
use crate::query::model::text;
use crate::query::model::value::instant;
use crate::query::{Context, Plan, Representation, parse};

/// The most entries, the newest first.
const MAX_ENTRIES: usize = 50;

/// Feed of releases
///
/// Returns the 50 newest releases as an Atom feed (RFC 4287) in French: the title and the publisher of each release, how
/// many rows it added, changed and withdrew, and a link to its changes. Poll it with `If-None-Match`.
#[utoipa::path(
    get,
    path = "/v1/releases.atom",
    operation_id = "getReleasesFeed",
    responses(
        (status = 200, description = "The feed.", content_type = "application/atom+xml", body = String),
    )
)]
pub async fn feed(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    path_and_query::no_parameters(&request)?;
    let Some(newest) = execute::release(&state, None).await? else { return Err(no_release(None, None)) };
    // The feed depends on the newest release and on the public address, so these make its tag, and no row is read for a 304.
    let public = PublicAddress::current();
    let base = public.base_or(&state.problem_base);
    let tag = etag::tag(&[paths::RELEASES_FEED, base, &newest.number.to_string()]);
    let modified = newest.published_at.into();
    let headers = |response| {
        let mut response = etag::with_validators(response, &tag, Some(modified));
        response.insert_header((RELEASE_NUMBER, newest.number)).insert_header((header::VARY, vary("Accept-Encoding", &public)));
        response
    };
    if etag::held(&request, &tag, Some(modified)) != Held::Other {
        return Ok(headers(HttpResponse::NotModified()).finish());
    }
    let mut response = headers(HttpResponse::Ok());
    let releases = state.dataset(paths::RELEASES_DATASET).ok_or_else(Problem::internal)?;
    let pairs = [("sort", "-number".to_owned()), ("limit", MAX_ENTRIES.to_string()), ("release", newest.number.to_string())];
    let pairs = pairs.map(|(name, value)| (name.to_owned(), value));
    let plan = parse::collection(Context::of(state.registry, releases), None, &pairs, Representation::Json)
        .map_err(Problem::invalid_parameters)?;
    let plan = &plan.at(newest.clone());
    let page = execute::page(&state, plan, None).await?;
    let feed = well_formed(document(plan, &page, base).to_string());
    Ok(response.content_type("application/atom+xml; charset=utf-8").body(feed))
}

/// Replaces characters that no XML document can hold, whatever texts are stored.
fn well_formed(feed: String) -> String {
    match text::forbidden_character(&feed) {
        None => feed,
        Some(_) => feed.chars().map(|c| if text::is_forbidden(c) { char::REPLACEMENT_CHARACTER } else { c }).collect(),
    }
}

fn document(plan: &Plan, page: &Page, base: &str) -> Feed {
    let address = format!("{base}{}", paths::RELEASES_FEED);
    let cell = |row: usize, name: &str| {
        let at = plan.reading.columns.iter().position(|column| column.name == name)?;
        page.rows.get(row)?.cell(at)
    };
    let entries = (0..page.rows.len()).filter_map(|at| entry(base, |name| cell(at, name))).collect();
    Feed {
        title: "Repères : publications".into(),
        subtitle: Some(
            "Ce qui est publié de la stratégie de prévention et de lutte contre la pauvreté dans les Hauts-de-France.".into(),
        ),
        id: address.clone(),
        updated: time(&instant(page.release.published_at)),
        authors: vec![person("Repères")],
        links: vec![
            link("self", address, "application/atom+xml"),
            link("alternate", format!("{base}{}", paths::RELEASES), "application/json"),
        ],
        generator: Some(Generator {
            value: "Repères".to_owned(),
            uri: None,
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        }),
        lang: Some("fr".to_owned()),
        entries,
        ..Feed::default()
    }
}

/// The entry of one release; `None` if a required cell is missing.
fn entry<'c>(base: &str, cell: impl Fn(&str) -> Option<&'c str>) -> Option<Entry> {
    let number: i32 = cell("number")?.parse().ok()?;
    let published = time(cell("published_at")?);
    let address = format!("{base}{}/{number}", paths::RELEASES);
    let counts =
        format!("Lignes ajoutées : {} ; modifiées : {} ; retirées : {}.", cell("added")?, cell("changed")?, cell("withdrawn")?);
    let summary = cell("notes").map_or_else(|| counts.clone(), |notes| format!("{notes}\n\n{counts}"));
    let changes = format!("{base}/v1/changes?since={}&until={number}", number - 1);
    Some(Entry {
        title: Text::plain(format!("Publication {number} : {}", cell("title")?)),
        id: address.clone(),
        updated: published,
        published: Some(published),
        authors: vec![person(cell("publisher")?)],
        rights: Some(Text::plain(cell("licence")?.to_owned())),
        links: vec![link("alternate", address, "application/json"), link("related", changes, "application/json")],
        summary: Some(Text::plain(summary)),
        ..Entry::default()
    })
}

fn person(name: &str) -> Person {
    Person { name: name.to_owned(), ..Person::default() }
}

fn link(rel: &str, href: String, media_type: &str) -> Link {
    Link { href, rel: rel.to_owned(), mime_type: Some(media_type.to_owned()), ..Link::default() }
}

/// Parses an instant of RFC 3339.
fn time(text: &str) -> DateTime<FixedOffset> {
    DateTime::parse_from_rfc3339(text).unwrap_or_default()
}
