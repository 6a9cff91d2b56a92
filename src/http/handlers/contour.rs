//! Owns `/v1/territories/{code}/contour`: one GeoJSON feature (RFC 7946) of the dataset of contours.
//! Must not know SQL.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::value::RawValue;

use crate::db::read::codes;
use crate::db::read::page::Page;
use crate::db::read::unreadable;
use crate::http::cache::policy::CachePolicy;
use crate::http::execute;
use crate::http::request::path_and_query;
use crate::http::request::release_parameters::ReleaseParameters;
use crate::http::response::absent::absent;
use crate::http::response::respond_cached::respond_cached;
use crate::http::state::State;
use crate::problem::{Kind, Problem};
use crate::query::ResolvedPlan;
use crate::query::model::geometry;
use crate::query::model::value::instant;
use crate::query::{Context, Dataset, Parameter, ReadCost, pairs};

/// The datasets of contours and of territories.
const DATASETS: (&str, &str) = ("contours", "territories");

/// Contour of a territory
///
/// Returns the simplified contour of a territory as a GeoJSON feature (RFC 7946, WGS 84, at most 5 decimals). The communes
/// and arrondissements of the region have a contour, every EPCI that touches it, and the départements and regions of
/// France. `properties` names the source.
#[utoipa::path(
    get,
    path = "/v1/territories/{code}/contour",
    operation_id = "getTerritoryContour",
    params(
        ("code" = String, Path, description = "Code of the territory.", example = "COM-59350"),
        ReleaseParameters,
    ),
    responses(
        (status = 200, description = "The contour.", content_type = "application/geo+json", body = ContourFeature)
    )
)]
pub async fn contour(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    let code = path_and_query::code(&request)?;
    let (Some(contours), Some(territories)) = (state.dataset(DATASETS.0), state.dataset(DATASETS.1)) else {
        return Err(Problem::internal());
    };
    let context = Context::of(state.registry, contours);
    let plan = execute::item_plan(context, &Parameter::OF_RELEASE, &code, &path_and_query::pairs(&request)?)?;
    let plan = &execute::resolve(&state, plan).await?;
    let path = format!("/v1/{}/{}/contour", territories.name, pairs::encode_segment(&code));
    let policy = CachePolicy::of_plan(plan, plan.address(&path));
    respond_cached(&request, &state, policy, async || compute(&state, plan, territories, &code).await).await
}

async fn compute(state: &State, plan: &ResolvedPlan, territories: &'static Dataset, code: &str) -> Result<HttpResponse, Problem> {
    let page = execute::page(state, plan, None).await?;
    if let Some(feature) = feature(plan, &page) {
        return Ok(HttpResponse::Ok().content_type("application/geo+json; charset=utf-8").body(feature));
    }
    let number = page.release.number;
    let unknown = state.read(Some(&plan.release), ReadCost::Light, |connection| async move {
        codes::unknown(&connection, territories, vec![code.to_owned()], number, false).await
    });
    Err(match unknown.await?.is_empty() {
        false => absent(state, territories, code, &page.release).await,
        true => Problem::new(
            Kind::UnknownResource,
            "No contour of this territory is published; contours exist for the region's communes and arrondissements, of the EPCI that touch it, and of the metropolitan départements and regions.",
        ),
    })
}

/// A GeoJSON feature.
#[derive(serde::Serialize, utoipa::ToSchema)]
#[schema(as = Contour)]
pub struct ContourFeature<'a> {
    /// Always `Feature`.
    #[serde(rename = "type")]
    #[schema(example = "Feature")]
    kind: &'static str,
    /// The code of the territory.
    #[schema(example = "COM-59350")]
    id: &'a str,
    /// West, south, east, north, in degrees.
    #[schema(value_type = Vec<f64>, min_items = 4, max_items = 4)]
    bbox: Vec<&'a RawValue>,
    /// A GeoJSON Polygon or MultiPolygon.
    #[schema(value_type = Object)]
    geometry: &'a RawValue,
    /// The source and the release of the contour.
    properties: ContourProperties<'a>,
}

/// The source and the release of a contour.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub struct ContourProperties<'a> {
    /// The code of the territory.
    territory_code: &'a str,
    /// The code of the source.
    source_code: Option<&'a str>,
    /// The place in the source.
    source_location: Option<&'a str>,
    /// A remark of the publisher.
    note: Option<&'a str>,
    /// The release that was read.
    release: i32,
    /// When that release was published.
    #[schema(format = DateTime)]
    published_at: String,
}

fn feature(plan: &ResolvedPlan, page: &Page) -> Option<Vec<u8>> {
    let row = page.rows.first()?;
    let cell = |name: &str| row.cell(plan.reading.columns.iter().position(|column| column.name == name)?);
    let raw = |name: &str| serde_json::from_str::<&RawValue>(cell(name)?).ok();
    let code = cell("territory_code")?;
    if geometry::check(cell("contour")?).is_err() {
        unreadable::log_once("contour", code);
        return None;
    }
    let feature = ContourFeature {
        kind: "Feature",
        id: code,
        bbox: vec![raw("west")?, raw("south")?, raw("east")?, raw("north")?],
        geometry: raw("contour")?,
        properties: ContourProperties {
            territory_code: code,
            source_code: cell("source_code"),
            source_location: cell("source_location"),
            note: cell("note"),
            release: page.release.number,
            published_at: instant(page.release.published_at),
        },
    };
    serde_json::to_vec(&feature).ok()
}
