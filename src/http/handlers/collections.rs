//! Owns collections: `/v1/{dataset}`, `/v1/aggregates/{dataset}` and `/v1/{dataset}/{code}/{link}`; chooses the handler for the representation.
//! Must not know any one dataset, nor SQL.

use actix_web::http::Method;
use actix_web::{HttpRequest, HttpResponse, web};

use super::{aggregates, comparisons, exports, wide_layout};
use crate::db::read::page::Page;
use crate::format::json;
use crate::http::cache::policy::CachePolicy;
use crate::http::execute;
use crate::http::request::{accept, path_and_query};
use crate::http::response::envelope::{self, Meta};
use crate::http::response::links;
use crate::http::response::respond_cached::respond_cached;
use crate::http::state::State;
use crate::problem::Problem;
use crate::query::{Context, Dataset, Parameter, Representation, ResolvedPlan, parse};

/// Answers a request for a collection. `parent` is the dataset that the link starts from, if there is one.
///
/// # Errors
/// Returns 400 with every fault of the request, 404 for an unknown parent, 406 if `Accept` matches no representation, 503 if
/// the database does not answer.
pub async fn list(
    request: HttpRequest,
    state: web::Data<State>,
    context: Context,
    parent: Option<&'static Dataset>,
) -> Result<HttpResponse, Problem> {
    let code = parent.map(|_| path_and_query::code(&request)).transpose()?;
    let (pairs, preferred) = (path_and_query::pairs(&request)?, accept::preferred(&request, context));
    let plan = parse::collection(context, code, &pairs, preferred.unwrap_or(Representation::Json))
        .map_err(Problem::invalid_parameters)?;
    let has_format = pairs.iter().any(|(name, _)| Parameter::Format.is_named(name));
    if preferred.is_none() && !has_format {
        return Err(accept::not_acceptable(context));
    }
    let json = plan.presentation.representation == Representation::Json;
    let plan = execute::resolve(&state, plan).await?;
    let in_memory = plan.presentation.wide || context.aggregated || !plan.selection.compare.is_empty();
    let is_export = !plan.is_page() && !in_memory;
    let address = plan.address(&links::path(&plan, parent));
    let mut policy = CachePolicy::of_plan(&plan, address).negotiated(plan.presentation.representation, !is_export);
    if !json {
        policy = policy.located(&links::pinned(&plan, parent, plan.release.number));
    }
    let (request, state) = (&request, &*state);
    let (coding, head) = (policy.coding(request), request.method() == Method::HEAD || policy.is_unmodified(request));
    respond_cached(request, state, policy, async || {
        let plan = execute::with_licences(state, plan).await?;
        match (json, is_export) {
            _ if plan.presentation.wide => wide_layout::answer(state, &plan, parent).await,
            (true, _) if context.aggregated => Ok(json_page(&plan, parent, &aggregates::page(state, &plan).await?)),
            (false, _) if context.aggregated => exports::file(&plan, parent, &aggregates::page(state, &plan).await?),
            (true, _) if !plan.selection.compare.is_empty() => comparisons::answer(state, &plan, parent).await,
            (false, _) if !plan.selection.compare.is_empty() => comparisons::file(state, &plan, parent).await,
            (true, _) => Ok(json_page(&plan, parent, &execute::page(state, &plan, parent).await?)),
            (false, false) => exports::file(&plan, parent, &execute::page(state, &plan, parent).await?),
            (false, true) => exports::all(state, plan, parent, (coding, head), state.bounds.client(request)).await,
        }
    })
    .await
}

fn json_page(plan: &ResolvedPlan, parent: Option<&'static Dataset>, page: &Page) -> HttpResponse {
    let mut data = Vec::with_capacity(page.rows.len() * 512);
    json::array(&mut data, &plan.reading.columns, &page.rows);
    let meta = Meta::of_page(plan, page, &plan.licences);
    envelope::answer(&data, &meta, &links::links(plan, parent, page), &page.included)
}
