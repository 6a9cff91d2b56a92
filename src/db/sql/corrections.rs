//! Owns the SQL that counts the corrections of selected observations by the release that made them.
//!
//! It starts from the closed rows, since most figures have one version. A correction is a closed row whose next version has
//! another value or other statuses.
//! Must not know how corrections are shown.

use diesel::sql_types::{BigInt, Integer, Untyped};

use super::selected_rows::{self, SelectedRows};
use super::writer::{SqlResult, SqlText, SqlWriter, statement};
use crate::query::Plan;

/// Equality of the columns that the versions of a figure share.
const SAME_FIGURE: &str = "v.series_id = e.series_id AND v.period_end = e.period_end AND v.period_start = e.period_start \
    AND v.period = e.period";

/// What makes the next version `n` of a closed row `e` a correction by a release. The planner knows that releases are few groups.
const OF_RELEASE: &str =
    " JOIN releases r ON r.number = n.first_release WHERE ROW(n.value, n.statuses) IS DISTINCT FROM ROW(e.value, e.statuses)";

/// The end of the statement: the releases of what was counted.
const RELEASES: &str = ") SELECT c.release::text, c.rows::text, to_char(r.published_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), \
    r.title, r.notes FROM counted c JOIN releases r ON r.number = c.release ORDER BY c.release DESC LIMIT ";

/// A query of the corrections of the rows of a plan, the newest first: release, rows, time, title and notes.
pub struct CorrectionsQuery<'a> {
    plan: &'a Plan,
    rows: SelectedRows<'a>,
    release: i32,
    limit: i64,
}

impl<'a> CorrectionsQuery<'a> {
    /// The corrections up to a release, at most `limit`.
    pub fn new(plan: &'a Plan, release: i32, approximate: bool, limit: i64) -> Self {
        Self { plan, rows: SelectedRows::new(plan, release, approximate), release, limit }
    }
}

impl CorrectionsQuery<'_> {
    /// Writes the statement.
    fn write<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        out.uncached();
        out.push("WITH ");
        self.rows.members(out)?;
        out.push("counted(release, rows) AS (");
        let whole = self.rows.are_whole_series() && !self.rows.are_latest();
        match whole && !selected_rows::is_filtered(self.plan) {
            true => self.of_all(out)?,
            false => self.of_some(out, whole)?,
        }
        out.push(RELEASES);
        out.bind::<BigInt, _>(&self.limit)
    }

    /// Counts the corrections of all figures: closed rows and their next versions are joined as wholes. A version mostly begins
    /// where the one before ends. Only after a withdrawal it does not, and only of a version that is closed too the figure may be
    /// withdrawn now: both are looked up.
    fn of_all<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        out.push("SELECT r.number, count(*) FROM figures e LEFT JOIN figures v ON ");
        out.push(SAME_FIGURE);
        // The first release has no next versions.
        out.push(" AND v.first_release = e.last_release + 1 AND v.first_release > 1 CROSS JOIN LATERAL (");
        out.push("SELECT v.first_release, v.last_release, v.value, v.statuses WHERE v.first_release IS NOT NULL UNION ALL (");
        self.next(out, "v.first_release IS NULL AND n.series_id = e.series_id AND n.period_end = e.period_end AND n.period_start = e.period_start AND n.period = e.period")?;
        out.push(")) n");
        out.push(OF_RELEASE);
        out.push(" AND e.last_release < ");
        out.bind::<Integer, _>(&self.release)?;
        out.push(" AND (n.last_release IS NULL OR n.last_release >= ");
        out.bind::<Integer, _>(&self.release)?;
        out.push(" OR EXISTS (SELECT FROM figures v WHERE ");
        out.push(SAME_FIGURE);
        out.push(" AND ");
        out.visible("v", &self.release)?;
        out.push(")) GROUP BY r.number");
        Ok(())
    }

    /// Counts the corrections of selected figures: the next version of each closed row is looked up.
    fn of_some<'b>(&'b self, out: &mut SqlWriter<'_, 'b>, whole_series: bool) -> SqlResult {
        out.push("SELECT r.number, count(*) FROM (");
        match whole_series {
            true => self.closed_of_series(out)?,
            false => self.closed_of_rows(out)?,
        }
        out.push(") e CROSS JOIN LATERAL (");
        self.next(out, "n.series_id = e.series_id AND n.period_end = e.period_end AND n.period_start = e.period_start AND n.period = e.period")?;
        out.push(") n");
        out.push(OF_RELEASE);
        out.push(" GROUP BY r.number");
        Ok(())
    }

    /// Writes the SELECT of the next version of the closed row `e`, which meets a condition on `n`.
    fn next<'b>(&'b self, out: &mut SqlWriter<'_, 'b>, same: &'static str) -> SqlResult {
        out.push("SELECT n.first_release, n.last_release, n.value, n.statuses FROM figures n WHERE ");
        out.push(same);
        out.push(" AND n.first_release > e.first_release AND n.first_release <= ");
        out.bind::<Integer, _>(&self.release)?;
        out.push(" ORDER BY n.first_release LIMIT 1");
        Ok(())
    }

    /// Writes the SELECT of the closed rows of figures that the release still has, in the selected series.
    fn closed_of_series<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        out.push("SELECT e.* FROM series t JOIN figures e ON e.series_id = t.id AND e.last_release < ");
        out.bind::<Integer, _>(&self.release)?;
        out.push(" CROSS JOIN LATERAL (SELECT FROM figures v WHERE ");
        out.push(SAME_FIGURE);
        out.push(" AND ");
        out.visible("v", &self.release)?;
        out.push(" LIMIT 1) kept");
        self.rows.where_series(out)
    }

    /// Writes the SELECT of the closed rows of the selected figures.
    fn closed_of_rows<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        // Of one release a figure has one row, of versions it may have several.
        out.push("SELECT e.* FROM figures e JOIN (SELECT ");
        out.push(if self.plan.selection.vintages.is_some() { "DISTINCT " } else { "" });
        out.push("t.series_id, t.period_end, t.period_start, t.period");
        self.rows.rows(out)?;
        out.push(") v ON ");
        out.push(SAME_FIGURE);
        out.push(" WHERE e.last_release < ");
        out.bind::<Integer, _>(&self.release)
    }
}

statement!(CorrectionsQuery<'_>, Untyped);
