//! Owns lists: `/v1/{dataset}` and `/v1/{dataset}/{code}/{link}`; decides by which way a request is answered.
//! Must not know any one dataset, nor SQL.

use std::collections::BTreeMap;

use actix_web::http::Method;
use actix_web::{HttpRequest, HttpResponse, web};

use super::{aggregates, comparisons, exports, items, wide_layout};
use crate::db::read::codes::{self, Release};
use crate::db::read::page::{self, Answer, Page, UnknownCode};
use crate::format::json;
use crate::http::cache::respond::{Asked, reply};
use crate::http::request::{accept, path_and_query};
use crate::http::response::envelope::{self, Links, Meta, instant};
use crate::http::response::geography_errors;
use crate::http::state::State;
use crate::problem::{Fault, Kind as ProblemKind, Problem};
use crate::query::cursor::{self, Position};
use crate::query::{Context, Dataset, Parameter, Plan, Representation, pairs};

/// Answers a list. `parent` is the dataset that the link starts from, when there is one.
///
/// # Errors
/// 400 with every fault of the request, 404 for an unknown parent, 406 for a representation that is not there, 503 when
/// the database does not answer.
pub async fn list(
    request: HttpRequest,
    state: web::Data<State>,
    context: Context,
    parent: Option<&'static Dataset>,
) -> Result<HttpResponse, Problem> {
    let code = parent.map(|_| path_and_query::code(&request)).transpose()?;
    let (pairs, preferred) = (path_and_query::pairs(&request)?, accept::preferred(&request, context.dataset));
    let plan =
        Plan::read(context, code, &pairs, preferred.unwrap_or(Representation::Json)).map_err(Problem::invalid_parameters)?;
    let asked = pairs.iter().any(|(name, _)| *name == Parameter::Format.name());
    if preferred.is_none() && !asked {
        return Err(accept::not_acceptable(context.dataset));
    }
    let json = plan.presentation.representation == Representation::Json;
    let plan = settled(&state, plan, parent).await?;
    let whole = !plan.is_page() && !plan.presentation.wide && plan.grouping.is_none();
    let address = plan.address(&path(&plan, parent));
    let asked = Asked::plan(&plan, address).represented(plan.presentation.representation, !whole);
    let (request, state) = (&request, &*state);
    let (coding, head) = (asked.coding(request), request.method() == Method::HEAD);
    reply(request, state, asked, async || match (json, whole) {
        _ if plan.presentation.wide => wide_layout::answer(state, &plan, parent).await,
        _ if plan.grouping.is_some() => aggregates::answer(state, &plan, parent).await,
        (true, _) if !plan.compare.is_empty() => comparisons::answer(state, &plan, parent).await,
        (true, _) => Ok(respond(&plan, parent, &page(state, &plan, parent).await?)),
        (false, false) => exports::page(state, &plan, parent).await,
        (false, true) => exports::all(state, plan, parent, (coding, head)).await,
    })
    .await
}

/// The plan with the release that it reads, which the process knows, or else the database.
///
/// # Errors
/// 400 for a release that is not there, 503 when nothing has been published or the database does not answer.
pub async fn settled(state: &State, plan: Plan, parent: Option<&'static Dataset>) -> Result<Plan, Problem> {
    if let Some(known) = state.timeline.read_by(&plan) {
        return Ok(Plan { at: Some(known), ..plan });
    }
    let asked = &plan;
    match state.pool.read(|connection| async move { page::release(&connection, asked).await }).await? {
        Ok(found) => Ok(Plan { at: Some(found), ..plan }),
        Err(refused) => Err(refusal(state, &plan, parent, refused).await),
    }
}

/// The release with this number, or the newest, which the process knows, or else the database; nothing when it is not there.
///
/// # Errors
/// 503 when the database does not answer.
pub async fn release(state: &State, number: Option<i32>) -> Result<Option<Release>, Problem> {
    match state.timeline.find(number) {
        Some(known) => Ok(Some(known)),
        None => Ok(state.pool.read(|connection| async move { codes::release(&connection, number).await }).await?),
    }
}

