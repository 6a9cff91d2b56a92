//! Owns the order of rows and keyset pagination.
//!
//! A page starts after a row, not after a number of rows. Every page costs the same, and no row is missed or repeated.
//! Must not know what is selected.

use diesel::sql_types::{Nullable, Text};

use super::fragments;
use super::search;
use super::writer::{SqlResult, SqlText, SqlWriter};
use crate::query::{Plan, SortTerm};

/// The order of a plan at a release.
#[derive(Clone, Copy)]
pub struct Order<'b> {
    plan: &'b Plan,
    release: &'b i32,
    approximate: bool,
}

impl<'b> Order<'b> {
    /// The order of a plan. `approximate` is set if no row has the words of the search, so that similar titles are ranked.
    pub fn new(plan: &'b Plan, release: &'b i32, approximate: bool) -> Self {
        Self { plan, release, approximate }
    }

    /// Writes the terms of `ORDER BY`.
    ///
    /// # Errors
    /// Returns an error if a name cannot be quoted.
    pub fn write(self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        out.list(&self.plan.reading.sort, |out, term| {
            self.ordered(out, term)?;
            out.push(match (term.descending, term.is_required()) {
                (false, _) => "",
                (true, true) => " DESC",
                (true, false) => " DESC NULLS LAST",
            });
            Ok(())
        })
    }

    /// Writes the condition that a row comes after the one with these values. NULLs come last.
    ///
    /// Terms that a filter leaves one value are not compared. What follows from the condition for the terms at its start is
    /// written too: the fields of a row may stand in several tables, and the order of an index of one of them is then used only
    /// through a condition on that table alone.
    ///
    /// # Errors
    /// Returns an error if a value cannot be bound.
    pub fn after(self, out: &mut SqlWriter<'_, 'b>, values: &'b [Option<String>]) -> SqlResult {
        let fixed = self.fixed_terms();
        let (terms, values) = (&self.plan.reading.sort[fixed..], &values[fixed..]);
        let Some(first) = terms.first() else {
            // The row after which the page starts is the only one.
            out.push("false");
            return Ok(());
        };
        if terms.iter().all(|term| term.is_required() && term.descending == first.descending) {
            let leading = self.leading_terms(terms);
            if leading < terms.len() {
                self.compared(out, &terms[..leading], values, if first.descending { " <= " } else { " >= " })?;
                out.push(" AND ");
            }
            return self.compared(out, terms, values, if first.descending { " < " } else { " > " });
        }
        // The rank has no index.
        if first.is_required() && first.field().is_some() {
            self.compared(out, &terms[..1], values, if first.descending { " <= " } else { " >= " })?;
            out.push(" AND ");
        }
        self.alternatives(out, terms, values)
    }

    /// How many terms at the start of the order are fields of the key that a filter leaves one value.
    fn fixed_terms(self) -> usize {
        let (selection, key) = (&self.plan.selection, self.plan.selection.context.dataset.key);
        let fixed = |term: &&SortTerm| {
            let field = term.field().filter(|field| key.contains(&field.name));
            field.is_some_and(|field| selection.conditions.iter().any(|c| c.is_single() && std::ptr::eq(c.field, field)))
        };
        self.plan.reading.sort.iter().take_while(fixed).count()
    }

    /// How many terms at the start stand in one table: those of the series of an observation, whose other fields stand in
    /// another; all terms of other rows.
    fn leading_terms(self, terms: &[SortTerm]) -> usize {
        let dataset = self.plan.selection.context.dataset;
        let of_series = |term: &SortTerm| term.field().is_some_and(|field| dataset.is_series_field(field));
        match terms.iter().take_while(|term| of_series(term)).count() {
            0 => terms.len(),
            leading => leading,
        }
    }

    /// Writes the comparison of the rows of terms and values.
    fn compared(
        self,
        out: &mut SqlWriter<'_, 'b>,
        terms: &'b [SortTerm],
        values: &'b [Option<String>],
        operator: &'static str,
    ) -> SqlResult {
        let single = terms.len() == 1;
        out.push(if single { "" } else { "(" });
        out.list(terms, |out, term| self.ordered(out, term))?;
        out.push(if single { "" } else { ")" });
        out.push(operator);
        out.push(if single { "" } else { "(" });
        out.list(terms.iter().zip(values), |out, (term, value)| bound(out, term, value))?;
        out.push(if single { "" } else { ")" });
        Ok(())
    }

    /// Writes the condition for terms with different directions, or that may be NULL: one alternative for each term.
    fn alternatives(self, out: &mut SqlWriter<'_, 'b>, terms: &'b [SortTerm], values: &'b [Option<String>]) -> SqlResult {
        for (at, term) in terms.iter().enumerate() {
            out.push(if at > 0 { " OR (" } else { "((" });
            for (earlier, value) in terms[..at].iter().zip(values) {
                self.ordered(out, earlier)?;
                match value {
                    Some(_) => {
                        out.push(" = ");
                        bound(out, earlier, value)?;
                    }
                    None => out.push(" IS NULL"),
                }
                out.push(" AND ");
            }
            match &values[at] {
                None => out.push("false"),
                value => {
                    out.push("(");
                    self.ordered(out, term)?;
                    out.push(if term.descending { " < " } else { " > " });
                    bound(out, term, value)?;
                    if !term.is_required() {
                        out.push(" OR ");
                        self.ordered(out, term)?;
                        out.push(" IS NULL");
                    }
                    out.push(")");
                }
            }
            out.push(")");
        }
        out.push(")");
        Ok(())
    }

    /// Writes the expression of a term.
    fn ordered(self, out: &mut SqlWriter<'_, 'b>, term: &SortTerm) -> SqlResult {
        let Some(field) = term.field() else { return search::rank(out, self.plan, self.release, self.approximate) };
        out.push(if term.folded { "fold(" } else { "" });
        fragments::column(out, field)?;
        out.push(if term.folded { ")" } else { "" });
        Ok(())
    }
}

/// Writes a value of a cursor, in the type of its term.
fn bound<'b>(out: &mut SqlWriter<'_, 'b>, term: &SortTerm, value: &'b Option<String>) -> SqlResult {
    out.push(if term.folded { "fold(" } else { "" });
    out.bind::<Nullable<Text>, _>(value)?;
    out.push("::");
    out.push(term.field().map_or("integer", |field| fragments::scalar_type(field.kind)));
    out.push(if term.folded { ")" } else { "" });
    Ok(())
}
