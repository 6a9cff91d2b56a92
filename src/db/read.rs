//! Owns the answering of a plan: the release, the rows, and the check of every code that the request names, pipelined
//! on one connection.
//! Must not know how the answer is written.

use std::collections::BTreeMap;

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use futures_util::future::{join_all, try_join, try_join3};

use super::lookup::{self, Release};
use super::select::{self, Select};
use super::sql::Row;
use crate::query::plan::Parameter;
use crate::query::{Dataset, Kind, Plan};

/// The most unknown codes for which the closest are looked up.
const EXPLAINED: usize = 5;

/// What the database has to say to a plan.
#[derive(Debug)]
pub enum Answer {
    /// The rows.
    Page(Page),
    /// The release asked for does not exist; the newest is this one, if there is any.
    NoRelease(Option<i32>),
    /// The row that the link starts from does not exist; these come closest.
    NoParent(Release, Vec<String>),
    /// Codes that the request names do not exist.
    UnknownCodes(Release, Vec<UnknownCode>),
}

/// The rows of a page.
#[derive(Debug)]
pub struct Page {
    /// The release that they were read from.
    pub release: Release,
    /// The rows, at most as many as the plan's limit.
    pub rows: Vec<Row>,
    /// Whether there are more.
    pub more: bool,
    /// The number of all rows, when it was asked for.
    pub total: Option<i64>,
}

/// A code that the request names and no row bears.
#[derive(Debug)]
pub struct UnknownCode {
    /// The parameter.
    pub parameter: String,
    /// The code.
    pub code: String,
    /// The dataset in which it was looked for.
    pub dataset: &'static Dataset,
    /// The codes that come closest.
    pub closest: Vec<String>,
}

/// Answers a plan.
///
/// # Errors
/// The database's.
pub async fn answer(
    connection: &AsyncPgConnection,
    registry: &'static [&'static Dataset],
    parent: Option<&'static Dataset>,
    plan: &Plan,
) -> QueryResult<Answer> {
    let Some(release) = lookup::release(connection, plan.release).await? else {
        let newest = lookup::release(connection, None).await?;
        return Ok(Answer::NoRelease(newest.map(|release| release.number)));
    };
    let number = release.number;
    let named = if plan.checks_codes { named(registry, plan) } else { BTreeMap::new() };
    let unknown = join_all(named.iter().map(|(name, codes)| {
        let dataset = find(registry, name).expect("the registry holds every dataset that fields refer to");
        lookup::unknown(connection, dataset, codes.keys().cloned().collect(), number)
    }));
    let count = async {
        match plan.count {
            true => select::load(connection, Select::count(plan, number)).await.map(|rows| first_number(&rows)),
            false => Ok(None),
        }
    };
    let lost = async {
        match (parent, &plan.parent) {
            (Some(dataset), Some(code)) => lookup::unknown(connection, dataset, vec![code.clone()], number).await,
            _ => Ok(Vec::new()),
        }
    };
    let page = try_join(select::load(connection, Select::page(plan, number)), async { Ok(unknown.await) });
    let ((mut rows, unknown), total, lost) = try_join3(page, count, lost).await?;
    if let (Some(dataset), Some(code)) = (parent, lost.into_iter().next()) {
        return Ok(Answer::NoParent(release, lookup::closest(connection, dataset, code, number).await?));
    }
    let mut faults = Vec::new();
    for ((name, codes), missing) in named.iter().zip(unknown) {
        let dataset = find(registry, name).expect("the registry holds every dataset that fields refer to");
        for code in missing? {
            let closest = match faults.len() < EXPLAINED {
                true => lookup::closest(connection, dataset, code.clone(), number).await?,
                false => Vec::new(),
            };
            let parameters = &codes[&code];
            faults.extend(parameters.iter().map(|parameter| UnknownCode {
                parameter: parameter.clone(),
                code: code.clone(),
                dataset,
                closest: closest.clone(),
            }));
        }
    }
    if !faults.is_empty() {
        return Ok(Answer::UnknownCodes(release, faults));
    }
    let limit = usize::try_from(plan.limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    Ok(Answer::Page(Page { release, rows, more, total }))
}

fn find(registry: &'static [&'static Dataset], name: &str) -> Option<&'static Dataset> {
    registry.iter().copied().find(|dataset| dataset.name == name)
}

fn first_number(rows: &[Row]) -> Option<i64> {
    rows.first()?.0.first()?.as_ref()?.parse().ok()
}

/// The codes that the request names, by dataset, with the parameters that name them.
fn named(registry: &'static [&'static Dataset], plan: &Plan) -> BTreeMap<&'static str, BTreeMap<String, Vec<String>>> {
    let own = plan.context.dataset;
    let filters = plan.conditions.iter().filter(|condition| condition.names_rows()).filter_map(|condition| {
        let dataset = match condition.field.kind {
            Kind::Code | Kind::JoinedCode => own.name,
            _ => condition.field.reference()?,
        };
        let name = Parameter::Filter(condition.field, condition.operator).name();
        Some((dataset, name, &condition.values))
    });
    let scopes = plan.scopes.iter().map(|scope| ("territories", scope.kind.parameter(), &scope.territories));
    let mut all: BTreeMap<&'static str, BTreeMap<String, Vec<String>>> = BTreeMap::new();
    for (dataset, parameter, codes) in filters.chain(scopes) {
        debug_assert!(find(registry, dataset).is_some());
        for code in codes {
            all.entry(dataset).or_default().entry(code.clone()).or_default().push(parameter.clone());
        }
    }
    all
}