/// Reads the page that a plan asks for.
///
/// # Errors
/// That of a request that names what is not there; 503 when the database does not answer.
pub async fn page(state: &State, plan: &Plan, parent: Option<&'static Dataset>) -> Result<Page, Problem> {
    match state.pool.read_at(plan.at.as_ref(), |connection| async move { page::answer(&connection, parent, plan).await }).await? {
        Answer::Page(page) => Ok(page),
        refused => Err(refusal(state, plan, parent, refused).await),
    }
}

/// The problem of a request that names what is not there.
pub async fn refusal(state: &State, plan: &Plan, parent: Option<&'static Dataset>, answer: Answer) -> Problem {
    match answer {
        Answer::Page(_) => Problem::internal(),
        Answer::NoRelease(newest) => no_release(plan.release, newest),
        Answer::BeforeFirst(first) => {
            let date = instant(first.published_at);
            let detail = format!("Nothing had been published yet: the first release is of {date}.");
            as_of_fault(plan, Fault::new(Parameter::AsOf.name(), detail).closest([date]))
        }
        Answer::OtherRelease(then) => {
            let held = plan.release.unwrap_or_default();
            let detail =
                format!("The cursor reads release {held}, and then release {} was the newest; leave `as_of` out.", then.number);
            as_of_fault(plan, Fault::new(Parameter::AsOf.name(), detail))
        }
        Answer::NoParent(release) => match parent {
            Some(parent) => items::absent(state, parent, plan.parent.as_deref().unwrap_or_default(), &release).await,
            None => Problem::internal(),
        },
        Answer::UnknownCodes(release, unknown) => {
            Problem::invalid_parameters(unknown.into_iter().map(|one| fault(one, release.number)).collect())
        }
        Answer::Untimely(release, untimely) => geography_errors::refusal(plan, release.number, untimely),
    }
}

fn as_of_fault(plan: &Plan, fault: Fault) -> Problem {
    let asked = plan.as_of.as_ref().map_or("", |as_of| as_of.text.as_str());
    Problem::invalid_parameters(vec![fault.value(asked)])
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
    let mut data = Vec::with_capacity(page.rows.len() * 512);
    json::array(&mut data, &plan.columns, &page.rows);
    let meta = Meta::of_page(plan.context.dataset.name, page);
    envelope::answer(&data, &meta, &links(plan, parent, page), &page.included)
}

/// The path of the collection that a plan asks.
pub fn path(plan: &Plan, parent: Option<&'static Dataset>) -> String {
    match (parent, &plan.parent, plan.context.link) {
        (Some(parent), Some(code), Some(link)) => format!("/v1/{}/{}/{}", parent.name, pairs::encode_segment(code), link.name),
        _ => format!("/v1/{}", plan.context.dataset.name),
    }
}

/// The address of the same rows at the release that they were read from. A cursor holds its release.
pub fn pinned(plan: &Plan, parent: Option<&'static Dataset>, release: i32) -> String {
    let own = match &plan.after {
        Some(position) => ("cursor", cursor::encode(position, &plan.identity())),
        None => ("release", release.to_string()),
    };
    format!("{}{}", path(plan, parent), plan.query_string(&[own]))
}

/// The addresses that lead on from a page.
pub fn links(plan: &Plan, parent: Option<&'static Dataset>, page: &Page) -> Links {
    let path = path(plan, parent);
    let after = |position: Position| ("cursor", cursor::encode(&position, &plan.identity()));
    Links {
        this: plan.address(&path),
        pinned: pinned(plan, parent, page.release.number),
        next: next(plan, page).map(|position| format!("{path}{}", plan.query_string(&[after(position)]))),
        previous: None,
        collection: None,
        related: BTreeMap::new(),
    }
}

/// Where the next page starts: after the last row of this one, at the same release.
fn next(plan: &Plan, page: &Page) -> Option<Position> {
    let last = page.rows.last().filter(|_| page.more)?;
    Some(Position { release: page.release.number, values: plan.position(last) })
}
