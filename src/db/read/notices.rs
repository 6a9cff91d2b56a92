//! Owns the notices about observations: corrections with their releases, breaks in series, and provisional or estimated
//! values.
//! Must not know how notices are written.

use diesel::QueryResult;
use diesel::sql_types::{Array, BigInt, Integer, Text, Untyped};

use super::checked::Snapshot;
use crate::db::ReadingConnection;
use crate::db::sql::corrections::CorrectionsQuery;
use crate::db::sql::select;
use crate::db::sql::writer::{SqlResult, SqlText, SqlWriter, statement};
use crate::query::{Plan, Row};

/// The most notices of one answer. The oldest corrections are left out.
const MAX_NOTICES: i64 = 20;

/// A notice about some observations.
#[derive(Clone, Debug)]
pub struct Notice {
    /// `break`, `provisional`, `estimated` or `correction`.
    pub kind: String,
    /// The number of observations that it concerns.
    pub rows: i64,
    /// The release that corrected them.
    pub correction: Option<Correction>,
}

/// A release that corrected observations.
#[derive(Clone, Debug)]
pub struct Correction {
    /// Its number.
    pub release: i32,
    /// When it was published, RFC 3339.
    pub published_at: String,
    /// Its title, in French.
    pub title: String,
    /// Its notes, in French.
    pub notes: Option<String>,
}

/// The notices of the rows of a page, which was read with [`with_corrections`](select::Select::with_corrections); `None` for a
/// dataset without notices. A page without corrections, as most are, needs no query.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn of_page(
    connection: &ReadingConnection,
    plan: &Plan,
    release: i32,
    rows: &[Row],
) -> QueryResult<Option<Vec<Notice>>> {
    let Some(statuses) = plan.notice_field() else { return Ok(None) };
    let columns = plan.read_columns();
    let cells = |name: &str| -> Vec<String> {
        let at = columns.iter().position(|column| column.name == name).unwrap_or(usize::MAX);
        rows.iter().map(|row| row.cell(at).unwrap_or_default().to_owned()).collect()
    };
    let statuses = cells(statuses.name);
    if rows.iter().all(|row| row.cell(columns.len()).is_none()) {
        return Ok(Some(of_statuses(&statuses)));
    }
    let keys = plan.selection.context.dataset.key.iter().map(|key| cells(key)).collect();
    load(connection, plan, release, keys, statuses).await.map(Some)
}

/// The notices of observations without corrections. Each item of `statuses` is a JSON array.
fn of_statuses(statuses: &[String]) -> Vec<Notice> {
    let notice = |(kind, status): (&str, &str)| {
        let has = format!("\"{status}\"");
        let rows = statuses.iter().filter(|all| all.contains(&has)).count();
        (rows > 0).then(|| Notice { kind: kind.to_owned(), rows: i64::try_from(rows).unwrap_or(i64::MAX), correction: None })
    };
    STATUSES.into_iter().filter_map(notice).collect()
}

/// The corrections of all rows of a plan, the newest first; `None` for a dataset without notices.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn corrections(connection: &ReadingConnection, plan: &Plan, snapshot: &Snapshot) -> QueryResult<Option<Vec<Notice>>> {
    if !plan.has_notices() {
        return Ok(None);
    }
    let query = CorrectionsQuery::new(plan, snapshot.release.number, snapshot.approximate, MAX_NOTICES);
    let rows = select::load(connection, query).await?;
    let notice = |row: &Row| {
        let rows = row.cell(1)?.parse().ok()?;
        Some(Notice { kind: "correction".to_owned(), rows, correction: correction(row, 0) })
    };
    Ok(Some(rows.iter().filter_map(notice).collect()))
}

/// The notices of rows that have been counted by the statuses that have notices (`counts`: breaks, provisional, estimated),
/// with those of their corrections.
pub fn with_counts(counts: [i64; 3], corrections: Vec<Notice>) -> Vec<Notice> {
    let counted = STATUSES.into_iter().zip(counts).filter(|(_, rows)| *rows > 0);
    let counted = counted.map(|((kind, _), rows)| Notice { kind: kind.to_owned(), rows, correction: None });
    counted.chain(corrections).take(usize::try_from(MAX_NOTICES).unwrap_or_default()).collect()
}

async fn load(
    connection: &ReadingConnection,
    plan: &Plan,
    release: i32,
    keys: Vec<Vec<String>>,
    statuses: Vec<String>,
) -> QueryResult<Vec<Notice>> {
    let rows = select::load(connection, NoticeQuery { plan, release, keys, statuses, limit: MAX_NOTICES }).await?;
    let notice = |row: &Row| {
        Some(Notice { kind: row.cell(0)?.to_owned(), rows: row.cell(1)?.parse().ok()?, correction: correction(row, 2) })
    };
    Ok(rows.iter().filter_map(notice).collect())
}

