//! Owns items: `/v1/{dataset}/{code}`.
//! Must not know any one dataset, nor SQL.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};

use crate::format::json;
use crate::http::cache::policy::CachePolicy;
use crate::http::execute;
use crate::http::request::path_and_query;
use crate::http::response::envelope::{self, Links, Meta};
use crate::http::response::respond_cached::respond_cached;
use crate::http::response::{included, links, notices};
use crate::http::state::State;
use crate::problem::Problem;
use crate::query::{Context, Dataset, Plan, ResolvedPlan, pairs};

/// Answers with one row.
///
/// # Errors
/// Returns 400 for an invalid parameter, 404 with the closest codes for an unknown code, 410 for a withdrawn row, 503 if the
/// database does not answer.
pub async fn item(request: HttpRequest, state: web::Data<State>, dataset: &'static Dataset) -> Result<HttpResponse, Problem> {
    let code = path_and_query::code(&request)?;
    let context = Context::of(state.registry, dataset);
    let plan = execute::item_plan(context, &context.item_parameters(), &code, &path_and_query::pairs(&request)?)?;
    let plan = execute::resolve(&state, plan).await?;
    let this = address(&plan, &code);
    row(&request, &state, &plan, (&code, this)).await
}

/// Answers with the row of the release that the request reads, which is the newest unless the request says otherwise.
///
/// # Errors
/// Returns 400 for an invalid parameter, 503 if the database does not answer.
pub async fn latest_release(request: &HttpRequest, state: &State, dataset: &'static Dataset) -> Result<HttpResponse, Problem> {
    let context = Context::of(state.registry, dataset);
    let plan = execute::item_plan(context, &context.item_parameters(), LATEST, &path_and_query::pairs(request)?)?;
    let ResolvedPlan { plan, release, .. } = execute::resolve(state, plan).await?;
    let (code, this) = (release.number.to_string(), address(&plan, LATEST));
    row(request, state, &plan.of_code(&code).at(release), (&code, this)).await
}

/// Answers with the row of a plan. `this` is the request in canonical form.
async fn row(
    request: &HttpRequest,
    state: &State,
    plan: &ResolvedPlan,
    (code, this): (&str, String),
) -> Result<HttpResponse, Problem> {
    let dataset = plan.selection.context.dataset;
    let policy = CachePolicy::of_plan(plan, this.clone());
    respond_cached(request, state, policy, async || {
        let (row, page) = execute::item(state, plan, code).await?;
        let licences = execute::licences(state, dataset, &page.release).await?;
        let mut data = Vec::with_capacity(1024);
        json::object(&mut data, &plan.reading.columns, row.view());
        let links = Links { this, ..item_links(plan, code, page.release.number) };
        let meta = Meta {
            notices: notices::all(page.notices.as_ref(), &page.unselected),
            included_truncated: included::truncated(&page.included),
            ..Meta::new(dataset.name, &page.release, &licences)
        };
        Ok(envelope::answer(&data, &meta, &links, &page.included))
    })
    .await
}

/// The word in the path for the newest release. No release has it as its number.
const LATEST: &str = "latest";

fn path(plan: &Plan, code: &str) -> String {
    format!("/v1/{}/{}", plan.selection.context.dataset.name, pairs::encode_segment(code))
}

/// The request in canonical form.
fn address(plan: &Plan, code: &str) -> String {
    plan.address(&path(plan, code))
}

fn item_links(plan: &Plan, code: &str, read: i32) -> Links {
    let (dataset, path) = (plan.selection.context.dataset, path(plan, code));
    let at = |release: i32| format!("{path}{}", plan.query_string(&[("release", release.to_string())]));
    // The numbers of releases have no gaps, up to the release that is read.
    let number = code.parse::<i32>().ok().filter(|_| dataset.is_newest_first());
    let neighbour = |step: i32| {
        let other = number?.checked_add(step).filter(|other| (1..=read).contains(other))?;
        Some(format!("/v1/{}/{other}", dataset.name))
    };
    let (segment, value) = (pairs::encode_segment(code), pairs::encode_listed(code));
    let mut related: BTreeMap<&'static str, String> = links::related(dataset, &segment, &value).collect();
    if let Some(number) = number {
        related.insert("changes", format!("/v1/changes?since={}&until={number}", number - 1));
    }
    Links {
        this: address(plan, code),
        pinned: at(read),
        next: neighbour(1),
        previous: neighbour(-1),
        collection: Some(format!("/v1/{}", dataset.name)),
        related,
    }
}
