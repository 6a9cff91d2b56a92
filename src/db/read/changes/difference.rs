//! Owns the SQL of one step: the difference between the rows that a plan selects at a release and at the release before.
//!
//! A row is upserted if the release opened it, or if its territory moved into the territories of the request; what it has from
//! another row never changes. It is withdrawn if the release closed it for good. It leaves if it is still published and no longer
//! selected: the release opened a version that does not match the filters, or its territory moved out. A client with a copy needs
//! all of these changes. Must not know which steps there are.

use diesel::sql_types::{BigInt, Integer, Untyped};

use super::{ChangeStep, withdrawal};
use crate::db::sql::fragments;
use crate::db::sql::geography;
use crate::db::sql::keyset::Order;
use crate::db::sql::references::LookUp;
use crate::db::sql::relations;
use crate::db::sql::select::Select;
use crate::db::sql::writer::{SqlResult, SqlText, SqlWriter, statement};
use crate::query::{Changes, Column, Dataset, Plan};

/// The number of cells before those of the row: operation, reason, successor.
pub const CELLS: usize = 3;

/// What became of the rows of a branch.
#[derive(Clone, Copy)]
enum Operation {
    Upsert,
    Leave,
    /// A withdrawal if the release opened no version of the row, else a row that leaves.
    WithdrawOrLeave,
}

/// The changes of one step, in the order of the key.
pub struct Difference<'a> {
    plan: &'a Plan,
    step: &'a ChangeStep,
    previous: i32,
    now: Select<'a>,
    before: Select<'a>,
    after: Option<&'a [Option<String>]>,
    limit: i64,
    columns: Vec<Column>,
}

impl<'a> Difference<'a> {
    /// At most `limit` changes, after the one with this key.
    pub fn new(changes: &'a Changes, step: &'a ChangeStep, after: Option<&'a [Option<String>]>, limit: i64) -> Self {
        let (plan, previous) = (&changes.plans[step.plan], step.release - 1);
        let at = |release| Select::all_rows(plan, release, false, None);
        Self { plan, step, previous, now: at(step.release), before: at(previous), after, limit, columns: plan.read_columns() }
    }

