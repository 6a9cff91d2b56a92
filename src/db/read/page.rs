//! Owns reads of pages: rows, total, included rows, facets and notices, pipelined on one connection.
//! Must not know how the answer is written.

use diesel::QueryResult;
use futures_util::future::{try_join, try_join_all};

use super::checked::{Refusal, Snapshot, read_checked_as};
use super::completion::Completion;
use super::named_cells::NamedCells;
use super::notices::{self, Notice};
use super::related::{self, Facet, Included};
use super::search;
use super::spellings;
use super::unreadable;
use super::unselected::Unselected;
use crate::db::ReadingConnection;
use crate::db::sql::select::{self, Select};
use crate::query::plan::reading::COUNT_BOUND;
use crate::query::{Count, Dataset, Plan, Release, Representation, ResolvedPlan, Row};

/// The rows of a page.
#[derive(Debug)]
pub struct Page {
    /// The release that they were read from.
    pub release: Release,
    /// The rows, at most as many as the plan's limit, with the columns that the plan reads.
    pub rows: Vec<Row>,
    /// Whether there are more.
    pub more: bool,
    /// The number of all rows, if requested, and whether it is exact or a lower bound.
    pub total: Option<(i64, bool)>,
    /// Whether the rows have titles similar to the search, because no row has its words.
    pub approximate: bool,
    /// The included rows.
    pub included: Vec<Included>,
    /// The facets.
    pub facets: Vec<Facet>,
    /// The notices about the rows; `None` for a dataset without notices.
    pub notices: Option<Vec<Notice>>,
    /// The codes of the request that select nothing.
    pub unselected: Vec<Unselected>,
}

/// Reads the page of a plan, with the checks of the request.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn read_page(
    connection: &ReadingConnection,
    named: &NamedCells,
    parent: Option<&'static Dataset>,
    plan: &ResolvedPlan,
) -> QueryResult<Result<Page, Refusal>> {
    let read = async |snapshot: &Snapshot| page(connection, named, plan, snapshot).await;
    let has_rows = |page: &Page| !page.rows.is_empty();
    let number = plan.release.number;
    let approximate = match (plan.selection.search.is_some(), plan.selection.vintages) {
        (false, _) => false,
        (true, Some(_)) => search::nothing_found(connection, plan, number).await?,
        (true, None) => {
            // A page with rows proves that rows have the words of the search, so nearly every search needs this one query only.
            let exact = read_checked_as(connection, parent, plan, false, read, has_rows).await?;
            let is_empty = matches!(&exact, Ok((_, page)) if !has_rows(page));
            if !is_empty || !search::nothing_found(connection, plan, number).await? {
                return checked(connection, plan, exact).await;
            }
            true
        }
    };
    let answer = read_checked_as(connection, parent, plan, approximate, read, has_rows).await?;
    checked(connection, plan, answer).await
}

/// The page with what its checks have found, and what is to be said of the values of the request.
async fn checked(
    connection: &ReadingConnection,
    plan: &ResolvedPlan,
    answer: Result<(Snapshot, Page), Refusal>,
) -> QueryResult<Result<Page, Refusal>> {
    let (Snapshot { mut unselected, release, .. }, page) = match answer {
        Ok(found) => found,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if plan.presentation.representation == Representation::Json {
        unselected.extend(spellings::explained(connection, plan, release.number, page.rows.is_empty()).await?);
    }
    Ok(Ok(Page { unselected, ..page }))
}

/// The rows of the page, and one more if there is a next page.
async fn rows(connection: &ReadingConnection, named: &NamedCells, plan: &Plan, snapshot: &Snapshot) -> QueryResult<Vec<Row>> {
    let mut completion = Completion::of_page(plan);
    for (at, query) in completion.queries(snapshot.release.number).into_iter().enumerate() {
        let read = select::load(connection, query.clone());
        completion.keep(at, named.cells(&query, &snapshot.release, read).await?);
    }
    let query = Select::page(plan, snapshot.release.number, snapshot.approximate).with_corrections(plan.notice_field().is_some());
    if !completion.fills_any() {
        return select::load(connection, query).await;
    }
    let rows = select::load(connection, query.leaving_out(completion.filled())).await?;
    Ok(rows.iter().map(|row| completion.complete_row(row)).collect())
}

async fn page(connection: &ReadingConnection, named: &NamedCells, plan: &Plan, snapshot: &Snapshot) -> QueryResult<Page> {
    let (number, approximate) = (snapshot.release.number, snapshot.approximate);
    let facets = plan.reading.facets.iter().map(|field| related::facet(connection, plan, number, approximate, field));
    let rows = rows(connection, named, plan, snapshot);
    let total = count(connection, plan, snapshot);
    let unreadable =
        async { if plan.selection.spatial.is_empty() { Ok(()) } else { unreadable::log_contours(connection).await } };
    let (mut rows, (total, (facets, ()))) = try_join(rows, try_join(total, try_join(try_join_all(facets), unreadable))).await?;
    let limit = usize::try_from(plan.page_limit()).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let columns = plan.read_columns();
    let codes: Vec<Vec<String>> =
        plan.reading.include.iter().map(|include| related::codes(plan, *include, &columns, &rows)).collect();
    let included =
        plan.reading.include.iter().zip(&codes).map(|(include, codes)| related::included(connection, *include, codes, number));
    let notices = notices::of_page(connection, plan, number, &rows);
    let (included, notices) = try_join(try_join_all(included), notices).await?;
    Ok(Page {
        release: snapshot.release.clone(),
        rows,
        more,
        total,
        approximate,
        included,
        facets,
        notices,
        unselected: Vec::new(),
    })
}

/// Counts all rows as the plan requires, and returns whether the number is exact.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn count(connection: &ReadingConnection, plan: &Plan, snapshot: &Snapshot) -> QueryResult<Option<(i64, bool)>> {
    let bound = match plan.reading.count {
        Count::None => return Ok(None),
        Count::Bounded => Some(COUNT_BOUND + 1),
        Count::Exact => None,
    };
    let query = Select::count(plan, snapshot.release.number, snapshot.approximate, bound);
    let counted = counted(&select::load(connection, query).await?);
    Ok(Some(match plan.reading.count {
        Count::Bounded if counted > COUNT_BOUND => (COUNT_BOUND, false),
        _ => (counted, true),
    }))
}

/// Returns whether a plan selects more than `limit` rows.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn exceeds(connection: &ReadingConnection, plan: &Plan, snapshot: &Snapshot, limit: i64) -> QueryResult<bool> {
    let query = Select::count(plan, snapshot.release.number, snapshot.approximate, Some(limit + 1));
    Ok(counted(&select::load(connection, query).await?) > limit)
}

fn counted(rows: &[Row]) -> i64 {
    rows.iter().next().and_then(|row| row.cell(0)?.parse().ok()).unwrap_or(0)
}
