//! Owns the SQL of one step: what a plan selects at a release, less what it selected at the release before, and the
//! other way round.
//!
//! A row comes by itself, or because the territories of the request have taken in its own, or it is given anew because
//! something that it repeats of another row has changed. It goes by itself, because what it says no longer suits the
//! filters, or because the territories of the request have let go of its own: whoever keeps a copy must be told in every
//! case. Must not know which steps there are.

use diesel::sql_types::{Array, BigInt, Integer, Text, Untyped};

use super::Step;
use crate::db::sql::codes;
use crate::db::sql::fragments;
use crate::db::sql::keyset::Order;
use crate::db::sql::references::LookUp;
use crate::db::sql::select::Select;
use crate::db::sql::writer::{Out, SqlText, SqlWriter, statement};
use crate::query::{Changes, Column, Dataset, Field, FieldOrigin, Plan};

/// Cells before those of the row: the operation, the reason, the successor.
pub const CELLS: usize = 3;

/// The changes of one step, in the order of the key.
pub struct Difference<'a> {
    plan: &'a Plan,
    step: &'a Step,
    previous: i32,
    now: Select<'a>,
    before: Select<'a>,
    after: Option<&'a [Option<String>]>,
    most: i64,
    columns: Vec<Column>,
}

impl<'a> Difference<'a> {
    /// At most so many changes, after the one with this key.
    pub fn new(changes: &'a Changes, step: &'a Step, after: Option<&'a [Option<String>]>, most: i64) -> Self {
        let (plan, previous) = (&changes.plans[step.plan], step.release - 1);
        let at = |release| Select::gathered(plan, release, false, None);
        Self { plan, step, previous, now: at(step.release), before: at(previous), after, most, columns: plan.read_columns() }
    }

