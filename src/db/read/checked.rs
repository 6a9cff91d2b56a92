//! Owns reads with checks: the codes, territories and days of a request must exist. The checks are pipelined with the read on
//! one connection.
//! Must not know what is read.

use std::collections::BTreeMap;

use diesel::QueryResult;
use futures_util::future::{try_join_all, try_join3, try_join4};

use super::codes;
use super::geography::{self, DateError};
use super::search;
use super::unselected::{self, Unselected};
use crate::db::ReadingConnection;
use crate::query::{Dataset, Kind, Parameter, Plan, Release, ResolvedPlan};

/// The most unknown codes for which similar codes are looked up.
const MAX_SUGGESTED: usize = 5;

/// Why a request is refused after its checks.
#[derive(Debug)]
pub enum Refusal {
    /// The row that the link starts from does not exist at the release.
    NoParent,
    /// The request names codes that no release has ever had.
    UnknownCodes(Vec<UnknownCode>),
    /// The geography of the requested day is unknown, or has no such territory.
    GeographyDate(DateError),
}

/// The state of the data that all queries of a request read.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The release.
    pub release: Release,
    /// Whether the search matches similar titles, because no row has its words.
    pub approximate: bool,
    /// The codes of the request that select nothing although a release knows them. Empty until the checks are done.
    pub unselected: Vec<Unselected>,
}

impl Snapshot {
    /// The state before the codes of the request are checked.
    pub fn of(release: Release, approximate: bool) -> Self {
        Self { release, approximate, unselected: Vec::new() }
    }
}

/// A code that the request names and no release has ever had.
#[derive(Debug)]
pub struct UnknownCode {
    /// The parameter that names it.
    pub parameter: String,
    /// The code.
    pub code: String,
    /// The dataset in which it was looked up.
    pub dataset: &'static Dataset,
    /// Similar codes that exist.
    pub closest: Vec<String>,
}

/// Reads, and checks every code, territory and day of the request at the same time.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn read_checked<T>(
    connection: &ReadingConnection,
    parent: Option<&'static Dataset>,
    plan: &ResolvedPlan,
    read: impl AsyncFnOnce(&Snapshot) -> QueryResult<T>,
) -> QueryResult<Result<(Snapshot, T), Refusal>> {
    let approximate = plan.selection.search.is_some() && search::nothing_found(connection, plan, plan.release.number).await?;
    read_checked_as(connection, parent, plan, approximate, read, |_| false).await
}

/// Reads with an exact or approximate search. `proves` returns whether the result proves that every code of the request
/// exists, so that no lookup is needed.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn read_checked_as<T>(
    connection: &ReadingConnection,
    parent: Option<&'static Dataset>,
    plan: &ResolvedPlan,
    approximate: bool,
    read: impl AsyncFnOnce(&Snapshot) -> QueryResult<T>,
    proves: impl FnOnce(&T) -> bool,
) -> QueryResult<Result<(Snapshot, T), Refusal>> {
    let mut snapshot = Snapshot::of(plan.release.clone(), approximate);
    let number = snapshot.release.number;
    let codes = if plan.selection.checks_codes { named_codes(plan) } else { NamedCodes::new() };
    let ever = plan.selection.vintages.is_some();
    let unknown = unknown(connection, plan.selection.context.registry, &codes, number, ever);
    let missing_parent = async {
        match (parent, &plan.selection.parent) {
            (Some(dataset), Some(code)) => codes::unknown(connection, dataset, vec![code.clone()], number, false).await,
            _ => Ok(Vec::new()),
        }
    };
    let dated = geography::check_date(connection, parent, plan, number);
    let (found, unknown, missing_parent, dated) = match plan.row_proves_codes() {
        // Saves one query for nearly every request, and costs one more round trip for a request without a result.
        true => {
            let (found, missing_parent, dated) = try_join3(read(&snapshot), missing_parent, dated).await?;
            let unknown = if proves(&found) { Vec::new() } else { unknown.await? };
            (found, unknown, missing_parent, dated)
        }
        false => try_join4(read(&snapshot), unknown, missing_parent, dated).await?,
    };
    if !missing_parent.is_empty() {
        return Ok(Err(Refusal::NoParent));
    }
    // A code that a release knows selects what there is, and the answer says why it is nothing.
    if !unknown.is_empty() {
        let never = never_known(connection, plan.selection.context.registry, &codes, number).await?;
        if !never.is_empty() {
            return Ok(Err(Refusal::UnknownCodes(never)));
        }
        let named = unknown.into_iter().map(|(dataset, code)| {
            let parameters = codes[dataset.name][&code].clone();
            (dataset, code, parameters)
        });
        snapshot.unselected = unselected::explained(connection, named.collect(), number).await?;
    }
    let absent = match dated {
        Ok(absent) => absent,
        Err(error) => return Ok(Err(Refusal::GeographyDate(error))),
    };
    if let (Some(day), Some(dataset)) = (plan.selection.geography, plan.selection.context.dataset.territory_dataset()) {
        unselected::add_absent(&mut snapshot.unselected, absent, dataset, day);
    }
    Ok(Ok((snapshot, found)))
}

