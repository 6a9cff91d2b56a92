//! Owns items: `/v1/{dataset}/{code}`.
//! Must not know any one dataset, nor SQL.

use std::collections::BTreeMap;
use std::rc::Rc;

use actix_web::{HttpRequest, HttpResponse, web};

use super::collections;
use crate::db::read::page::Page;
use crate::db::read::withdrawn::{self, Fate, Withdrawal};
use crate::format::json;
use crate::http::cache::respond::{Asked, reply};
use crate::http::request::path_and_query;
use crate::http::response::envelope::{self, Links, Meta, instant};
use crate::http::response::geography_errors;
use crate::http::response::notices;
use crate::http::state::State;
use crate::problem::{self, Kind, Problem, echo};
use crate::query::{Condition, Context, Dataset, Parameter, Plan, Release, Row, Rows, pairs, value};

/// Answers an item.
///
/// # Errors
/// 400 for a parameter at fault, 404 with the closest codes for one that no row bears, 410 for one that was withdrawn, 503 when the database does not
/// answer.
pub async fn item(request: HttpRequest, state: web::Data<State>, dataset: &'static Dataset) -> Result<HttpResponse, Problem> {
    let code = path_and_query::code(&request)?;
    let context = Context::of(state.registry, dataset);
    let plan = find(context, &context.item_parameters(), &code, &path_and_query::pairs(&request)?)?;
    let plan = &collections::settled(&state, plan, None).await?;
    let asked = Asked::plan(plan, address(plan, &code));
    reply(&request, &state, asked, async || {
        let (row, page) = one(&state, plan, &code).await?;
        let mut data = Vec::with_capacity(1024);
        json::object(&mut data, &plan.columns, &row);
        let links = links(plan, &code, page.release.number);
        let meta = Meta { notices: notices::all(page.notices.as_ref()), ..Meta::new(dataset.name, &page.release) };
        Ok(envelope::answer(&data, &meta, &links, &page.included))
    })
    .await
}

/// Reads the row that a plan of [`find`] is for, apart from the page that it came with.
///
/// # Errors
/// 404 with the closest codes when no row bears the code, 410 with the reason when one did and was withdrawn; 400 for a release that is not there; 503 when the database does
/// not answer.
pub async fn one(state: &State, plan: &Plan, code: &str) -> Result<(Row, Page), Problem> {
    let mut page = collections::page(state, plan, None).await?;
    if let Some(row) = page.rows.pop() {
        return Ok((row, page));
    }
    if let Some(day) = plan.geography {
        return Err(geography_errors::nothing(code, day, page.release.number));
    }
    Err(absent(state, plan.context.dataset, code, &page.release).await)
}

/// The problem of a code that no row bears at a release: gone where one has borne it before, else not there; 503 when the
/// database does not answer.
pub async fn absent(state: &State, dataset: &'static Dataset, code: &str, at: &Release) -> Problem {
    let (release, newest) = (at.number, state.timeline.newest());
    // That a later release brings the code only those can tell who have the newest.
    let newest = newest.as_ref().filter(|newest| newest.number > release).unwrap_or(at);
    let fate = |connection: Rc<_>| async move { withdrawn::fate(&connection, dataset, code.to_owned(), release).await };
    let fate = match state.pool.read_at(Some(newest), fate).await {
        Ok(fate) => fate,
        Err(error) => return error.into(),
    };
    let (what, code) = (dataset.singular, echo(code));
    match fate {
        Fate::Withdrawn(Withdrawal { release, reason, successor_code }) => {
            let number = release.number;
            let detail = format!("Release {number} withdrew the {what} `{code}`; `release={}` still has it.", number - 1);
            let closest = successor_code.iter().cloned().collect();
            let published_at = instant(release.published_at);
            let told = problem::Withdrawal { release: number, published_at, reason, successor_code };
            Problem::new(Kind::Gone, detail).withdrawal(told).closest(closest)
        }
        Fate::Later(first, closest) => {
            let detail = format!("No {what} has the code `{code}` in release {release}; one has it from release {first} on.");
            Problem::new(Kind::UnknownCode, detail).closest(closest)
        }
        Fate::Never(closest) => {
            let detail = format!("No {what} has the code `{code}` in release {release}.");
            Problem::new(Kind::UnknownCode, detail).closest(closest)
        }
    }
}

/// The plan that finds one row by the fields of its key. A code that cannot be one finds nothing.
///
/// # Errors
/// 400 with every fault of the parameters.
pub fn find(context: Context, known: &[Parameter], code: &str, pairs: &[(String, String)]) -> Result<Plan, Problem> {
    let plan = Plan::item(context, known, pairs).map_err(Problem::invalid_parameters)?;
    Ok(narrowed(plan, code))
}

/// The plan for the one row that bears a code.
pub fn narrowed(mut plan: Plan, code: &str) -> Plan {
    let dataset = plan.context.dataset;
    let parts = dataset.split_code(code).unwrap_or_default();
    plan.conditions = parts
        .into_iter()
        .map(|(field, text)| Condition::any_of(field, value::parse(field, &text).into_iter().collect()))
        .collect();
    if plan.conditions.is_empty() {
        plan.conditions = dataset.key_fields().map(|field| Condition::any_of(field, Vec::new())).collect();
    }
    plan
}

fn path(plan: &Plan, code: &str) -> String {
    format!("/v1/{}/{}", plan.context.dataset.name, pairs::encode_segment(code))
}

/// The request itself, in canonical form.
fn address(plan: &Plan, code: &str) -> String {
    plan.address(&path(plan, code))
}

fn links(plan: &Plan, code: &str, read: i32) -> Links {
    let (dataset, path) = (plan.context.dataset, path(plan, code));
    let at = |release: i32| format!("{path}{}", plan.query_string(&[("release", release.to_string())]));
    // Releases are numbered without gaps, up to the one that is read.
    let number = code.parse::<i32>().ok().filter(|_| matches!(dataset.rows, Rows::Releases));
    let neighbour = |step: i32| {
        let other = number?.checked_add(step).filter(|other| (1..=read).contains(other))?;
        Some(format!("/v1/{}/{other}", dataset.name))
    };
    let mut related: BTreeMap<&'static str, String> = dataset.below().map(|name| (name, format!("{path}/{name}"))).collect();
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
