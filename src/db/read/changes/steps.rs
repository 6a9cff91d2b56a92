//! Owns the search for releases with changes: which releases opened or closed rows of which tables. A loose index scan over
//! `first_release` and `last_release` finds them, so that the cost depends on the number of such releases, not of rows.
//! Must not know rows.

use std::collections::{BTreeMap, BTreeSet};

use diesel::QueryResult;
use diesel::sql_types::{Integer, Text};
use diesel_async::RunQueryDsl;

use crate::db::ReadingConnection;
use crate::db::sql::geography;
use crate::db::sql::relations;
use crate::db::sql::writer::{SqlResult, SqlText, SqlWriter, statement};
use crate::query::Changes;

/// One dataset in one release that may hold changes.
#[derive(Clone, Debug)]
pub struct ChangeStep {
    /// The release.
    pub release: i32,
    /// When it was published, RFC 3339.
    pub published_at: String,
    /// The index of the dataset in [`Changes::plans`].
    pub plan: usize,
    /// Whether rows may have been opened or closed.
    pub rows: bool,
    /// Whether rows may have moved into or out of the territories of the request.
    pub territories: bool,
}

/// Reads the steps of a request up to a release, in order.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn load(mut connection: &ReadingConnection, changes: &Changes, until: i32) -> QueryResult<Vec<ChangeStep>> {
    let since = changes.after.as_ref().map_or(changes.since, |after| after.release - 1);
    if since >= until {
        return Ok(Vec::new());
    }
    let mut tables = BTreeSet::new();
    for plan in &changes.plans {
        tables.extend(
            std::iter::once(plan.selection.context.dataset.versions_table())
                .chain(geography::tables(&plan.selection))
                .chain(relations::tables(&plan.selection)),
        );
    }
    let query = ChangedTables { tables: tables.into_iter().collect(), since, until };
    let found: Vec<(i32, String, String)> = RunQueryDsl::load(query, &mut connection).await?;
    let mut releases: BTreeMap<i32, (String, BTreeSet<String>)> = BTreeMap::new();
    for (release, published_at, table) in found {
        releases.entry(release).or_insert_with(|| (published_at, BTreeSet::new())).1.insert(table);
    }
    let mut steps = Vec::new();
    for (release, (published_at, changed)) in releases {
        for (at, plan) in changes.plans.iter().enumerate() {
            let step = ChangeStep {
                release,
                published_at: published_at.clone(),
                plan: at,
                rows: changed.contains(plan.selection.context.dataset.versions_table()),
                territories: geography::tables(&plan.selection)
                    .chain(relations::tables(&plan.selection))
                    .any(|table| changed.contains(table)),
            };
            if step.rows || step.territories {
                steps.push(step);
            }
        }
    }
    Ok(steps)
}

/// The query of the releases after `since` and up to `until` that opened or closed rows of some tables, with the name of each
/// table.
struct ChangedTables {
    tables: Vec<&'static str>,
    since: i32,
    until: i32,
}

impl ChangedTables {
    fn write<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        out.push(
            "SELECT DISTINCT r.number, to_char(r.published_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), t.name FROM (",
        );
        for (at, table) in self.tables.iter().enumerate() {
            out.push(if at > 0 { " UNION ALL " } else { "" });
            self.table(out, table)?;
        }
        out.push(") t(number, name) JOIN releases r USING (number)");
        Ok(())
    }

    fn table<'b>(&'b self, out: &mut SqlWriter<'_, 'b>, table: &'b str) -> SqlResult {
        out.push("(WITH RECURSIVE ");
        self.index_scan(out, table, ("opened", "first_release", " > "))?;
        out.push(", ");
        self.index_scan(out, table, ("closed", "last_release", " >= "))?;
        out.push(" SELECT n, ");
        out.bind::<Text, _>(table)?;
        out.push(" FROM (SELECT n FROM opened UNION SELECT n + 1 FROM closed) each WHERE n <= ");
        out.bind::<Integer, _>(&self.until)?;
        out.push(")");
        Ok(())
    }

    /// Writes a recursive common table expression with the distinct values of a column, each found by one index lookup.
    fn index_scan<'b>(
        &'b self,
        out: &mut SqlWriter<'_, 'b>,
        table: &str,
        (name, column, first): (&'static str, &'static str, &'static str),
    ) -> SqlResult {
        out.push(name);
        out.push("(n) AS (SELECT min(");
        out.column("t", column)?;
        out.push(") FROM ");
        out.identifier(table)?;
        out.push(" t WHERE ");
        out.column("t", column)?;
        out.push(first);
        out.bind::<Integer, _>(&self.since)?;
        out.push(" UNION ALL SELECT (SELECT min(");
        out.column("t", column)?;
        out.push(") FROM ");
        out.identifier(table)?;
        out.push(" t WHERE ");
        out.column("t", column)?;
        out.push(" > ");
        out.column(name, "n")?;
        out.push(") FROM ");
        out.push(name);
        out.push(" WHERE ");
        out.column(name, "n")?;
        out.push(" < ");
        out.bind::<Integer, _>(&self.until)?;
        out.push(")");
        Ok(())
    }
}

statement!(ChangedTables, (Integer, Text, Text));
