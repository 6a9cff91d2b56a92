//! Owns the question what a reader must know of the observations in an answer: which were corrected, and by which
//! release; which break their series, or are not final.
//! Must not know how it is told.

use diesel::QueryResult;
use diesel::sql_types::{Array, BigInt, Integer, Text, Untyped};
use diesel_async::AsyncPgConnection;

use super::checked::Snapshot;
use crate::db::sql::aggregate::Groups;
use crate::db::sql::select;
use crate::db::sql::writer::{Out, SqlText, SqlWriter, statement};
use crate::query::{Plan, Row};

/// The most notices of one answer: the newest corrections are kept.
const NOTICES: i64 = 20;

/// What a reader must know of some observations.
#[derive(Clone, Debug)]
pub struct Notice {
    /// `break`, `provisional`, `estimated` or `correction`.
    pub kind: String,
    /// The observations that it concerns.
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

/// The notices of the rows of a page, read with the columns of [`Plan::read_columns`] and
/// [`with_corrections`](select::Select::with_corrections); nothing where there can be none. Most pages have no correction,
/// and nothing more is asked of the database.
///
/// # Errors
/// The database's.
pub async fn of_page(
    connection: &AsyncPgConnection,
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
    load(connection, plan, release, Chosen::Rows { keys, statuses }).await.map(Some)
}

/// The notices of observations that have these statuses, each a JSON array, and were never corrected.
fn of_statuses(statuses: &[String]) -> Vec<Notice> {
    let notice = |(kind, status): (&str, &str)| {
        let has = format!("\"{status}\"");
        let rows = statuses.iter().filter(|all| all.contains(&has)).count();
        (rows > 0).then(|| Notice { kind: kind.to_owned(), rows: i64::try_from(rows).unwrap_or(i64::MAX), correction: None })
    };
    STATUSES.into_iter().filter_map(notice).collect()
}

/// The notices of all rows that a plan selects, put together in a table; nothing where there can be none.
///
/// # Errors
/// The database's.
pub async fn of_table(connection: &AsyncPgConnection, plan: &Plan, snapshot: &Snapshot) -> QueryResult<Option<Vec<Notice>>> {
    if plan.notice_field().is_none() {
        return Ok(None);
    }
    let groups = Groups::new(plan, Vec::new(), snapshot.release.number, snapshot.approximate);
    load(connection, plan, snapshot.release.number, Chosen::Selected(groups)).await.map(Some)
}

async fn load(connection: &AsyncPgConnection, plan: &Plan, release: i32, chosen: Chosen<'_>) -> QueryResult<Vec<Notice>> {
    let rows = select::load(connection, Noticed { plan, release, chosen, most: NOTICES }).await?;
    let notice = |row: &Row| {
        let text = |at: usize| row.cell(at).map(str::to_owned);
        let correction = text(2).and_then(|number| {
            Some(Correction { release: number.parse().ok()?, published_at: text(3)?, title: text(4)?, notes: text(5) })
        });
        Some(Notice { kind: text(0)?, rows: text(1)?.parse().ok()?, correction })
    };
    Ok(rows.iter().filter_map(notice).collect())
}

/// The observations in question.
enum Chosen<'a> {
    /// Those with these keys, field by field, and these statuses, JSON arrays.
    Rows { keys: Vec<Vec<String>>, statuses: Vec<String> },
    /// Those that are gathered.
    Selected(Groups<'a>),
}

struct Noticed<'a> {
    plan: &'a Plan,
    release: i32,
    chosen: Chosen<'a>,
    most: i64,
}

/// The statuses that are told, in the order of notices; corrections come after them.
const STATUSES: [(&str, &str); 3] = [("break", "B"), ("provisional", "P"), ("estimated", "E")];

/// Observations whose value or statuses differ from those of the version before, and the end of the question.
const REVISED: &str = "ROW(v.value, v.statuses) IS DISTINCT FROM ROW(lag(v.value) OVER w, lag(v.statuses) OVER w) \
AND lag(v.first_release) OVER w IS NOT NULL AS revised";

const TOLD: &str = "marks(kind, place, release, rows) AS ( \
SELECT 'correction', 4, release, count(*) FROM versions WHERE revised GROUP BY release \
UNION ALL SELECT s.kind, s.place, NULL, sum(c.rows) FROM (SELECT t.statuses, count(*) AS rows FROM chosen t GROUP BY t.statuses) c JOIN ";

const WRITTEN: &str = " ON s.status = ANY(c.statuses) GROUP BY s.kind, s.place) \
SELECT m.kind, m.rows::text, m.release::text, to_char(r.published_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), r.title, r.notes \
FROM marks m LEFT JOIN releases r ON r.number = m.release ORDER BY m.place, m.release DESC LIMIT ";

impl Noticed<'_> {
    fn keys(&self, out: &mut SqlWriter<'_, '_>, alias: &'static str) -> Out {
        out.list(self.plan.selection.context.dataset.key_fields(), |out, field| {
            out.push(alias);
            out.identifier(field.name)
        })
    }

    /// Writes that two aliases are versions of one observation.
    fn same(&self, out: &mut SqlWriter<'_, '_>, one: &'static str, other: &'static str) -> Out {
        out.push("(");
        self.keys(out, one)?;
        out.push(") = (");
        self.keys(out, other)?;
        out.push(")");
        Ok(())
    }

    /// Writes where the observations in question come from, as the alias `t`.
    fn from<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> Out {
        let (keys, statuses) = match &self.chosen {
            Chosen::Selected(groups) => return groups.gathered(out),
            Chosen::Rows { keys, statuses } => (keys, statuses),
        };
        // What was read of the rows need not be read again.
        out.push(" FROM (SELECT ");
        self.keys(out, "")?;
        out.push(", translate(statuses, '[]', '{}')::text[] AS statuses FROM unnest(");
        out.list(keys.iter().chain([statuses]), |out, cells| out.bind::<Array<Text>, _>(cells))?;
        out.push(") AS asked(");
        self.keys(out, "")?;
        out.push(", statuses)) t WHERE true");
        Ok(())
    }
}

impl Noticed<'_> {
    /// Writes the statement.
    fn write<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> Out {
        out.push("WITH ");
        if let Chosen::Selected(groups) = &self.chosen {
            out.uncached();
            groups.named_members(out)?;
        }
        out.push("chosen AS NOT MATERIALIZED (SELECT ");
        self.keys(out, "t.")?;
        out.push(", t.statuses");
        self.from(out)?;
        // Most observations have had one version only, and are let go of at once.
        out.push("), corrected AS (SELECT DISTINCT ");
        self.keys(out, "t.")?;
        out.push(" FROM chosen t JOIN ");
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
        out.push(TOLD);
        out.push("(VALUES ");
        out.list(STATUSES.into_iter().zip(["1", "2", "3"]), |out, ((kind, status), place)| {
            ["('", kind, "', '", status, "', ", place, ")"].into_iter().for_each(|part| out.push(part));
            Ok(())
        })?;
        out.push(") AS s(kind, status, place)");
        out.push(WRITTEN);
        out.bind::<BigInt, _>(&self.most)
    }
}

statement!(Noticed<'_>, Untyped);
