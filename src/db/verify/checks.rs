//! Owns the checks of `verify`: the stored rows agree with the records of the releases and with each other.
//! Must not know how errors are shown, nor what a dataset means.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use serde_json::Value;

use super::files;
use crate::db::DbError;
use crate::db::connection::config::{Client, IsolationLevel, Transaction};
use crate::db::connection::diesel_client::DieselClient;
use crate::db::schema::releases;
use crate::db::sql::{derivations, text};
use crate::query::{Dataset, RowOrigin};

/// The most rows that one check of one dataset lists.
const LISTED: usize = 20;

/// One error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The check: `releases`, `counts`, `span`, `key`, `reference`, `derived`, `withdrawals`, `protection`, `privileges`,
    /// `chain`, `audit`, `keys`, `files`, `staging`, `bundle` or `digest`.
    pub check: &'static str,
    /// The dataset.
    pub dataset: String,
    /// The code of the row, if it is about one row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What is wrong.
    pub detail: String,
}

/// The errors in the order in which they were found. The first of each check are listed, all are counted.
#[derive(Debug, Default)]
pub struct Findings {
    /// The listed errors.
    pub faults: Vec<Fault>,
    /// The number of all errors.
    pub count: u64,
}

impl Findings {
    /// Adds one.
    pub fn push(&mut self, check: &'static str, dataset: &str, code: Option<String>, detail: String) {
        self.count += 1;
        self.faults.push(Fault { check, dataset: dataset.to_owned(), code, detail });
    }
}

/// Begins a read-only transaction that sees one state of the database, whatever is published meanwhile.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn snapshot(client: &mut Client) -> Result<Transaction<'_>, DbError> {
    let isolation = IsolationLevel::RepeatableRead;
    let transaction = client.build_transaction().isolation_level(isolation).read_only(true).start().await?;
    let patient = "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0";
    transaction.batch_execute(patient).await?;
    Ok(transaction)
}

/// The numbers of the releases, in order.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn releases(transaction: &Transaction<'_>) -> Result<Vec<i32>, DbError> {
    let numbers = releases::table.order(releases::number).select(releases::number);
    Ok(numbers.load(&mut DieselClient(transaction)).await?)
}

/// Runs the checks of rows.
///
/// # Errors
/// Returns an error if the database cannot be reached. Wrong rows are findings, not errors.
pub async fn check(
    transaction: &Transaction<'_>,
    registry: &'static [&'static Dataset],
    findings: &mut Findings,
) -> Result<(), DbError> {
    let numbers = releases(transaction).await?;
    for (expected, number) in (1..).zip(&numbers) {
        if expected != *number {
            findings.push("releases", "releases", Some(number.to_string()), format!("release {expected} is missing before it"));
            break;
        }
    }
    let newest = numbers.last().copied().unwrap_or(0);
    counts(transaction, registry, findings).await?;
    for dataset in registry {
        for (check, sql) in checks(dataset, registry, newest) {
            rows(transaction, check, dataset.name, &sql, findings).await?;
        }
    }
    rows(transaction, "files", files::TABLE, &files::without_release(newest), findings).await?;
    for (check, sql) in files::CHECKS {
        rows(transaction, check, files::TABLE, sql, findings).await?;
    }
    rows(transaction, "staging", "-", STAGING, findings).await
}

/// Staging tables that outlived their publication.
const STAGING: &str = "SELECT n.nspname || '.' || c.relname, 'a table of a publication was left behind' \
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND c.relname LIKE 'stage\\_%'";

