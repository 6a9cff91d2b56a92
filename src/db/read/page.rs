//! Owns the answering of a plan: the release, the rows, and the check of every code that the request names, pipelined
//! on one connection.
//! Must not know how the answer is written.

use std::collections::BTreeMap;

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use futures_util::future::{join_all, try_join, try_join_all, try_join3, try_join4};

use super::codes::{self, Release};
use super::geography::{self, Untimely};
use super::notices::{self, Notice};
use super::related::{self, Facet, Included};
use crate::db::sql::select::{self, Select};
use crate::query::plan::COUNT_BOUND;
use crate::query::{Count, Dataset, Kind, Parameter, Plan, Row};

/// The most unknown codes for which the closest are looked up.
const EXPLAINED: usize = 5;

/// What the database has to say to a plan.
#[derive(Debug)]
pub enum Answer {
    /// The rows.
    Page(Page),
    /// The release asked for does not exist; the newest is this one, if there is any.
    NoRelease(Option<i32>),
    /// At the instant asked for nothing had been published; this is the first release.
    BeforeFirst(Release),
    /// At the instant asked for this was the newest release, which is not the one that the cursor holds.
    OtherRelease(Release),
    /// The row that the link starts from does not exist at the release.
    NoParent(Release),
    /// Codes that the request names do not exist.
    UnknownCodes(Release, Vec<UnknownCode>),
    /// The geography of the day is not known, or had no such territories.
    Untimely(Release, Untimely),
}

/// The rows of a page.
#[derive(Debug)]
pub struct Page {
    /// The release that they were read from.
    pub release: Release,
    /// The rows, at most as many as the plan's limit, with the columns that the plan reads.
    pub rows: Vec<Row>,
    /// Whether there are more.
    pub more: bool,
    /// The number of all rows, when it was asked for, and whether it is exact rather than the least.
    pub total: Option<(i64, bool)>,
    /// Whether no row has the very words searched for, so that these are like them.
    pub approximate: bool,
    /// Related rows.
    pub included: Vec<Included>,
    /// The choices that remain.
    pub facets: Vec<Facet>,
    /// What must be known of the rows; nothing where no such thing is told.
    pub notices: Option<Vec<Notice>>,
}