    fn dataset(&self) -> &'static Dataset {
        self.plan.selection.context.dataset
    }

    /// Writes the rows that the release opened.
    fn opened<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        self.rows(out)?;
        out.push("t.first_release = ");
        out.bind::<Integer, _>(&self.step.release)?;
        self.now.filters(out)?;
        self.now.territories(out)
    }

    /// Writes the rows that the release closed and did not open again so that the plan selects them.
    fn closed<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        out.push(" FROM (SELECT o.* FROM (SELECT t.*");
        self.rows(out)?;
        out.push("t.last_release = ");
        out.bind::<Integer, _>(&self.previous)?;
        self.before.filters(out)?;
        self.before.territories(out)?;
        out.push(") o WHERE NOT EXISTS (SELECT 1");
        self.rows(out)?;
        for key in self.dataset().key_fields() {
            fragments::column(out, key)?;
            out.push(" = o.");
            out.identifier(key.name)?;
            out.push(" AND ");
        }
        out.push("t.first_release = ");
        out.bind::<Integer, _>(&self.step.release)?;
        self.now.filters(out)?;
        self.now.territories(out)?;
        out.push(")) t WHERE true");
        Ok(())
    }

    /// Writes the unchanged rows that moved into the territories of the request.
    fn moved_in<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        self.unchanged(out)?;
        self.now.filters(out)?;
        self.now.territories(out)?;
        self.may_have_moved(out)?;
        self.outside(out, &self.before)
    }

    /// Writes the unchanged rows that moved out of the territories of the request.
    fn moved_out<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        self.unchanged(out)?;
        self.before.filters(out)?;
        self.before.territories(out)?;
        self.may_have_moved(out)?;
        self.outside(out, &self.now)
    }

    fn rows(&self, out: &mut SqlWriter<'_, '_>) -> SqlResult {
        out.push(" FROM ");
        out.identifier(self.dataset().name)?;
        out.push(" t WHERE ");
        self.now.published(out);
        Ok(())
    }

    fn unchanged<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        self.rows(out)?;
        out.push("t.first_release < ");
        out.bind::<Integer, _>(&self.step.release)?;
        out.push(" AND (t.last_release IS NULL OR t.last_release >= ");
        out.bind::<Integer, _>(&self.step.release)?;
        out.push(")");
        Ok(())
    }

    /// Writes the condition that a row is outside the territories of the request at the release of `select`.
    fn outside<'b>(&'b self, out: &mut SqlWriter<'_, 'b>, select: &'b Select<'_>) -> SqlResult {
        out.push(" AND NOT (true");
        select.territories(out)?;
        out.push(")");
        Ok(())
    }

    /// Writes the condition that the geography of a row's territory has changed, or a row between it and its relation. Few
    /// territories have changes, which an index finds; millions of rows have a territory without.
    fn may_have_moved<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        out.push(" AND (false");
        if geography::tables(&self.plan.selection).next().is_some() {
            let field = self.dataset().territory_field().expect("only datasets with territories have scopes and places");
            out.push(" OR ");
            fragments::column(out, field)?;
            out.push(if field.is_list() { " && ARRAY(" } else { " IN (" });
            geography::codes_with_changes(out, &self.plan.selection, |out, alias| self.changed(out, alias))?;
            out.push(")");
        }
        relations::with_changes(out, &self.plan.selection, |out, alias| self.changed(out, alias))?;
        out.push(")");
        Ok(())
    }

    /// Writes the condition that the release opened or closed a row of an alias.
    fn changed<'b>(&'b self, out: &mut SqlWriter<'_, 'b>, alias: &'static str) -> SqlResult {
        out.push("(");
        out.push(alias);
        out.push(".first_release = ");
        out.bind::<Integer, _>(&self.step.release)?;
        out.push(" OR ");
        out.push(alias);
        out.push(".last_release = ");
        out.bind::<Integer, _>(&self.previous)?;
        out.push(")");
        Ok(())
    }

    /// Writes the SELECT of the rows with one kind of change, in order and up to the limit.
    fn branch<'b>(
        &'b self,
        out: &mut SqlWriter<'_, 'b>,
        operation: Operation,
        rows: impl FnOnce(&'b Self, &mut SqlWriter<'_, 'b>) -> SqlResult,
    ) -> SqlResult {
        out.push("(SELECT t.*, ");
        match operation {
            Operation::Upsert => out.push("'upsert'::text"),
            Operation::Leave => out.push("'leave'::text"),
            Operation::WithdrawOrLeave => {
                out.push("CASE WHEN EXISTS (");
                fragments::versions(out, self.dataset())?;
                out.push("e.first_release = ");
                out.bind::<Integer, _>(&self.step.release)?;
                out.push(") THEN 'leave' ELSE 'withdraw' END");
            }
        }
        out.push(" AS operation");
        rows(self, out)?;
        let order = Order::new(self.plan, &self.step.release, false);
        if let Some(key) = self.after {
            out.push(" AND ");
            order.after(out, key)?;
        }
        out.push(" ORDER BY ");
        order.write(out)?;
        out.push(" LIMIT ");
        out.bind::<BigInt, _>(&self.limit)?;
        out.push(")");
        Ok(())
    }
}

impl Difference<'_> {
    /// Writes the statement.
    fn write<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        // The best plan depends on the number of rows that the release changed, so no generic plan is cached.
        out.uncached();
        let look_ups = LookUp::of(self.limit);
        out.push("SELECT t.operation, ");
        withdrawal::reason(out, self.dataset(), &self.step.release)?;
        out.push(", ");
        withdrawal::successor(out, self.dataset(), &self.step.release)?;
        for column in &self.columns {
            out.push(", ");
            fragments::text(out, self.dataset(), column, &self.step.release, look_ups)?;
        }
        out.push(" FROM (");
        if self.step.rows {
            self.branch(out, Operation::Upsert, Self::opened)?;
            out.push(" UNION ALL ");
            self.branch(out, Operation::WithdrawOrLeave, Self::closed)?;
        }
        if self.step.territories {
            out.push(if self.step.rows { " UNION ALL " } else { "" });
            self.branch(out, Operation::Upsert, Self::moved_in)?;
            out.push(" UNION ALL ");
            self.branch(out, Operation::Leave, Self::moved_out)?;
        }
        out.push(") t ORDER BY ");
        Order::new(self.plan, &self.step.release, false).write(out)?;
        out.push(" LIMIT ");
        out.bind::<BigInt, _>(&self.limit)
    }
}

statement!(Difference<'_>, Untyped);