/// The checks of one dataset: the name of each, and the SELECT that returns code and detail of each wrong row.
fn checks(dataset: &'static Dataset, registry: &'static [&'static Dataset], newest: i32) -> Vec<(&'static str, String)> {
    let (table, code) = (dataset.name, text::code_of(dataset, "t"));
    let keys = dataset.key.iter().map(|key| format!("t.\"{key}\"")).collect::<Vec<_>>().join(", ");
    let mut checks = vec![
        (
            "span",
            format!(
                "SELECT {code}, format('is of the releases %s to %s, of %s', t.first_release, t.last_release, {newest}) FROM \"{table}\" t \
                 WHERE t.first_release < 1 OR t.first_release > {newest} OR t.last_release < t.first_release OR t.last_release >= {newest}"
            ),
        ),
        (
            "key",
            format!(
                "SELECT code, format('has two versions at release %s', first_release) FROM (SELECT {code} AS code, t.first_release, \
                 lag(coalesce(t.last_release, {newest})) OVER (PARTITION BY {keys} ORDER BY t.first_release) AS before \
                 FROM \"{table}\" t) v WHERE before >= first_release"
            ),
        ),
    ];
    for field in dataset.columns() {
        let Some(target) = field.reference().and_then(|name| registry.iter().find(|dataset| dataset.name == name)) else {
            continue;
        };
        checks.push(("reference", dangling(dataset, field.name, field.is_list(), target, newest)));
    }
    if let RowOrigin::Derived { by, .. } = dataset.rows {
        let select = derivations::select(by);
        let columns = dataset.columns().map(|field| format!("\"{}\"", field.name)).collect::<Vec<_>>().join(", ");
        let either = |left: &str, right: &str, detail: &str| {
            format!("SELECT {code}, '{detail}' FROM (SELECT {columns} FROM {left} EXCEPT SELECT {columns} FROM {right}) t")
        };
        let (stored, computed) = (format!("(SELECT * FROM \"{table}\" WHERE last_release IS NULL) s"), format!("({select}) d"));
        checks.push(("derived", either(&stored, &computed, "is not what it is computed from")));
        checks.push(("derived", either(&computed, &stored, "is missing, or other than computed")));
    }
    if matches!(dataset.rows, RowOrigin::Published) {
        checks.push((
            "withdrawals",
            format!(
                "SELECT w.code, format('was withdrawn by release %s, and is not closed', w.release) FROM withdrawals w \
                 WHERE w.dataset = '{table}' AND NOT EXISTS (SELECT 1 FROM \"{table}\" t WHERE {code} = w.code AND t.last_release = w.release - 1)"
            ),
        ));
    }
    checks
}

/// The rows that refer to a row which is not visible in every release that they are visible in.
fn dangling(dataset: &'static Dataset, field: &str, list: bool, target: &'static Dataset, newest: i32) -> String {
    let (table, other, code) = (dataset.name, target.name, text::code_of(dataset, "t"));
    let value = if list { format!("unnest(t.\"{field}\")") } else { format!("t.\"{field}\"") };
    format!(
        "WITH given AS (SELECT {code} AS code, {value} AS value, t.first_release AS f, coalesce(t.last_release, {newest}) AS l \
         FROM \"{table}\" t), \
         bad AS (SELECT d.* FROM (SELECT DISTINCT value, f, l FROM given WHERE value IS NOT NULL) d WHERE d.l - d.f + 1 > \
         (SELECT coalesce(sum(least(coalesce(o.last_release, {newest}), d.l) - greatest(o.first_release, d.f) + 1), 0) FROM \"{other}\" o \
         WHERE o.code = d.value AND o.first_release <= d.l AND coalesce(o.last_release, {newest}) >= d.f)) \
         SELECT g.code, format('`{field}` names %s of {other}, which is not there in all of the releases %s to %s', g.value, g.f, g.l) \
         FROM given g JOIN bad b ON b.value = g.value AND b.f = g.f AND b.l = g.l"
    )
}

/// Adds what a check finds: a SELECT that returns code and detail of each error.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses the statement.
pub async fn rows(
    transaction: &Transaction<'_>,
    check: &'static str,
    dataset: &str,
    sql: &str,
    findings: &mut Findings,
) -> Result<(), DbError> {
    let first = format!("SELECT q.*, count(*) OVER () FROM ({sql}) AS q(code, detail) ORDER BY 1, 2 LIMIT {LISTED}");
    let found = transaction.query(&first, &[]).await?;
    let all = found.as_slice().first().map_or(0, |row| u64::try_from(row.get::<_, i64>(2)).unwrap_or_default());
    found.iter().for_each(|row| findings.push(check, dataset, row.get(0), row.get(1)));
    findings.count += all.saturating_sub(found.len() as u64);
    Ok(())
}

/// Compares the rows that each release opened and closed with the counts in its record.
async fn counts(
    transaction: &Transaction<'_>,
    registry: &'static [&'static Dataset],
    findings: &mut Findings,
) -> Result<(), DbError> {
    let recorded = releases::table.order(releases::number).select((
        releases::number,
        releases::counts,
        (releases::added, releases::changed, releases::withdrawn),
    ));
    let recorded: Vec<(i32, Value, (i32, i32, i32))> = recorded.load(&mut DieselClient(transaction)).await?;
    let mut found: BTreeMap<(&str, i32), (i64, i64)> = BTreeMap::new();
    for dataset in registry.iter().filter(|dataset| !matches!(dataset.rows, RowOrigin::Releases)) {
        let (table, published) = (dataset.name, derivations::published(dataset).unwrap_or("true"));
        let query = format!(
            "SELECT release, sum(opened)::bigint, sum(closed)::bigint FROM ( \
             SELECT first_release AS release, count(*) AS opened, 0 AS closed FROM \"{table}\" t WHERE {published} GROUP BY 1 UNION ALL \
             SELECT last_release + 1, 0, count(*) FROM \"{table}\" t WHERE last_release IS NOT NULL AND {published} GROUP BY 1) c GROUP BY 1"
        );
        for row in transaction.query(&query, &[]).await? {
            found.insert((table, row.get(0)), (row.get(1), row.get(2)));
        }
    }
    for (number, said, (added, changed, withdrawn)) in recorded {
        let totals = [added, changed, withdrawn].map(i64::from);
        let mut sums = [0; 3];
        for dataset in registry.iter().filter(|dataset| !matches!(dataset.rows, RowOrigin::Releases)) {
            let [added, changed, withdrawn] =
                ["added", "changed", "withdrawn"].map(|what| said[dataset.name][what].as_i64().unwrap_or(0));
            sums.iter_mut().zip([added, changed, withdrawn]).for_each(|(sum, n)| *sum += n);
            let (opened, closed) = found.get(&(dataset.name, number)).copied().unwrap_or_default();
            if (opened, closed) != (added + changed, changed + withdrawn) {
                let detail = format!(
                    "release {number} opened {opened} rows and closed {closed}; its record says {} and {}",
                    added + changed,
                    changed + withdrawn
                );
                findings.push("counts", dataset.name, None, detail);
            }
        }
        if totals != sums {
            let detail = format!("says {totals:?} added, changed and withdrawn in all, and {sums:?} by dataset");
            findings.push("counts", "releases", Some(number.to_string()), detail);
        }
    }
    Ok(())
}

/// The major version of the server, and the name of an exported snapshot, which other connections can use while the
/// transaction lasts.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn exported(transaction: &Transaction<'_>) -> Result<(u32, String), DbError> {
    let row =
        transaction.query_one("SELECT current_setting('server_version_num')::integer / 10000, pg_export_snapshot()", &[]).await?;
    Ok((u32::try_from(row.get::<_, i32>(0)).unwrap_or_default(), row.get(1)))
}

/// The major version of the server, and the names of the first five tables and functions that a fresh database does not have.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn occupants(client: &Client) -> Result<(u32, Vec<String>), DbError> {
    let row = client.query_one("SELECT current_setting('server_version_num')::integer / 10000", &[]).await?;
    let query = "SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
                 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' \
                 AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype IN ('e', 'i', 'a')) \
                 UNION ALL SELECT n.nspname || '.' || p.proname || '()' FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace \
                 WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' \
                 AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e') ORDER BY 1 LIMIT 5";
    let names = client.query(query, &[]).await?.iter().map(|row| row.get(0)).collect();
    Ok((u32::try_from(row.get::<_, i32>(0)).unwrap_or_default(), names))
}
