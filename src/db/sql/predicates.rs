//! Owns the conditions of a plan in SQL: versions, filters, scopes, places, search, and link.
//! Must not know which columns are selected.

use diesel::sql_types::{Integer, Text};

use super::fragments;
use super::geography;
use super::select::Select;
use super::writer::{SqlResult, SqlText, SqlWriter};
use super::{derivations, filter, relations, search};
use crate::query::{Condition, Kind, SpatialFilter, Storage, TerritoryScope, Via, Vintages};

impl Select<'_> {
    /// Writes the code of the row that the link starts from.
    ///
    /// # Errors
    /// Returns an error if the code cannot be bound.
    ///
    /// # Panics
    /// If the plan has no such row.
    pub fn parent<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        out.bind::<Text, _>(self.plan.selection.parent.as_ref().expect("a link starts from a row"))
    }

    /// Writes WHERE and every condition on the alias `t`.
    ///
    /// # Errors
    /// Returns an error if a value cannot be bound.
    pub fn conditions<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        out.push(" WHERE ");
        self.published(out);
        self.versions(out)?;
        self.filters(out)?;
        self.territories(out)?;
        if self.plan.selection.search.is_some() {
            out.push(" AND ");
            search::condition(out, self.plan, &self.release, self.approximate)?;
        }
        // Of other links, the join or the conditions on the key select the rows.
        if self.plan.selection.context.link.is_some_and(|link| matches!(link.via, Via::Opened)) {
            self.opened(out)?;
        }
        Ok(())
    }

    /// Writes the condition on the rows of the table that are rows of the dataset, before an AND.
    pub fn published(&self, out: &mut SqlWriter<'_, '_>) {
        if let Some(condition) = derivations::published(self.dataset()) {
            out.push(condition);
            out.push(" AND ");
        }
    }

    /// Writes the filters, each after an AND. They depend on the row alone.
    ///
    /// # Errors
    /// Returns an error if a value cannot be bound.
    pub fn filters<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        self.filters_of(out, |_| true)
    }

    /// Writes the filters whose condition is chosen, and the direct relations, each after an AND.
    ///
    /// # Errors
    /// Returns an error if a value cannot be bound.
    pub fn filters_of<'b>(&'b self, out: &mut SqlWriter<'_, 'b>, chosen: impl Fn(&Condition) -> bool) -> SqlResult {
        let kept = |c: &&Condition| chosen(c) && self.without.is_none_or(|field| !std::ptr::eq(c.field, field));
        for condition in self.plan.selection.conditions.iter().filter(kept) {
            out.push(" AND ");
            self.condition(out, condition)?;
        }
        for filter in relations::direct(&self.plan.selection) {
            out.push(" AND ");
            relations::condition(out, self.dataset(), filter, &self.release)?;
        }
        Ok(())
    }

    /// Writes the scopes, the places and the relations through other datasets, each after an AND. They depend on other rows of
    /// the release too.
    ///
    /// # Errors
    /// Returns an error if a value cannot be bound.
    pub fn territories<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        if let Some(day) = self.plan.selection.geography_of_rows() {
            let field = self.dataset().territory_field().expect("only datasets with territories have a geography");
            out.push(" AND ");
            geography::named_on(out, field, day, &self.release)?;
        }
        for scope in &self.plan.selection.scopes {
            out.push(" AND ");
            self.scope(out, scope)?;
        }
        for place in &self.plan.selection.spatial {
            out.push(" AND ");
            self.place(out, place)?;
        }
        for filter in relations::indirect(&self.plan.selection) {
            out.push(" AND ");
            relations::condition(out, self.dataset(), filter, &self.release)?;
        }
        Ok(())
    }

    /// Writes the condition on the version of a row.
    fn versions<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        let Some(vintages) = self.plan.selection.vintages else { return out.visible("t", &self.release) };
        out.push("t.first_release <= ");
        out.bind::<Integer, _>(&self.release)?;
        let other = match vintages {
            Vintages::All => return Ok(()),
            Vintages::First => {
                out.push(" AND NOT EXISTS (");
                "e.first_release < t.first_release"
            }
            Vintages::Revised => {
                // Few rows have a closed version, and revised rows are among them, so they are found first.
                out.push(" AND (");
                out.list(self.dataset().key_fields(), fragments::column)?;
                out.push(") IN (SELECT ");
                out.list(self.dataset().key_fields(), |out, field| out.identifier(field.name))?;
                out.push(" FROM ");
                out.identifier(self.dataset().name)?;
                out.push(" WHERE last_release < ");
                out.bind::<Integer, _>(&self.release)?;
                out.push(") AND EXISTS (");
                match self.dataset().storage {
                    Storage::Table => "ROW(e.value, e.statuses) IS DISTINCT FROM ROW(t.value, t.statuses)",
                    Storage::Series { .. } => "ROW(e.value, e.statuses) IS DISTINCT FROM ROW(t.value, t.joined_statuses)",
                }
            }
        };
        fragments::versions(out, self.dataset())?;
        out.push("e.first_release <= ");
        out.bind::<Integer, _>(&self.release)?;
        out.push(" AND ");
        out.push(other);
        out.push(")");
        Ok(())
    }

    fn place<'b>(&'b self, out: &mut SqlWriter<'_, 'b>, place: &'b SpatialFilter) -> SqlResult {
        let field = self.dataset().territory_field().expect("only datasets with territories have places");
        fragments::column(out, field)?;
        out.push(if field.is_list() { " && ARRAY(" } else { " IN (" });
        geography::codes_at_place(out, place, &self.release)?;
        out.push(")");
        Ok(())
    }

    fn condition<'b>(&'b self, out: &mut SqlWriter<'_, 'b>, condition: &'b Condition) -> SqlResult {
        if !matches!(condition.field.kind, Kind::JoinedCode) {
            let end = self.prefix_ends.iter().find(|(of, _)| std::ptr::eq(*of, condition)).map(|(_, end)| end);
            return filter::write(out, condition, end);
        }
        out.push("(");
        for (at, code) in self.codes.iter().enumerate() {
            out.push(if at > 0 { " OR (" } else { "(" });
            for (part, (field, text)) in code.iter().enumerate() {
                out.push(if part > 0 { " AND " } else { "" });
                fragments::column(out, field)?;
                out.push(" = ");
                out.bind::<Text, _>(text)?;
                out.push(if matches!(field.kind, Kind::Date) { "::date" } else { "" });
            }
            out.push(")");
        }
        out.push(")");
        Ok(())
    }

    fn scope<'b>(&'b self, out: &mut SqlWriter<'_, 'b>, scope: &'b TerritoryScope) -> SqlResult {
        let field = self.dataset().territory_field().expect("only datasets with territories have scopes");
        let day = self.plan.selection.geography.as_ref();
        // An array is computed once, and then looked up code by code in the order of an index, if the field comes next in the
        // key; else Postgres would compare each row with the whole array. The planner expects few codes of a day, and would run
        // the subquery for each row.
        let by_index = self.dataset().key.get(self.plan.fixed_key_fields()) == Some(&field.name);
        let array = by_index || day.is_some();
        fragments::column(out, field)?;
        out.push(match (field.is_list(), array) {
            (true, _) => " && ARRAY(",
            (false, false) => " IN (",
            (false, true) => " = ANY(ARRAY(",
        });
        geography::codes_in_scope(out, scope, day, &self.release)?;
        out.push(if field.is_list() || !array { ")" } else { "))" });
        Ok(())
    }

    /// Writes the condition that a row of any dataset, opened by the release of the link, refers to this row.
    fn opened<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        let target = self.dataset().name;
        out.push(" AND (false");
        for dataset in self.plan.selection.context.registry {
            let naming = dataset.columns().filter(|field| matches!(field.kind, Kind::Reference(name) if name == target));
            for field in naming {
                out.push(" OR (SELECT min(h.first_release) FROM ");
                out.identifier(dataset.name)?;
                out.push(" h WHERE h.");
                out.identifier(field.name)?;
                out.push(" = t.code AND h.first_release >= ");
                out.bind::<Integer, _>(&self.opened_by)?;
                // For EXISTS the planner would read all rows of the release.
                out.push(") = ");
                out.bind::<Integer, _>(&self.opened_by)?;
            }
        }
        out.push(")");
        Ok(())
    }
}
