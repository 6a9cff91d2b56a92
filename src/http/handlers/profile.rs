//! Owns `/v1/territories/{code}/profile`: all data of a page about one territory, in one answer.
//! Must not know SQL.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::comparisons;
use crate::db::read::comparison as compared;
use crate::db::read::comparison::Comparison;
use crate::db::read::page::{self, Page};
use crate::format::json as writer;
use crate::http::cache::policy::CachePolicy;
use crate::http::execute;
use crate::http::request::path_and_query;
use crate::http::request::release_parameters::ReleaseParameters;
use crate::http::response::envelope::{self, Links, Meta};
use crate::http::response::notices;
use crate::http::response::respond_cached::respond_cached;
use crate::http::state::State;
use crate::problem::Problem;
use crate::query::ResolvedPlan;
use crate::query::{Context, Dataset, HeavyKind, Include, Parameter, ReadCost, Representation, Row, pairs, parse};

/// The names of the datasets and of the link.
const TERRITORIES: &str = "territories";
const OBSERVATIONS: &str = "observations";
const ANCESTORS: &str = "ancestors";

/// The most observations of a profile, two for each series.
const MAX_OBSERVATIONS: &str = "1000";

/// The territories that the figures are compared with.
const COMPARATORS: [&str; 3] = ["parent", "region", "country"];

/// Profile of a territory
///
/// Returns all data of a page about a territory: the territory, its ancestors, and for each series of observations
/// (indicator, breakdown, nature, source) the latest value, the value before it, the change between the two, the same
/// figure of its département, region and country, its rank among the territories of its kind (the largest first; equal
/// values share a rank), the indicator and the source. At most 500 series. It does not have the figures that a perimeter
/// has only through its members: `links.related.aggregate` computes those.
#[utoipa::path(
    get,
    path = "/v1/territories/{code}/profile",
    operation_id = "getTerritoryProfile",
    params(
        ("code" = String, Path, description = "Code of the territory.", example = "PER-bassin-minier"),
        ReleaseParameters,
    ),
    responses((status = 200, description = "The profile.", body = Profile))
)]
pub async fn profile(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    let code = path_and_query::code(&request)?;
    let (Some(territories), Some(observations)) = (state.dataset(TERRITORIES), state.dataset(OBSERVATIONS)) else {
        return Err(Problem::internal());
    };
    let context = Context::of(state.registry, territories);
    let plan = execute::item_plan(context, &Parameter::OF_RELEASE, &code, &path_and_query::pairs(&request)?)?;
    let plan = &execute::resolve(&state, plan).await?;
    respond_cached(&request, &state, CachePolicy::of_plan(plan, address(&code, plan)), async || {
        compute(&state, plan, observations, &code).await
    })
    .await
}

async fn compute(
    state: &State,
    plan: &ResolvedPlan,
    observations: &'static Dataset,
    code: &str,
) -> Result<HttpResponse, Problem> {
    let territories = plan.selection.context.dataset;
    let (territory, page) = execute::item(state, plan, code).await?;
    let at = &page.release;
    let release = at.number;
    let related = |context: Context, parent: Option<&str>, given: &[(&str, &str)]| {
        let mut given: Vec<(String, String)> =
            given.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        given.push((Parameter::Release.name().into_owned(), release.to_string()));
        let related = parse::collection(context, parent.map(str::to_owned), &given, Representation::Json);
        related.map(|related| related.at(plan.release.clone())).map_err(Problem::invalid_parameters)
    };
    let link = territories.links.iter().find(|link| link.name == ANCESTORS).ok_or_else(Problem::internal)?;
    let ancestors = Context {
        registry: state.registry,
        dataset: territories,
        link: Some(link),
        extra: link.extra_fields(),
        aggregated: false,
    };
    let around = &related(ancestors, Some(code), &[("limit", "100"), ("fields", "code,kind,name,population_share")])?;
    let own = pairs::join(&[code.to_owned()]);
    let figures = &related(
        Context::of(state.registry, observations),
        None,
        &[
            ("territory_code", &own),
            ("last", "2"),
            ("limit", MAX_OBSERVATIONS),
            ("include", "indicator,source"),
            ("sort", "indicator_code,breakdown_code,nature,source_code,-period_end,-period_start"),
        ],
    )?;
    let read = state.read(Some(&plan.release), ReadCost::Heavy(HeavyKind::Profile), |connection| async move {
        let around = page::read_page(&connection, &state.named_cells, None, around).await?;
        let observations = page::read_page(&connection, &state.named_cells, None, figures).await?;
        let compared = match &observations {
            Ok(page) => {
                let latest: Vec<&Row> = latest_rows(figures, page).into_iter().map(|at| &page.rows[at]).collect();
                compared::compare(&connection, &state.rankings, figures, at, &latest).await?
            }
            _ => Vec::new(),
        };
        Ok((around, observations, compared))
    });
    let (Ok(ancestors), Ok(observations), compared) = read.await? else { return Err(Problem::internal()) };
    let mut data = b"{\"territory\":".to_vec();
    writer::object(&mut data, &plan.reading.columns, territory.view());
    data.extend_from_slice(b",\"ancestors\":");
    writer::array(&mut data, &around.reading.columns, &ancestors.rows);
    data.extend_from_slice(b",\"series\":[");
    series(&mut data, figures, &observations, &compared);
    data.extend_from_slice(b"]}");
    let licences = execute::licences(state, plan.selection.context.dataset, at).await?;
    let meta = Meta { notices: notices::all(observations.notices.as_ref(), &[]), ..Meta::new(TERRITORIES, at, &licences) };
    Ok(envelope::answer(&data, &meta, &links(code, plan, release), &[]))
}