    fn dataset(&self) -> &'static Dataset {
        self.plan.selection.context.dataset
    }

    /// Rows that the release opened.
    fn opened<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> Out {
        self.rows(out)?;
        out.push("t.first_release = ");
        out.bind::<Integer, _>(&self.step.release)?;
        self.now.filters(out)?;
        self.now.territories(out)
    }

    /// Rows that the release closed and did not open again as the plan selects them.
    fn closed<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> Out {
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

    /// Rows that stay, and repeat what has changed in others.
    fn renamed<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> Out {
        self.stayed(out)?;
        self.now.filters(out)?;
        self.now.territories(out)?;
        out.push(" AND (false");
        self.names(out, " OR ")?;
        out.push(")");
        Ok(())
    }

    /// Rows that stay, and that the territories of the request have taken in.
    fn entered<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> Out {
        self.stayed(out)?;
        self.now.filters(out)?;
        self.now.territories(out)?;
        self.moved(out)?;
        self.outside(out, &self.before)?;
        if self.step.names {
            out.push(" AND NOT (false");
            self.names(out, " OR ")?;
            out.push(")");
        }
        Ok(())
    }

    /// Rows that stay, and that the territories of the request have let go.
    fn left<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> Out {
        self.stayed(out)?;
        self.before.filters(out)?;
        self.before.territories(out)?;
        self.moved(out)?;
        self.outside(out, &self.now)
    }

    fn rows(&self, out: &mut SqlWriter<'_, '_>) -> Out {
        out.push(" FROM ");
        out.identifier(self.dataset().name)?;
        out.push(" t WHERE ");
        Ok(())
    }

    fn stayed<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> Out {
        self.rows(out)?;
        out.push("t.first_release < ");
        out.bind::<Integer, _>(&self.step.release)?;
        out.push(" AND (t.last_release IS NULL OR t.last_release >= ");
        out.bind::<Integer, _>(&self.step.release)?;
        out.push(")");
        Ok(())
    }

    /// The condition that a row does not belong to the territories of a release.
    fn outside<'b>(&'b self, out: &mut SqlWriter<'_, 'b>, select: &'b Select<'_>) -> Out {
        out.push(" AND NOT (true");
        select.territories(out)?;
        out.push(")");
        Ok(())
    }

    /// The conditions that what a row repeats of another differs from what it was.
    fn names<'b>(&'b self, out: &mut SqlWriter<'_, 'b>, before: &'static str) -> Out {
        for field in self.dataset().fields {
            if let FieldOrigin::Named { by, dataset } = field.origin {
                out.push(before);
                self.name(out, field, by, dataset)?;
            }
        }
        Ok(())
    }

    fn name<'b>(&'b self, out: &mut SqlWriter<'_, 'b>, field: &'static Field, by: &str, dataset: &str) -> Out {
        out.push("t.");
        out.identifier(by)?;
        out.push(" IN (SELECT n.code FROM ");
        out.identifier(dataset)?;
        out.push(" n WHERE ");
        self.touched(out, "n")?;
        out.push(" GROUP BY n.code HAVING max(n.");
        out.identifier(field.name)?;
        out.push(") FILTER (WHERE n.first_release = ");
        out.bind::<Integer, _>(&self.step.release)?;
        out.push(") IS DISTINCT FROM max(n.");
        out.identifier(field.name)?;
        out.push(") FILTER (WHERE n.last_release = ");
        out.bind::<Integer, _>(&self.previous)?;
        out.push("))");
        Ok(())
    }

    /// The condition that something has changed of what places a row's territory: few rows, by an index, where there are
    /// millions whose territory stays where it was.
    fn moved<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> Out {
        let field = self.dataset().territory_field().expect("only datasets with territories have scopes and places");
        out.push(" AND ");
        fragments::column(out, field)?;
        out.push(if field.is_list() { " && ARRAY(" } else { " IN (" });
        for (at, scope) in self.plan.selection.scopes.iter().enumerate() {
            out.push(if at > 0 { " UNION ALL " } else { "" });
            out.push("SELECT s.contained_code FROM containments s WHERE s.container_code = ANY(");
            out.bind::<Array<Text>, _>(&scope.territories)?;
            out.push(") AND ");
            self.touched(out, "s")?;
        }
        if !self.plan.selection.spatial.is_empty() {
            out.push(if self.plan.selection.scopes.is_empty() { "" } else { " UNION ALL " });
            out.push("SELECT g.territory_code FROM contours g WHERE ");
            self.touched(out, "g")?;
        }
        out.push(")");
        Ok(())
    }

    /// The condition that the release opened or closed a row of an alias.
    fn touched<'b>(&'b self, out: &mut SqlWriter<'_, 'b>, alias: &'static str) -> Out {
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

    /// One way for rows to come or go, in order, as far as it is needed.
    fn branch<'b>(
        &'b self,
        out: &mut SqlWriter<'_, 'b>,
        operation: &'static str,
        rows: impl FnOnce(&'b Self, &mut SqlWriter<'_, 'b>) -> Out,
    ) -> Out {
        out.push("(SELECT t.*, '");
        out.push(operation);
        out.push("'::text AS operation");
        rows(self, out)?;
        let order = Order::new(self.plan, &self.step.release, false);
        if let Some(key) = self.after {
            out.push(" AND ");
            order.after(out, key)?;
        }
        out.push(" ORDER BY ");
        order.write(out)?;
        out.push(" LIMIT ");
        out.bind::<BigInt, _>(&self.most)?;
        out.push(")");
        Ok(())
    }

    /// What is recorded of the withdrawal of a row.
    fn recorded<'b>(&'b self, out: &mut SqlWriter<'_, 'b>, column: &'static str) -> Out {
        out.push(", (SELECT w.");
        out.push(column);
        out.push(" FROM withdrawals w WHERE t.operation = 'withdraw' AND w.dataset = ");
        out.bind::<Text, _>(self.dataset().name)?;
        out.push(" AND w.code = ");
        codes::code(out, self.dataset(), "t")?;
        out.push(" AND w.release = ");
        out.bind::<Integer, _>(&self.step.release)?;
        out.push(")");
        Ok(())
    }
}

impl Difference<'_> {
    /// Writes the statement.
    fn write<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> Out {
        // The best way depends on how much of a table a release is, which only its number says.
        out.uncached();
        let look_ups = LookUp::of(self.most);
        out.push("SELECT t.operation");
        self.recorded(out, "reason")?;
        self.recorded(out, "successor_code")?;
        for column in &self.columns {
            out.push(", ");
            fragments::text(out, self.dataset(), column, &self.step.release, look_ups)?;
        }
        out.push(" FROM (");
        if self.step.rows {
            self.branch(out, "upsert", Self::opened)?;
            out.push(" UNION ALL ");
            self.branch(out, "withdraw", Self::closed)?;
        }
        if self.step.names {
            out.push(if self.step.rows { " UNION ALL " } else { "" });
            self.branch(out, "upsert", Self::renamed)?;
        }
        if self.step.territories {
            out.push(if self.step.rows || self.step.names { " UNION ALL " } else { "" });
            self.branch(out, "upsert", Self::entered)?;
            out.push(" UNION ALL ");
            self.branch(out, "withdraw", Self::left)?;
        }
        out.push(") t ORDER BY ");
        Order::new(self.plan, &self.step.release, false).write(out)?;
        out.push(" LIMIT ");
        out.bind::<BigInt, _>(&self.most)
    }
}

statement!(Difference<'_>, Untyped);
