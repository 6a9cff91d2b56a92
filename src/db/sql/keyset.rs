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
    /// # Errors
    /// Returns an error if a value cannot be bound.
    pub fn after(self, out: &mut SqlWriter<'_, 'b>, values: &'b [Option<String>]) -> SqlResult {
        let terms = &self.plan.reading.sort;
        if terms.iter().all(|term| term.is_required() && !term.descending) {
            out.push("(");
            out.list(terms, |out, term| self.ordered(out, term))?;
            out.push(") > (");
            out.list(terms.iter().zip(values), |out, (term, value)| bound(out, term, value))?;
            out.push(")");
            return Ok(());
        }
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
