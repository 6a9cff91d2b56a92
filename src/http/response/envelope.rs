//! Owns the envelope of JSON responses: `data`, `included`, `meta`, `links`.
//! Must not know how the data was found.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::http::header;
use serde::Serialize;
use utoipa::ToSchema;

use super::header_names::TOTAL_COUNT;
use super::included;
use super::next_page;
use super::notices::{self, NoticeText};
use crate::db::read::page::Page;
use crate::db::read::related::{Facet, Included};
use crate::http::request::public_address::PublicAddress;
use crate::query::model::value::instant;
use crate::query::{Release, ResolvedPlan};

/// The media type of JSON responses.
pub const JSON: &str = "application/json; charset=utf-8";

/// The relation of a total that is exact.
const EXACT: &str = "eq";

/// What was read.
#[derive(Serialize, ToSchema)]
pub struct Meta {
    /// The dataset of the rows.
    #[schema(example = "territories")]
    pub dataset: &'static str,
    /// The release that was read. The same request with `release=` this number always returns the same rows with the same values.
    #[schema(example = 2)]
    pub release: i32,
    /// When that release was published.
    #[schema(example = "2026-11-24T09:00:00Z", format = DateTime)]
    pub published_at: String,
    /// The licences of the sources that rows of the dataset name at this release; of a computed dataset, those of the datasets
    /// that it is computed from; of sources and releases, their own. The words are those of the sources.
    #[schema(example = json!(["etalab-2.0"]))]
    pub licences: Vec<String>,
    /// The number of all rows, if the request has `total`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<Total>,
    /// `approximate`: no row matches the search; these rows have a similar title.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "approximate")]
    pub search: Option<&'static str>,
    /// Notices. Of observations, at most 20: corrections since their first publication, the newest first, breaks of series,
    /// figures that are not final. In every dataset: one for each code of the request that selects nothing although a release
    /// knows it, and for texts and numbers that may be meant otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 5000)]
    pub notices: Option<Vec<NoticeText>>,
    /// The names in `include` that have more rows than the limit, so that `included` lacks some.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub included_truncated: Vec<String>,
    /// The values of each field in `facets`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub facets: BTreeMap<&'static str, FacetValues>,
    /// Of a page, the `cursor` of the next one, as `links.next` has it; null on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, required = false)]
    pub next_cursor: Option<Option<String>>,
}

/// The values of a field among the rows that all filters except those on the field itself select.
#[derive(Serialize, ToSchema)]
pub struct FacetValues {
    /// The values, at most 100, the most frequent first.
    pub choices: Vec<FacetValue>,
    /// Whether more values exist.
    pub more: bool,
}

/// One value of a field.
#[derive(Serialize, ToSchema)]
pub struct FacetValue {
    /// The value.
    #[schema(example = "commune")]
    pub value: String,
    /// The number of rows with it.
    #[schema(example = 3782)]
    pub count: i64,
}

/// The number of all rows that the request selects.
#[derive(Serialize, ToSchema)]
pub struct Total {
    /// The number.
    #[schema(example = 3782)]
    pub value: i64,
    /// `eq`: the number is exact; `gte`: it is a lower bound.
    #[schema(example = "eq")]
    pub relation: &'static str,
}

/// Related addresses: absolute where the public address of the service is known, else relative to the server.
#[derive(Clone, Serialize, ToSchema)]
pub struct Links {
    /// This request, in canonical form.
    #[serde(rename = "self")]
    #[schema(example = "/v1/territories?kind=commune")]
    pub this: String,
    /// This request at this release: the same rows with the same values for ever. Members may join them.
    #[schema(example = "/v1/territories?kind=commune&release=2")]
    pub pinned: String,
    /// The next page at the same release, null on the last page; for a release, the next release.
    #[schema(required = true)]
    pub next: Option<String>,
    /// For a release, the previous release.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/v1/releases/1")]
    pub previous: Option<String>,
    /// The collection that the row belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/v1/territories")]
    pub collection: Option<String>,
    /// The addresses of related rows, by the name of the link.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub related: BTreeMap<&'static str, String>,
}

impl Meta {
    /// The `meta` of a response that reads a release.
    pub fn new(dataset: &'static str, release: &Release, licences: &[String]) -> Self {
        Self {
            dataset,
            release: release.number,
            published_at: instant(release.published_at),
            licences: licences.to_vec(),
            total: None,
            search: None,
            notices: None,
            included_truncated: Vec::new(),
            facets: BTreeMap::new(),
            next_cursor: None,
        }
    }

    /// The `meta` of a page of the rows of a plan.
    pub fn of_page(plan: &ResolvedPlan, page: &Page, licences: &[String]) -> Self {
        let choices = |facet: &Facet| FacetValues {
            choices: facet.choices.iter().map(|(value, count)| FacetValue { value: value.clone(), count: *count }).collect(),
            more: facet.more,
        };
        Self {
            total: page.total.map(|(value, exact)| Total { value, relation: if exact { EXACT } else { "gte" } }),
            search: page.approximate.then_some("approximate"),
            notices: notices::all(page.notices.as_ref(), &page.unselected),
            included_truncated: included::truncated(&page.included),
            facets: page.facets.iter().map(|facet| (facet.field.name, choices(facet))).collect(),
            next_cursor: Some(next_page::cursor(plan, page)),
            ..Self::new(plan.selection.context.dataset.name, &page.release, licences)
        }
    }
}

impl Links {
    /// The links as an answer has them.
    fn absolute(&self) -> Self {
        let public = PublicAddress::current();
        let absolute = |address: &String| public.absolute(address);
        Self {
            this: absolute(&self.this),
            pinned: absolute(&self.pinned),
            next: self.next.as_ref().map(absolute),
            previous: self.previous.as_ref().map(absolute),
            collection: self.collection.as_ref().map(absolute),
            related: self.related.iter().map(|(name, address)| (*name, absolute(address))).collect(),
        }
    }
}

/// The value of `Total-Count`.
pub fn total_count(value: i64, exact: bool) -> String {
    if exact { value.to_string() } else { format!(">={value}") }
}

/// Responds with `{"data": …, "included": …, "meta": …, "links": …}`; `data` is JSON.
pub fn answer(data: &[u8], meta: &Meta, links: &Links, included: &[Included]) -> HttpResponse {
    let links = &links.absolute();
    let mut body = Vec::with_capacity(data.len() + 1024);
    body.extend_from_slice(b"{\"data\":");
    body.extend_from_slice(data);
    if !included.is_empty() {
        body.extend_from_slice(b",\"included\":");
        included::write(&mut body, included);
    }
    body.extend_from_slice(b",\"meta\":");
    serde_json::to_writer(&mut body, meta).expect("plain structures are valid JSON");
    body.extend_from_slice(b",\"links\":");
    serde_json::to_writer(&mut body, links).expect("plain structures are valid JSON");
    body.push(b'}');
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CONTENT_TYPE, JSON));
    if let Some(total) = &meta.total {
        response.insert_header((TOTAL_COUNT, total_count(total.value, total.relation == EXACT)));
    }
    for (address, relation) in [(&links.next, "next"), (&links.previous, "prev")] {
        if let Some(address) = address {
            response.append_header((header::LINK, format!("<{address}>; rel=\"{relation}\"")));
        }
    }
    response.body(body)
}
