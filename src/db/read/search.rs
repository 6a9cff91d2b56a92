//! Owns the choice between an exact search and an approximate one.
//! Must not know how either is written in SQL.

use diesel::QueryResult;

use crate::db::ReadingConnection;
use crate::db::sql::select::{self, Select};
use crate::query::{Context, Plan, Selection};

/// Returns whether no row of the dataset has the words that a plan searches for, whatever its filters. Rows whose title
/// resembles the words are given then. The answer is the same for every page of a release.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn nothing_found(connection: &ReadingConnection, plan: &Plan, release: i32) -> QueryResult<bool> {
    let context = Context { link: None, extra: &[], ..plan.selection.context };
    let original = &plan.selection;
    let selection = Selection {
        search: original.search.clone(),
        geography: original.geography.filter(|_| context.holds_territories()),
        last: original.last,
        compare: original.compare.clone(),
        grouping: original.grouping.clone(),
        ..Selection::all(context, None)
    };
    let bare = Plan { selection, ..plan.clone() };
    let found = select::load(connection, Select::count(&bare, release, false, Some(1))).await?;
    Ok(found.iter().any(|row| row.cell(0) == Some("0")))
}