/// Returns the codes that no row has, each with its dataset; if `ever` is set, the codes that no row has had up to the
/// release.
async fn unknown(
    connection: &ReadingConnection,
    registry: &'static [&'static Dataset],
    names: &NamedCodes,
    release: i32,
    ever: bool,
) -> QueryResult<Vec<(&'static Dataset, String)>> {
    let find = |name: &str| registry.iter().copied().find(|dataset| dataset.name == name);
    let lookups = names.iter().map(async |(name, codes)| {
        let dataset = find(name).expect("the registry holds every dataset that fields refer to");
        let missing = codes::unknown(connection, dataset, codes.keys().cloned().collect(), release, ever).await?;
        QueryResult::Ok(missing.into_iter().map(|code| (dataset, code)).collect::<Vec<_>>())
    });
    Ok(try_join_all(lookups).await?.into_iter().flatten().collect())
}

/// Returns the codes of a request that no release has ever had, with the closest codes of the release that is read.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn never_known(
    connection: &ReadingConnection,
    registry: &'static [&'static Dataset],
    names: &NamedCodes,
    release: i32,
) -> QueryResult<Vec<UnknownCode>> {
    let unknown = unknown(connection, registry, names, i32::MAX, true).await?;
    explained(connection, names, unknown, release).await
}

/// Adds the parameters that name unknown codes and, for the first few codes, similar codes that exist.
async fn explained(
    connection: &ReadingConnection,
    names: &NamedCodes,
    unknown: Vec<(&'static Dataset, String)>,
    release: i32,
) -> QueryResult<Vec<UnknownCode>> {
    let mut found = Vec::new();
    for (dataset, code) in unknown {
        let closest = match found.len() < MAX_SUGGESTED {
            true => codes::closest(connection, dataset, code.clone(), release).await?,
            false => Vec::new(),
        };
        let parameters = names[dataset.name][&code].iter();
        found.extend(parameters.map(|parameter| UnknownCode {
            parameter: parameter.clone(),
            code: code.clone(),
            dataset,
            closest: closest.clone(),
        }));
    }
    Ok(found)
}

/// Codes of a request by dataset, each with the parameters that name it.
pub type NamedCodes = BTreeMap<&'static str, BTreeMap<String, Vec<String>>>;

/// Returns the codes that a request names.
pub fn named_codes(plan: &Plan) -> NamedCodes {
    let own = plan.selection.context.dataset;
    let filters = plan.selection.conditions.iter().filter(|condition| condition.takes_values()).filter_map(|condition| {
        let dataset = match condition.field.kind {
            Kind::Code | Kind::JoinedCode => own.name,
            _ => condition.field.reference()?,
        };
        Some((dataset, Parameter::Filter(condition.field, condition.operator), &condition.values))
    });
    let relations = plan.selection.relations.iter().map(|filter| {
        let relation = filter.relation;
        (relation.target, Parameter::Relation(relation), &filter.codes)
    });
    let territories = own.territory_dataset().unwrap_or_default();
    let scopes = plan.selection.scopes.iter().map(|scope| (territories, scope.kind.parameter(), &scope.territories));
    let mut all = NamedCodes::new();
    for (dataset, parameter, codes) in filters.chain(relations).chain(scopes) {
        for code in codes {
            all.entry(dataset).or_default().entry(code.clone()).or_default().push(parameter.name().into_owned());
        }
    }
    all
}