/// A cell of an observation.
fn cell(plan: &ResolvedPlan, row: &Row, name: &str) -> Option<String> {
    let at = plan.reading.columns.iter().position(|column| column.name == name)?;
    row.cell(at).map(str::to_owned)
}

/// The series of an observation.
fn series_of(plan: &ResolvedPlan, row: &Row) -> [Option<String>; 4] {
    ["indicator_code", "breakdown_code", "nature", "source_code"].map(|name| cell(plan, row, name))
}

/// The positions of the latest observation of each series. The rows of a series are adjacent, the latest first.
fn latest_rows(plan: &ResolvedPlan, page: &Page) -> Vec<usize> {
    let begins = |at: &usize| *at == 0 || series_of(plan, &page.rows[at - 1]) != series_of(plan, &page.rows[*at]);
    (0..page.rows.len()).filter(begins).collect()
}

/// Appends the series as JSON, separated by commas.
fn series(out: &mut Vec<u8>, plan: &ResolvedPlan, page: &Page, compared: &[Comparison]) {
    let comparators = COMPARATORS.map(str::to_owned);
    let cell = |row: &Row, name: &str| cell(plan, row, name);
    for (number, (at, comparison)) in latest_rows(plan, page).into_iter().zip(compared).enumerate() {
        let row = &page.rows[at];
        let previous = page.rows.get(at + 1).filter(|earlier| series_of(plan, earlier) == series_of(plan, row));
        out.extend_from_slice(if number == 0 { b"{\"latest\":" } else { b",{\"latest\":" });
        writer::object(out, &plan.reading.columns, row.view());
        out.extend_from_slice(b",\"previous\":");
        match previous {
            Some(earlier) => writer::object(out, &plan.reading.columns, earlier.view()),
            None => out.extend_from_slice(b"null"),
        }
        out.extend_from_slice(b",\"change\":");
        let change = previous.and_then(|earlier| difference(&cell(row, "value")?, &cell(earlier, "value")?));
        out.extend_from_slice(change.as_deref().unwrap_or("null").as_bytes());
        out.extend_from_slice(b",\"comparison\":");
        comparisons::write(out, &comparators, comparison);
        for (name, field) in [("indicator", "indicator_code"), ("source", "source_code")] {
            out.extend_from_slice(format!(",\"{name}\":").as_bytes());
            included(out, page, name, cell(row, field).as_deref());
        }
        out.push(b'}');
    }
}

/// Appends the included row with this code, or null.
fn included(out: &mut Vec<u8>, page: &Page, name: &str, code: Option<&str>) {
    let found = page.included.iter().find(|one| one.include.name() == name);
    let row = found.and_then(|one| {
        let Include::Referred { dataset, .. } = one.include else { return None };
        let columns: Vec<crate::query::Column> = dataset.fields.iter().map(crate::query::Column::of).collect();
        let row = one.rows.iter().find(|row| row.cell(0) == code)?;
        Some((columns, row))
    });
    match row {
        Some((columns, row)) => writer::object(out, &columns, row.view()),
        None => out.extend_from_slice(b"null"),
    }
}

/// The difference of two decimals, with as many decimals as the more precise one.
fn difference(later: &str, earlier: &str) -> Option<String> {
    let decimals = |text: &str| text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let (a, b): (f64, f64) = (later.parse().ok()?, earlier.parse().ok()?);
    Some(format!("{:.*}", decimals(later).max(decimals(earlier)), a - b))
}

/// The request in canonical form.
fn address(code: &str, plan: &ResolvedPlan) -> String {
    plan.address(&format!("/v1/{TERRITORIES}/{}/profile", pairs::encode_segment(code)))
}

fn links(code: &str, plan: &ResolvedPlan, read: i32) -> Links {
    let territory = format!("/v1/{TERRITORIES}/{}", pairs::encode_segment(code));
    let aggregate = format!("/v1/aggregates/{OBSERVATIONS}?function=own&territory_code={}", pairs::encode(code));
    Links {
        this: address(code, plan),
        pinned: format!("{territory}/profile?release={read}"),
        next: None,
        previous: None,
        collection: None,
        related: BTreeMap::from([("territory", territory), ("aggregate", aggregate)]),
    }
}

/// The schema of a profile.
pub struct Profile;

impl utoipa::PartialSchema for Profile {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        let row = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
        let or_null = |name: &str| json!({"anyOf": [row(name), {"type": "null"}]});
        let series = json!({
            "type": "object",
            "description": "One series: an indicator, a breakdown, a nature, a source.",
            "properties": {
                "latest": row("Observation"),
                "previous": or_null("Observation"),
                "change": {"type": ["number", "null"], "description": "The latest value minus the value before it."},
                "comparison": {"type": "object", "description": "The same figure of its département, region and country, and its rank among the territories of its kind."},
                "indicator": or_null("Indicator"),
                "source": or_null("Source"),
            },
            "required": ["latest", "previous", "change", "comparison", "indicator", "source"],
        });
        let data: Value = json!({
            "type": "object",
            "properties": {
                "territory": row("Territory"),
                "ancestors": {"type": "array", "items": row("TerritoryWithShare")},
                "series": {"type": "array", "items": series},
            },
            "required": ["territory", "ancestors", "series"],
        });
        let whole = json!({
            "type": "object",
            "properties": {"data": data, "meta": row("Meta"), "links": row("Links")},
            "required": ["data", "meta", "links"],
        });
        serde_json::from_value(whole).expect("the schema is made here")
    }
}

impl utoipa::ToSchema for Profile {
    fn name() -> std::borrow::Cow<'static, str> {
        "Profile".into()
    }
}
