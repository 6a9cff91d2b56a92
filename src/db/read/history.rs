//! Owns the reading of the versions of one row, with the releases that opened and closed each.
//! Must not know how versions are shown.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::checked::Snapshot;
use super::page::Page;
use crate::db::ReadingConnection;
use crate::db::schema::{releases, withdrawals};
use crate::db::sql::select::{self, Select};
use crate::query::{Column, Plan, Row};

/// A page of versions, the newest first.
#[derive(Debug)]
pub struct History {
    /// The versions, with the columns of the plan.
    pub page: Page,
    /// The version that comes before the last one of the page.
    pub before: Option<Row>,
    /// The releases that opened or closed them, by number.
    pub releases: BTreeMap<i32, VersionRelease>,
}

/// A release that opened or closed a version of the row.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = releases)]
pub struct VersionRelease {
    number: i32,
    /// When it was published.
    pub published_at: DateTime<Utc>,
    /// Its title.
    pub title: String,
    /// The reason why it withdrew the row, if it did and one is recorded.
    #[diesel(select_expression = withdrawals::reason.nullable())]
    pub reason: Option<String>,
    /// The code of the row that replaces it.
    #[diesel(select_expression = withdrawals::successor_code.nullable())]
    pub successor_code: Option<String>,
}

/// The number in the column with this name.
pub fn number(columns: &[Column], row: &Row, name: &str) -> Option<i32> {
    row.cell(columns.iter().position(|column| column.name == name)?)?.parse().ok()
}

/// Reads a page of the versions of the plan's row.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn read(mut connection: &ReadingConnection, plan: &Plan, snapshot: &Snapshot) -> QueryResult<History> {
    let mut rows = select::load(connection, Select::page(plan, snapshot.release.number, false)).await?;
    let limit = usize::try_from(plan.page_limit()).unwrap_or(usize::MAX);
    let before = if rows.len() > limit { rows.pop() } else { None };
    let (columns, dataset) = (plan.read_columns(), plan.selection.context.dataset);
    let own = |row: &Row| {
        let at = columns.iter().position(|column| dataset.code_field().is_some_and(|code| column.name == code.name))?;
        row.cell(at).map(str::to_owned)
    };
    let code = rows.as_slice().first().and_then(own).unwrap_or_default();
    let opened = rows.iter().filter_map(|row| number(&columns, row, "released_from"));
    let closed = rows.iter().filter_map(|row| number(&columns, row, "released_until"));
    let withdrawn =
        withdrawals::dataset.eq(dataset.name).and(withdrawals::code.eq(code)).and(withdrawals::release.eq(releases::number));
    let found = releases::table
        .left_join(withdrawals::table.on(withdrawn))
        .filter(releases::number.eq_any(opened.chain(closed).collect::<Vec<_>>()))
        .select(VersionRelease::as_select());
    let found: Vec<VersionRelease> = found.load(&mut connection).await?;
    let page = Page {
        release: snapshot.release.clone(),
        more: before.is_some(),
        rows,
        total: None,
        approximate: false,
        included: Vec::new(),
        facets: Vec::new(),
        notices: None,
        unselected: Vec::new(),
    };
    Ok(History { page, before, releases: found.into_iter().map(|release| (release.number, release)).collect() })
}
