//! Owns the selected rows of a plan as statements about all of them read them: the rows, for `function=own` those of its
//! members, and of a dataset that is stored as series also the series alone.
//! Must not know what is computed from the rows.

use super::geography;
use super::search;
use super::select::Select;
use super::writer::{SqlResult, SqlText, SqlWriter};
use crate::query::{Condition, Dataset, FieldOrigin, Grouping, Plan, Storage};

/// The rows that a plan selects at a release.
pub struct SelectedRows<'a> {
    select: Select<'a>,
    members: &'a [String],
    release: i32,
}

impl<'a> SelectedRows<'a> {
    /// The rows of a plan. With `function=own`, the territories of its filter are replaced by their members.
    pub fn new(plan: &'a Plan, release: i32, approximate: bool) -> Self {
        let territory = plan.selection.context.dataset.territory_field();
        let own = plan.selection.grouping.as_ref().is_some_and(Grouping::is_own);
        let territories = plan
            .selection
            .conditions
            .iter()
            .find(|c| territory.is_some_and(|field| std::ptr::eq(field, c.field)) && c.operator.takes_list());
        let members = territories.filter(|_| own).map_or(&[][..], |condition| condition.values.as_slice());
        let select = Select::all_rows(plan, release, approximate, territory.filter(|_| own));
        Self { select, members, release }
    }

    /// Whether the rows are those of the members of territories.
    pub fn is_own(&self) -> bool {
        !self.members.is_empty()
    }

    /// Writes the common table expression `members` with the territories of `function=own`, and a comma; nothing with other
    /// functions.
    ///
    /// # Errors
    /// Returns an error if a value cannot be bound.
    pub fn members<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        if !self.is_own() {
            return Ok(());
        }
        out.push("members AS (");
        geography::rollup_members(out, self.members, &self.release)?;
        out.push("), ");
        Ok(())
    }

    /// Writes `FROM … WHERE …` of the rows, with the alias `t`. The rows of a dataset that is stored as series have the columns
    /// `series_id` and `joined_statuses` too.
    ///
    /// # Errors
    /// Returns an error if a value cannot be bound.
    pub fn rows<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        self.select.from_where(out)?;
        self.of_members(out);
        Ok(())
    }

    /// Whether all rows of each series are selected, or the latest of each: no condition depends on a field that differs
    /// within a series.
    pub fn are_whole_series(&self) -> bool {
        let (plan, dataset) = (self.select.plan, self.select.dataset());
        let related = plan.selection.relations.iter().flat_map(|filter| filter.relation.fields());
        let is_whole = |name: &str| dataset.field(name).is_some_and(|field| dataset.is_series_field(field));
        plan.selection.vintages.is_none()
            && (plan.selection.last.is_none() || plan.is_latest_of_series())
            && plan.selection.conditions.iter().all(|condition| is_of_series(dataset, condition))
            && related.into_iter().all(|name| is_whole(name))
    }

    /// Whether only the latest row of each series is selected.
    pub fn are_latest(&self) -> bool {
        self.select.plan.is_latest_of_series()
    }

    /// Writes `FROM … WHERE …` of the series that have a row of the release, with the alias `t`, if the rows are
    /// [whole series](Self::are_whole_series). Each costs one look-up, however long it is.
    ///
    /// # Errors
    /// Returns an error if a value cannot be bound.
    pub fn series<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        let Storage::Series { series, rows } = self.select.dataset().storage else { return self.rows(out) };
        out.push(" FROM ");
        out.identifier(series)?;
        out.push(" t CROSS JOIN LATERAL (SELECT FROM ");
        out.identifier(rows)?;
        out.push(" f WHERE f.series_id = t.id AND ");
        out.visible("f", &self.release)?;
        out.push(if self.select.plan.is_latest_of_series() { " AND f.value IS NOT NULL" } else { "" });
        out.push(" LIMIT 1) read");
        self.where_series(out)
    }

    /// Writes WHERE and the conditions on the series, with the alias `t`.
    ///
    /// # Errors
    /// Returns an error if a value cannot be bound.
    pub fn where_series<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        let (plan, dataset) = (self.select.plan, self.select.dataset());
        out.push(" WHERE true");
        self.select.filters_of(out, |condition| is_of_series(dataset, condition))?;
        self.select.territories(out)?;
        if plan.selection.search.is_some() {
            out.push(" AND ");
            search::condition(out, plan, &self.release, self.select.approximate)?;
        }
        self.of_members(out);
        Ok(())
    }

    fn of_members(&self, out: &mut SqlWriter<'_, '_>) {
        out.push(if self.is_own() { " AND t.territory_code IN (SELECT code FROM members)" } else { "" });
    }
}

/// Whether a plan has any condition on its rows.
pub fn is_filtered(plan: &Plan) -> bool {
    let selection = &plan.selection;
    let shown = selection.conditions.iter().filter(|condition| condition.field.list_default.is_none()).count();
    shown + selection.relations.len() + selection.scopes.len() + selection.spatial.len() > 0 || selection.search.is_some()
}

/// Whether a condition is one on a column of the series.
fn is_of_series(dataset: &'static Dataset, condition: &Condition) -> bool {
    condition.field.origin == FieldOrigin::Row && dataset.is_series_field(condition.field)
}
