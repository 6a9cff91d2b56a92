//! Owns what stands around the data in JSON answers: `meta` says what was read, `links` lead on.
//! Must not know how the data was found.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::http::header;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::notices::{self, Notice};
use crate::db::read::page::Page;
use crate::db::read::related::{Facet, Included};
use crate::format::{LICENCE, json};
use crate::query::Column;
use crate::query::Release;

/// The media type of JSON answers.
pub const JSON: &str = "application/json; charset=utf-8";

/// What was read.
#[derive(Serialize, ToSchema)]
pub struct Meta {
    /// The dataset of the rows.
    #[schema(example = "territories")]
    pub dataset: &'static str,
    /// The release that the answer was read from. The same request with `release=` this number gives the same data for ever.
    #[schema(example = 2)]
    pub release: i32,
    /// When that release was published.
    #[schema(example = "2026-11-24T09:00:00Z", format = DateTime)]
    pub published_at: String,
    /// The licence of the data: Licence Ouverte 2.0.
    #[schema(example = "etalab-2.0")]
    pub licence: &'static str,
    /// The number of rows in this answer.
    #[schema(example = 100)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<usize>,
    /// The number of all rows, when `count` asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<Total>,
    /// `approximate`: no row has the words searched for; these have titles like them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "approximate")]
    pub search: Option<&'static str>,
    /// What must be known of the observations in the answer: corrections since they were first published, the newest first,
    /// breaks of series, figures that are not final; at most 20. Only where there are observations.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 20)]
    pub notices: Option<Vec<Notice>>,
    /// The choices that remain of each field in `facets`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub facets: BTreeMap<&'static str, Choices>,
}

/// The choices that remain of a field: its values among the rows that all filters but those on the field select.
#[derive(Serialize, ToSchema)]
pub struct Choices {
    /// The most frequent first, at most 100.
    pub choices: Vec<Choice>,
    /// Whether there are more.
    pub more: bool,
}

/// One value of a field.
#[derive(Serialize, ToSchema)]
#[schema(title = "Choice")]
pub struct Choice {
    /// The value.
    #[schema(example = "commune")]
    pub value: String,
    /// The number of its rows.
    #[schema(example = 3782)]
    pub count: i64,
}

/// The number of all rows that the request selects.
#[derive(Serialize, ToSchema)]
pub struct Total {
    /// The number.
    #[schema(example = 3782)]
    pub value: i64,
    /// `eq`: the number is exact; `gte`: there are at least so many.
    #[schema(example = "eq")]
    pub relation: &'static str,
}

/// Addresses that lead on from the answer, relative to the server.
#[derive(Serialize, ToSchema)]
pub struct Links {
    /// This request, in canonical form.
    #[serde(rename = "self")]
    #[schema(example = "/v1/territories?kind=commune")]
    pub this: String,
    /// This request at this release: its answer never changes.
    #[schema(example = "/v1/territories?kind=commune&release=2")]
    pub pinned: String,
    /// The next page, at the same release, missing on the last page; of a release, the one after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Of a release, the one before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/v1/releases/1")]
    pub previous: Option<String>,
    /// The collection that the row belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/v1/territories")]
    pub collection: Option<String>,
    /// The rows that this row leads to, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub related: BTreeMap<&'static str, String>,
}

impl Meta {
    /// The meta of an answer read from a release.
    pub fn new(dataset: &'static str, release: &Release) -> Self {
        Self {
            dataset,
            release: release.number,
            published_at: instant(release.published_at),
            licence: LICENCE,
            count: None,
            total: None,
            search: None,
            notices: None,
            facets: BTreeMap::new(),
        }
    }

    /// The meta of a page.
    pub fn of_page(dataset: &'static str, page: &Page) -> Self {
        let choices = |facet: &Facet| Choices {
            choices: facet.choices.iter().map(|(value, count)| Choice { value: value.clone(), count: *count }).collect(),
            more: facet.more,
        };
        Self {
            count: Some(page.rows.len()),
            total: page.total.map(|(value, exact)| Total { value, relation: if exact { "eq" } else { "gte" } }),
            search: page.approximate.then_some("approximate"),
            notices: notices::all(page.notices.as_ref()),
            facets: page.facets.iter().map(|facet| (facet.field.name, choices(facet))).collect(),
            ..Self::new(dataset, &page.release)
        }
    }
}

/// An instant, as in all answers.
pub fn instant(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// The answer: `{"data": …, "included": …, "meta": …, "links": …}`, where `data` is JSON already.
pub fn answer(data: &[u8], meta: &Meta, links: &Links, included: &[Included]) -> HttpResponse {
    let mut body = Vec::with_capacity(data.len() + 1024);
    body.extend_from_slice(b"{\"data\":");
    body.extend_from_slice(data);
    for (at, one) in included.iter().enumerate() {
        body.extend_from_slice(if at == 0 { b",\"included\":{" } else { b"," });
        let columns: Vec<Column> = one.include.dataset().fields.iter().map(Column::of).collect();
        json::string(&mut body, &one.include.name());
        body.extend_from_slice(b":{\"data\":");
        json::array(&mut body, &columns, &one.rows);
        body.extend_from_slice(if one.more { b",\"more\":true}" } else { b",\"more\":false}" });
    }
    if !included.is_empty() {
        body.push(b'}');
    }
    body.extend_from_slice(b",\"meta\":");
    serde_json::to_writer(&mut body, meta).expect("writing plain structures to memory cannot fail");
    body.extend_from_slice(b",\"links\":");
    serde_json::to_writer(&mut body, links).expect("writing plain structures to memory cannot fail");
    body.push(b'}');
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CONTENT_TYPE, JSON));
    for (address, relation) in [(&links.next, "next"), (&links.previous, "prev")] {
        if let Some(address) = address {
            response.append_header((header::LINK, format!("<{address}>; rel=\"{relation}\"")));
        }
    }
    response.body(body)
}
