//! Owns `/v1/territories/{code}/profile`: all data of a page about one territory, in one answer.
//! Must not know SQL.

mod figures;
mod schema;
mod series;

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};

use self::figures::Figures;
pub use self::schema::Profile;
use self::series::Pages;
use crate::db::read::comparison as compared;
use crate::db::read::page;
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
use crate::query::{Context, Dataset, HeavyKind, Parameter, ReadCost, Representation, Row, pairs, parse};

/// The names of the datasets and of the link.
const TERRITORIES: &str = "territories";
const OBSERVATIONS: &str = "observations";
const ANCESTORS: &str = "ancestors";

/// The most observations of a profile, two for each series.
const MAX_OBSERVATIONS: &str = "1000";

/// How many figures of a series are searched for one of the length of the latest: months are followed by a quarter and a year.
const SEARCHED: &str = "12";

/// The order of the observations: those of a series are adjacent, the latest first.
const ORDER: &str = "indicator_code,breakdown_code,nature,source_code,-period_end,-period_start";

/// Profile of a territory
///
/// Returns all data of a page about a territory: the territory, its ancestors, and for each series of observations
/// (indicator, breakdown, nature, source) the latest value, the value of the period of the same length before it, the
/// change between the two as far as both allow to say it, the same figure of its département, region and country, its rank
/// among the territories of its kind (the largest first; equal values share a rank), the indicator and the source. At most
/// 500 series. It does not have the figures that a perimeter has only through its members: `links.related.aggregate`
/// computes those.
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
    observations_dataset: &'static Dataset,
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
        Context::of(state.registry, observations_dataset),
        None,
        &[("territory_code", &own), ("last", "2"), ("limit", MAX_OBSERVATIONS), ("include", "indicator,source"), ("sort", ORDER)],
    )?;
    let read = state.read(Some(&plan.release), ReadCost::Heavy(HeavyKind::Profile), |connection| async move {
        let around = page::read_page(&connection, &state.named_cells, None, around).await?;
        let observations = page::read_page(&connection, &state.named_cells, None, figures).await?;
        let compared = match &observations {
            Ok(page) => {
                let latest = Figures::new(figures, page).latest();
                compared::compare(&connection, &state.rankings, figures, at, &latest).await?
            }
            _ => Vec::new(),
        };
        Ok((around, observations, compared))
    });
    let (Ok(ancestors), Ok(observations), compared) = read.await? else { return Err(Problem::internal()) };
    let read_more = async |given: &[(&str, &str)]| {
        let common = [("territory_code", own.as_str()), ("limit", MAX_OBSERVATIONS), ("sort", ORDER)];
        let more = &related(Context::of(state.registry, observations_dataset), None, &[&common[..], given].concat())?;
        let read = state.read(Some(&plan.release), ReadCost::Heavy(HeavyKind::Profile), |connection| async move {
            page::read_page(&connection, &state.named_cells, None, more).await
        });
        read.await?.map_err(|_| Problem::internal())
    };
    let shown = Figures::new(figures, &observations);
    let uneven = pairs::join(&shown.uneven());
    let earlier = match uneven.is_empty() {
        true => None,
        false => Some(read_more(&[("indicator_code", uneven.as_str()), ("last", SEARCHED)]).await?),
    };
    let previous: Vec<&Row> = shown.series(earlier.as_ref()).into_iter().filter_map(|series| series.previous).collect();
    let breaks = match shown.first_day(previous.iter().copied()) {
        None => None,
        Some(day) => {
            let (indicators, day) = (pairs::join(&shown.indicators(previous.into_iter())), day.to_string());
            let given = [("indicator_code", indicators.as_str()), ("statuses", "B"), ("period__gte", day.as_str())];
            Some(read_more(&given).await?)
        }
    };
    let mut data = b"{\"territory\":".to_vec();
    writer::object(&mut data, &plan.reading.columns, territory.view());
    data.extend_from_slice(b",\"ancestors\":");
    writer::array(&mut data, &around.reading.columns, &ancestors.rows);
    data.extend_from_slice(b",\"series\":[");
    let pages = Pages { plan: figures, latest: &observations, earlier: earlier.as_ref(), breaks: breaks.as_ref() };
    series::write(&mut data, &pages, &compared);
    data.extend_from_slice(b"]}");
    let licences = execute::licences(state, plan.selection.context.dataset, at).await?;
    let meta = Meta { notices: notices::all(observations.notices.as_ref(), &[]), ..Meta::new(TERRITORIES, at, &licences) };
    Ok(envelope::answer(&data, &meta, &links(code, plan, release), &[]))
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
