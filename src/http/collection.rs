//! Owns lists: `/v1/{dataset}` and `/v1/{dataset}/{code}/{link}`.
//! Must not know any one dataset, nor SQL.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};

use super::envelope::{self, Links, Meta, Total};
use super::state::State;
use super::{item, request};
use crate::db::read::{self, Answer, Page, UnknownCode};
use crate::format::json;
use crate::problem::{Fault, Kind as ProblemKind, Problem};
use crate::query::cursor::{self, Position};
use crate::query::{Context, Dataset, Plan, pairs};

/// Answers a list. `parent` is the dataset that the link starts from, when there is one.
///
/// # Errors
/// 400 with every fault of the request, 404 for an unknown parent, 503 when the database does not answer.
pub async fn list(
    request: HttpRequest,
    state: web::Data<State>,
    context: Context,
    parent: Option<&'static Dataset>,
) -> Result<HttpResponse, Problem> {
    let code = parent.map(|_| request::code(&request)).transpose()?;
    let plan = Plan::read(context, code, &request::pairs(&request)?).map_err(Problem::invalid_parameters)?;
    let plan = &plan;
    let registry = state.registry;
    let answer = state.pool.read(|connection| async move { read::answer(&connection, registry, parent, plan).await }).await?;
    match answer {
        Answer::Page(page) => Ok(respond(plan, parent, &page)),
        Answer::NoRelease(newest) => Err(no_release(plan.release, newest)),
        Answer::NoParent(release, closest) => {
            let parent = parent.expect("only links have parents");
            Err(item::unknown(parent, plan.parent.as_deref().unwrap_or_default(), release.number, closest))
        }
        Answer::UnknownCodes(release, unknown) => {
            Err(Problem::invalid_parameters(unknown.into_iter().map(|one| fault(one, release.number)).collect()))
        }
    }
}

/// The problem of a release that is not there.
pub fn no_release(asked: Option<i32>, newest: Option<i32>) -> Problem {
    let (Some(asked), Some(newest)) = (asked, newest) else {
        return Problem::new(ProblemKind::Unavailable, "Nothing has been published yet.");
    };
    let fault = Fault::new("release", format!("There is no such release; the newest is {newest}."));
    Problem::invalid_parameters(vec![fault.value(&asked.to_string()).closest([newest.to_string()])])
}

fn fault(unknown: UnknownCode, release: i32) -> Fault {
    let detail = format!("No row of {} has this code in release {release}.", unknown.dataset.name);
    Fault::new(unknown.parameter, detail).value(&unknown.code).closest(unknown.closest)
}

fn respond(plan: &Plan, parent: Option<&'static Dataset>, page: &Page) -> HttpResponse {
    let context = plan.context;
    let mut data = Vec::with_capacity(page.rows.len() * 512);
    json::rows(&mut data, || context.fields(), page.rows.iter().map(|row| row.0.as_slice()));
    let mut meta = Meta::new(context.dataset.name, &page.release);
    meta.count = Some(page.rows.len());
    meta.total = page.total.map(|value| Total { value, relation: "eq" });
    envelope::answer(&data, &meta, &links(plan, parent, page))
}

fn links(plan: &Plan, parent: Option<&'static Dataset>, page: &Page) -> Links {
    let path = match (parent, &plan.parent, plan.context.link) {
        (Some(parent), Some(code), Some(link)) => format!("/v1/{}/{}/{}", parent.name, pairs::encode_segment(code), link.name),
        _ => format!("/v1/{}", plan.context.dataset.name),
    };
    let number = page.release.number;
    let own: Vec<(&str, String)> = match &plan.after {
        Some(position) => vec![("cursor", cursor::encode(position, &plan.identity()))],
        None => plan.release.map(|release| ("release", release.to_string())).into_iter().collect(),
    };
    let pinned = match &plan.after {
        Some(_) => own.clone(),
        None => vec![("release", number.to_string())],
    };
    let next = next(plan, page).map(|position| vec![("cursor", cursor::encode(&position, &plan.identity()))]);
    let address = |more: &[(&str, String)]| format!("{path}{}", plan.query_string(more));
    Links {
        this: address(&own),
        pinned: address(&pinned),
        next: next.map(|more| address(&more)),
        collection: None,
        related: BTreeMap::new(),
    }
}

/// Where the next page starts: after the last row of this one, at the same release.
fn next(plan: &Plan, page: &Page) -> Option<Position> {
    let last = page.rows.last().filter(|_| page.more)?;
    let value = |name: &str| {
        let at = plan.context.fields().position(|field| field.name == name)?;
        last.0.get(at)?.clone()
    };
    Some(Position { release: page.release.number, values: plan.sort.iter().map(|term| value(term.field.name)).collect() })
}