/// The release that a row describes from a cell on: number, time, title and notes.
fn correction(row: &Row, from: usize) -> Option<Correction> {
    let text = |at: usize| row.cell(from + at).map(str::to_owned);
    Some(Correction { release: text(0)?.parse().ok()?, published_at: text(1)?, title: text(2)?, notes: text(3) })
}

/// The notices of rows that have been read: their keys, field by field, and their statuses, JSON arrays.
struct NoticeQuery<'a> {
    plan: &'a Plan,
    release: i32,
    keys: Vec<Vec<String>>,
    statuses: Vec<String>,
    limit: i64,
}

/// The kinds of notices and their statuses, in order. Corrections come after them.
const STATUSES: [(&str, &str); 3] = [("break", "B"), ("provisional", "P"), ("estimated", "E")];

/// Whether the value or the statuses of a version differ from those of the version before.
const REVISED: &str = "ROW(v.value, v.statuses) IS DISTINCT FROM ROW(lag(v.value) OVER w, lag(v.statuses) OVER w) \
AND lag(v.first_release) OVER w IS NOT NULL AS revised";

/// The start of the common table expression `counted`, up to the list of statuses.
const COUNTED_START: &str = "counted(kind, sort_order, release, rows) AS ( \
SELECT 'correction', 4, release, count(*) FROM versions WHERE revised GROUP BY release \
UNION ALL SELECT s.kind, s.sort_order, NULL, sum(c.rows) FROM (SELECT t.statuses, count(*) AS rows FROM selected t GROUP BY t.statuses) c JOIN ";

/// The end of `counted` and the final SELECT.
const COUNTED_END: &str = " ON s.status = ANY(c.statuses) GROUP BY s.kind, s.sort_order) \
SELECT m.kind, m.rows::text, m.release::text, to_char(r.published_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), r.title, r.notes \
FROM counted m LEFT JOIN releases r ON r.number = m.release ORDER BY m.sort_order, m.release DESC LIMIT ";

impl NoticeQuery<'_> {
    fn keys(&self, out: &mut SqlWriter<'_, '_>, alias: &'static str) -> SqlResult {
        out.list(self.plan.selection.context.dataset.key_fields(), |out, field| {
            out.push(alias);
            out.identifier(field.name)
        })
    }

    /// Writes the condition that two aliases are versions of one observation.
    fn same(&self, out: &mut SqlWriter<'_, '_>, one: &'static str, other: &'static str) -> SqlResult {
        out.push("(");
        self.keys(out, one)?;
        out.push(") = (");
        self.keys(out, other)?;
        out.push(")");
        Ok(())
    }

    /// Writes `FROM … WHERE …` of the observations, with the alias `t`.
    fn from<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        let (keys, statuses) = (&self.keys, &self.statuses);
        // The rows of the page are not read again.
        out.push(" FROM (SELECT ");
        self.keys(out, "")?;
        out.push(", translate(statuses, '[]', '{}')::text[] AS statuses FROM unnest(");
        out.list(keys.iter().chain([statuses]), |out, cells| out.bind::<Array<Text>, _>(cells))?;
        out.push(") AS requested(");
        self.keys(out, "")?;
        out.push(", statuses)) t WHERE true");
        Ok(())
    }
}

impl NoticeQuery<'_> {
    /// Writes the statement.
    fn write<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        out.push("WITH selected AS NOT MATERIALIZED (SELECT ");
        self.keys(out, "t.")?;
        out.push(", t.statuses");
        self.from(out)?;
        // Most observations have one version only and are dropped first.
        out.push("), corrected AS (SELECT DISTINCT ");
        self.keys(out, "t.")?;
        out.push(" FROM selected t JOIN ");
        out.identifier(self.plan.selection.context.dataset.name)?;
        out.push(" e ON ");
        self.same(out, "e.", "t.")?;
        out.push(" AND e.last_release < ");
        out.bind::<Integer, _>(&self.release)?;
        out.push("), versions AS (SELECT v.first_release AS release, ");
        out.push(REVISED);
        out.push(" FROM corrected c JOIN ");
        out.identifier(self.plan.selection.context.dataset.name)?;
        out.push(" v ON ");
        self.same(out, "v.", "c.")?;
        out.push(" AND v.first_release <= ");
        out.bind::<Integer, _>(&self.release)?;
        out.push(" WINDOW w AS (PARTITION BY ");
        self.keys(out, "v.")?;
        out.push(" ORDER BY v.first_release)), ");
        out.push(COUNTED_START);
        out.push("(VALUES ");
        out.list(STATUSES.into_iter().zip(["1", "2", "3"]), |out, ((kind, status), sort_order)| {
            ["('", kind, "', '", status, "', ", sort_order, ")"].into_iter().for_each(|part| out.push(part));
            Ok(())
        })?;
        out.push(") AS s(kind, status, sort_order)");
        out.push(COUNTED_END);
        out.bind::<BigInt, _>(&self.limit)
    }
}

statement!(NoticeQuery<'_>, Untyped);
