//! Owns the order of rows and the place in it where a page starts.
//!
//! A page starts after a row, not after a number of rows: whatever the depth, it costs the same, and no row is missed or
//! given twice. Must not know what is selected.

use diesel::sql_types::{Nullable, Text};

use super::fragments;
use super::search;
use super::writer::{Out, SqlText, SqlWriter};
use crate::query::{Plan, SortTerm};

/// The order of a plan, with what its rank needs.
#[derive(Clone, Copy)]
pub struct Order<'b> {
    plan: &'b Plan,
    release: &'b i32,
    approximate: bool,
}

impl<'b> Order<'b> {
    /// The order of a plan; `approximate` when no row has the very words that are searched for.
    pub fn new(plan: &'b Plan, release: &'b i32, approximate: bool) -> Self {
        Self { plan, release, approximate }
    }

    /// Writes the order.
    pub fn write(self, out: &mut SqlWriter<'_, 'b>) -> Out {
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

    /// Writes the condition that a row comes after one with these values. Rows without a value come last.
    pub fn after(self, out: &mut SqlWriter<'_, 'b>, values: &'b [Option<String>]) -> Out {
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

    /// Writes what a term orders by.
    fn ordered(self, out: &mut SqlWriter<'_, 'b>, term: &SortTerm) -> Out {
        let Some(field) = term.field() else { return search::rank(out, self.plan, self.release, self.approximate) };
        out.push(if term.folded { "fold(" } else { "" });
        fragments::column(out, field)?;
        out.push(if term.folded { ")" } else { "" });
        Ok(())
    }
}

/// Writes a value of a cursor, as its term orders.
fn bound<'b>(out: &mut SqlWriter<'_, 'b>, term: &SortTerm, value: &'b Option<String>) -> Out {
    out.push(if term.folded { "fold(" } else { "" });
    out.bind::<Nullable<Text>, _>(value)?;
    out.push("::");
    out.push(term.field().map_or("integer", |field| fragments::scalar_type(field.kind)));
    out.push(if term.folded { ")" } else { "" });
    Ok(())
}
