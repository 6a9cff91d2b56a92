//! Owns the search for what has changed at all: which releases touched which tables, found by leaps along the indexes of
//! first and last releases, so that it costs as much as there are releases that did, whatever the tables hold.
//! Must not know rows.

use std::collections::{BTreeMap, BTreeSet};

use diesel::QueryResult;
use diesel::sql_types::{Integer, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::db::sql::writer::{Out, SqlText, SqlWriter, statement};
use crate::query::{Changes, Dataset, FieldOrigin, Plan};

/// One dataset in one release that may hold changes.
#[derive(Clone, Debug)]
pub struct Step {
    /// The release.
    pub release: i32,
    /// When it was published, as in all answers.
    pub published_at: String,
    /// The place of the dataset in [`Changes::plans`].
    pub plan: usize,
    /// Whether rows may have come, changed or gone.
    pub rows: bool,
    /// Whether rows that are repeated in the dataset's may have changed.
    pub names: bool,
    /// Whether rows may have moved into the request's territories or out of them.
    pub territories: bool,
}

/// The steps that the request is about, in order.
pub async fn load(mut connection: &AsyncPgConnection, changes: &Changes, until: i32) -> QueryResult<Vec<Step>> {
    let since = changes.after.as_ref().map_or(changes.since, |after| after.release - 1);
    if since >= until {
        return Ok(Vec::new());
    }
    let mut tables = BTreeSet::new();
    for plan in &changes.plans {
        tables.extend(
            std::iter::once(plan.selection.context.dataset.name)
                .chain(repeated(plan.selection.context.dataset))
                .chain(places(plan)),
        );
    }
    let touched = Touched { tables: tables.into_iter().collect(), since, until };
    let found: Vec<(i32, String, String)> = RunQueryDsl::load(touched, &mut connection).await?;
    let mut releases: BTreeMap<i32, (String, BTreeSet<String>)> = BTreeMap::new();
    for (release, published_at, table) in found {
        releases.entry(release).or_insert_with(|| (published_at, BTreeSet::new())).1.insert(table);
    }
    let mut steps = Vec::new();
    for (release, (published_at, touched)) in releases {
        for (at, plan) in changes.plans.iter().enumerate() {
            let step = Step {
                release,
                published_at: published_at.clone(),
                plan: at,
                rows: touched.contains(plan.selection.context.dataset.name),
                names: repeated(plan.selection.context.dataset).any(|table| touched.contains(table)),
                territories: places(plan).any(|table| touched.contains(table)),
            };
            if step.rows || step.names || step.territories {
                steps.push(step);
            }
        }
    }
    Ok(steps)
}

/// The datasets of which fields are repeated in this one's rows.
fn repeated(dataset: &'static Dataset) -> impl Iterator<Item = &'static str> {
    dataset.fields.iter().filter_map(|field| match field.origin {
        FieldOrigin::Named { dataset, .. } => Some(dataset),
        FieldOrigin::Row | FieldOrigin::Link | FieldOrigin::Opened | FieldOrigin::Record => None,
    })
}

/// The tables that say which territories the request is about.
fn places(plan: &Plan) -> impl Iterator<Item = &'static str> {
    let scopes = (!plan.selection.scopes.is_empty()).then_some("containments");
    scopes.into_iter().chain((!plan.selection.spatial.is_empty()).then_some("contours"))
}

/// The releases after one and up to another that opened or closed rows of some tables, with the name of the table. They
/// are found by leaps along the indexes of first and last releases, one for each release.
struct Touched {
    tables: Vec<&'static str>,
    since: i32,
    until: i32,
}

impl Touched {
    fn write<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> Out {
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

    fn table<'b>(&'b self, out: &mut SqlWriter<'_, 'b>, table: &'b str) -> Out {
        out.push("(WITH RECURSIVE ");
        self.leap(out, table, ("opened", "first_release", " > "))?;
        out.push(", ");
        self.leap(out, table, ("closed", "last_release", " >= "))?;
        out.push(" SELECT n, ");
        out.bind::<Text, _>(table)?;
        out.push(" FROM (SELECT n FROM opened UNION SELECT n + 1 FROM closed) each WHERE n <= ");
        out.bind::<Integer, _>(&self.until)?;
        out.push(")");
        Ok(())
    }

    fn leap<'b>(
        &'b self,
        out: &mut SqlWriter<'_, 'b>,
        table: &str,
        (name, column, first): (&'static str, &'static str, &'static str),
    ) -> Out {
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

statement!(Touched, (Integer, Text, Text));