/// What holds for all of a request: the release, and how its search is to be read.
#[derive(Clone, Debug)]
pub struct Ground {
    /// The release.
    pub release: Release,
    /// Whether no row has the very words searched for.
    pub approximate: bool,
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

/// Answers a plan with a page.
///
/// # Errors
/// The database's.
pub async fn answer(connection: &AsyncPgConnection, parent: Option<&'static Dataset>, plan: &Plan) -> QueryResult<Answer> {
    let read = async |ground: &Ground| page(connection, plan, ground).await;
    let shows = |page: &Page| !page.rows.is_empty();
    // Rows that have the very words show that there are such: nearly every search asks no more.
    if plan.search.is_some() && plan.vintages.is_none() {
        match grounded_unless(connection, parent, plan, Some(false), read, shows).await? {
            Grounded::Found(_, page) if !shows(&page) => {}
            Grounded::Found(_, page) => return Ok(Answer::Page(page)),
            Grounded::Refused(answer) => return Ok(answer),
        }
    }
    match grounded_unless(connection, parent, plan, None, read, shows).await? {
        Grounded::Found(_, page) => Ok(Answer::Page(page)),
        Grounded::Refused(answer) => Ok(answer),
    }
}

/// What the database has to say to a plan that is answered in another way than by a page.
pub enum Grounded<T> {
    /// The request names what there is; the answer.
    Found(Ground, T),
    /// It does not. Never a page.
    Refused(Answer),
}

/// Finds the release, checks every code that the request names, and reads, all at once as far as it may.
///
/// # Errors
/// The database's.
pub async fn grounded<T>(
    connection: &AsyncPgConnection,
    parent: Option<&'static Dataset>,
    plan: &Plan,
    read: impl AsyncFnOnce(&Ground) -> QueryResult<T>,
) -> QueryResult<Grounded<T>> {
    grounded_unless(connection, parent, plan, None, read, |_| false).await
}

/// The same, where an answer may show by having rows that each code the request names exists; and where the search may be
/// read in one way, to see what that gives.
async fn grounded_unless<T>(
    connection: &AsyncPgConnection,
    parent: Option<&'static Dataset>,
    plan: &Plan,
    approximate: Option<bool>,
    read: impl AsyncFnOnce(&Ground) -> QueryResult<T>,
    shows: impl FnOnce(&T) -> bool,
) -> QueryResult<Grounded<T>> {
    let release = match release(connection, plan).await? {
        Ok(release) => release,
        Err(answer) => return Ok(Grounded::Refused(answer)),
    };
    let number = release.number;
    let approximate = match approximate {
        Some(known) => known,
        None => plan.search.is_some() && codes::nothing_found(connection, plan, number).await?,
    };
    let ground = Ground { release, approximate };
    let named = if plan.checks_codes { named(plan) } else { BTreeMap::new() };
    let find = |name: &str| plan.context.registry.iter().copied().find(|dataset| dataset.name == name);
    let unknown = join_all(named.iter().map(|(name, codes)| {
        let dataset = find(name).expect("the registry holds every dataset that fields refer to");
        codes::unknown(connection, dataset, codes.keys().cloned().collect(), number, plan.vintages.is_some())
    }));
    let lost = async {
        match (parent, &plan.parent) {
            (Some(dataset), Some(code)) => codes::unknown(connection, dataset, vec![code.clone()], number, false).await,
            _ => Ok(Vec::new()),
        }
    };
    let untimely = geography::untimely(connection, parent, plan, number);
    let unknown = async { Ok(unknown.await) };
    let (found, unknown, lost, untimely) = match plan.names_singly() {
        // One question fewer for nearly every request, for one more turn of those that find nothing.
        true => {
            let (found, lost, untimely) = try_join3(read(&ground), lost, untimely).await?;
            let unknown = if shows(&found) { Vec::new() } else { unknown.await? };
            (found, unknown, lost, untimely)
        }
        false => try_join4(read(&ground), unknown, lost, untimely).await?,
    };
    if !lost.is_empty() {
        return Ok(Grounded::Refused(Answer::NoParent(ground.release)));
    }
    let mut faults = Vec::new();
    for ((name, codes), missing) in named.iter().zip(unknown) {
        let dataset = find(name).expect("the registry holds every dataset that fields refer to");
        for code in missing? {
            let closest = match faults.len() < EXPLAINED {
                true => codes::closest(connection, dataset, code.clone(), number).await?,
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
        return Ok(Grounded::Refused(Answer::UnknownCodes(ground.release, faults)));
    }
    Ok(match untimely {
        Some(untimely) => Grounded::Refused(Answer::Untimely(ground.release, untimely)),
        None => Grounded::Found(ground, found),
    })
}

/// The release that a plan reads, by one query unless it is known; or why there is none.
///
/// # Errors
/// The database's.
pub async fn release(connection: &AsyncPgConnection, plan: &Plan) -> QueryResult<Result<Release, Answer>> {
    if let Some(known) = &plan.at {
        return Ok(Ok(known.clone()));
    }
    let found = match &plan.as_of {
        Some(as_of) => codes::release_at(connection, as_of.until).await?,
        None => codes::release(connection, plan.release).await?,
    };
    Ok(match (found, &plan.as_of) {
        (Some(found), Some(_)) if plan.release.is_some_and(|held| held != found.number) => Err(Answer::OtherRelease(found)),
        (Some(found), _) => Ok(found),
        (None, Some(_)) => Err(codes::first_release(connection).await?.map_or(Answer::NoRelease(None), Answer::BeforeFirst)),
        (None, None) => {
            let newest = codes::release(connection, None).await?;
            Err(Answer::NoRelease(newest.map(|release| release.number)))
        }
    })
}

async fn page(connection: &AsyncPgConnection, plan: &Plan, ground: &Ground) -> QueryResult<Page> {
    let (number, approximate) = (ground.release.number, ground.approximate);
    let facets = plan.facets.iter().map(|field| related::facet(connection, plan, number, approximate, field));
    let told = plan.noticed().is_some();
    let rows = select::load(connection, Select::page(plan, number, approximate).with_corrections(told));
    let total = count(connection, plan, ground);
    let (mut rows, (total, facets)) = try_join(rows, try_join(total, try_join_all(facets))).await?;
    let limit = usize::try_from(plan.page_limit()).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let columns = plan.read_columns();
    let codes: Vec<Vec<String>> = plan.include.iter().map(|include| related::codes(plan, *include, &columns, &rows)).collect();
    let included = plan.include.iter().zip(&codes).map(|(include, codes)| related::included(connection, *include, codes, number));
    let notices = notices::of_page(connection, plan, number, &rows);
    let (included, notices) = try_join(try_join_all(included), notices).await?;
    Ok(Page { release: ground.release.clone(), rows, more, total, approximate, included, facets, notices })
}

/// Counts all rows as the plan asks; and whether the number is exact.
///
/// # Errors
/// The database's.
pub async fn count(connection: &AsyncPgConnection, plan: &Plan, ground: &Ground) -> QueryResult<Option<(i64, bool)>> {
    let bound = match plan.count {
        Count::None => return Ok(None),
        Count::Bounded => Some(COUNT_BOUND + 1),
        Count::Exact => None,
    };
    let query = Select::count(plan, ground.release.number, ground.approximate, bound);
    let counted = counted(&select::load(connection, query).await?);
    Ok(Some(match plan.count {
        Count::Bounded if counted > COUNT_BOUND => (COUNT_BOUND, false),
        _ => (counted, true),
    }))
}

/// Whether a plan selects more rows than this.
///
/// # Errors
/// The database's.
pub async fn exceeds(connection: &AsyncPgConnection, plan: &Plan, ground: &Ground, most: i64) -> QueryResult<bool> {
    let query = Select::count(plan, ground.release.number, ground.approximate, Some(most + 1));
    Ok(counted(&select::load(connection, query).await?) > most)
}

fn counted(rows: &[Row]) -> i64 {
    rows.iter().next().and_then(|row| row.cell(0)?.parse().ok()).unwrap_or(0)
}

/// The codes that the request names, by dataset, with the parameters that name them.
pub fn named(plan: &Plan) -> BTreeMap<&'static str, BTreeMap<String, Vec<String>>> {
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
        for code in codes {
            all.entry(dataset).or_default().entry(code.clone()).or_default().push(parameter.clone());
        }
    }
    all
}
