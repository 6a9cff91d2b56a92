//! Owns the reading of one row's versions, with the releases that opened and closed each.
//! Must not know how they are told.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Nullable, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::checked::Snapshot;
use super::page::Page;
use crate::db::sql::select::{self, Select};
use crate::query::{Column, Plan, Row};

/// A page of versions, the newest first.
#[derive(Debug)]
pub struct History {
    /// The versions; their columns are the plan's.
    pub page: Page,
    /// The version before the last of the page.
    pub before: Option<Row>,
    /// The releases that opened or closed them, by number.
    pub releases: BTreeMap<i32, Act>,
}

/// A release, as far as it concerns the row.
#[derive(Debug, QueryableByName)]
pub struct Act {
    #[diesel(sql_type = Integer)]
    number: i32,
    /// When it was published.
    #[diesel(sql_type = Timestamptz)]
    pub published_at: DateTime<Utc>,
    /// Its title.
    #[diesel(sql_type = Text)]
    pub title: String,
    /// The reason why it withdrew the row, if it did and gave one.
    #[diesel(sql_type = Nullable<Text>)]
    pub reason: Option<String>,
    /// The code of what stands in the row's place.
    #[diesel(sql_type = Nullable<Text>)]
    pub successor_code: Option<String>,
}

/// The number in a column of this name.
pub fn number(columns: &[Column], row: &Row, name: &str) -> Option<i32> {
    row.cell(columns.iter().position(|column| column.name == name)?)?.parse().ok()
}

/// Reads a page of versions.
///
/// # Errors
/// The database's.
pub async fn read(mut connection: &AsyncPgConnection, plan: &Plan, snapshot: &Snapshot) -> QueryResult<History> {
    let mut rows = select::load(connection, Select::page(plan, snapshot.release.number, false)).await?;
    let limit = usize::try_from(plan.page_limit()).unwrap_or(usize::MAX);
    let before = if rows.len() > limit { rows.pop() } else { None };
    let (columns, dataset) = (plan.read_columns(), plan.selection.context.dataset);
    let own = |row: &Row| {
        let at = columns.iter().position(|column| dataset.code_field().is_some_and(|code| column.name == code.name))?;
        row.cell(at).map(str::to_owned)
    };
    let code = rows.as_slice().first().and_then(own).unwrap_or_default();
    let opened = rows.iter().filter_map(|row| number(&columns, row, "first_release"));
    let closed = rows.iter().filter_map(|row| number(&columns, row, "last_release")).map(|last| last + 1);
    let acts: Vec<Act> = diesel::sql_query(
        "SELECT r.number, r.published_at, r.title, w.reason, w.successor_code FROM releases r \
         LEFT JOIN withdrawals w ON w.dataset = $1 AND w.code = $2 AND w.release = r.number WHERE r.number = ANY($3)",
    )
    .bind::<Text, _>(dataset.name)
    .bind::<Text, _>(code)
    .bind::<Array<Integer>, _>(opened.chain(closed).collect::<Vec<_>>())
    .load(&mut connection)
    .await?;
    let page = Page {
        release: snapshot.release.clone(),
        more: before.is_some(),
        rows,
        total: None,
        approximate: false,
        included: Vec::new(),
        facets: Vec::new(),
        notices: None,
    };
    Ok(History { page, before, releases: acts.into_iter().map(|act| (act.number, act)).collect() })
}
