//! Owns the search for what has changed at all: which releases touched which tables, found by leaps along the indexes of
//! first and last releases, so that it costs as much as there are releases that did, whatever the tables hold.
//! Must not know rows.

use std::collections::{BTreeMap, BTreeSet};

use diesel::QueryResult;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

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

#[derive(QueryableByName)]
struct Touched {
    #[diesel(sql_type = Integer)]
    release: i32,
    #[diesel(sql_type = Text)]
    published_at: String,
    #[diesel(sql_type = Text)]
    name: String,
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
    let touched: Vec<String> = tables.into_iter().map(touched).collect();
    let query = format!(
        "SELECT DISTINCT r.number AS release, to_char(r.published_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS published_at, \
         t.name FROM ({}) t(number, name) JOIN releases r USING (number)",
        touched.join(" UNION ALL ")
    );
    let found: Vec<Touched> =
        diesel::sql_query(query).bind::<Integer, _>(since).bind::<Integer, _>(until).load(&mut connection).await?;
    let mut releases: BTreeMap<i32, (String, BTreeSet<String>)> = BTreeMap::new();
    for one in found {
        releases.entry(one.release).or_insert_with(|| (one.published_at, BTreeSet::new())).1.insert(one.name);
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

/// The releases after $1 and up to $2 that opened or closed rows of a table, with its name.
fn touched(table: &str) -> String {
    let leap = |name: &str, column: &str, first: &str| {
        format!(
            "{name}(n) AS (SELECT min(t.{column}) FROM \"{table}\" t WHERE t.{column} {first} $1 \
             UNION ALL SELECT (SELECT min(t.{column}) FROM \"{table}\" t WHERE t.{column} > {name}.n) FROM {name} WHERE {name}.n < $2)"
        )
    };
    format!(
        "(WITH RECURSIVE {}, {} SELECT n, '{table}'::text FROM (SELECT n FROM opened UNION SELECT n + 1 FROM closed) each WHERE n <= $2)",
        leap("opened", "first_release", ">"),
        leap("closed", "last_release", ">="),
    )
}
