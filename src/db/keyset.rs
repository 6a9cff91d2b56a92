//! Owns the order of rows and the place in it where a page starts.
//!
//! A page starts after a row, not after a number of rows: whatever the depth, it costs the same, and no row is missed or
//! given twice. Must not know what is selected.

use diesel::pg::Pg;
use diesel::query_builder::AstPass;
use diesel::sql_types::{Nullable, Text};

use super::sql::{self, Out, list};
use crate::query::SortTerm;

/// Writes the order.
pub fn order<'b>(out: &mut AstPass<'_, 'b, Pg>, terms: &'b [SortTerm]) -> Out {
    list(out, terms, term)
}

/// Writes the condition that a row comes after the cursor's. Rows without a value come last.
pub fn after<'b>(out: &mut AstPass<'_, 'b, Pg>, terms: &'b [SortTerm], values: &'b [Option<String>]) -> Out {
    if terms.iter().all(|term| term.field.required && !term.descending) {
        out.push_sql(" AND (");
        list(out, terms, |out, term| ordered(out, term))?;
        out.push_sql(") > (");
        list(out, terms.iter().zip(values), |out, (term, value)| bound(out, term, value))?;
        out.push_sql(")");
        return Ok(());
    }
    for (at, term) in terms.iter().enumerate() {
        out.push_sql(if at > 0 { " OR (" } else { " AND ((" });
        for (earlier, value) in terms[..at].iter().zip(values) {
            ordered(out, earlier)?;
            match value {
                Some(_) => {
                    out.push_sql(" = ");
                    bound(out, earlier, value)?;
                }
                None => out.push_sql(" IS NULL"),
            }
            out.push_sql(" AND ");
        }
        match &values[at] {
            None => out.push_sql("false"),
            value => {
                out.push_sql("(");
                ordered(out, term)?;
                out.push_sql(if term.descending { " < " } else { " > " });
                bound(out, term, value)?;
                if !term.field.required {
                    out.push_sql(" OR ");
                    ordered(out, term)?;
                    out.push_sql(" IS NULL");
                }
                out.push_sql(")");
            }
        }
        out.push_sql(")");
    }
    out.push_sql(")");
    Ok(())
}

/// Writes what a term orders by.
fn ordered<'b>(out: &mut AstPass<'_, 'b, Pg>, term: &SortTerm) -> Out {
    out.push_sql(if term.folded { "fold(" } else { "" });
    sql::column(out, term.field)?;
    out.push_sql(if term.folded { ")" } else { "" });
    Ok(())
}

/// Writes a value of a cursor, as its term orders.
fn bound<'b>(out: &mut AstPass<'_, 'b, Pg>, term: &SortTerm, value: &'b Option<String>) -> Out {
    out.push_sql(if term.folded { "fold(" } else { "" });
    out.push_bind_param::<Nullable<Text>, _>(value)?;
    out.push_sql("::");
    out.push_sql(sql::scalar_type(term.field.kind));
    out.push_sql(if term.folded { ")" } else { "" });
    Ok(())
}

fn term<'b>(out: &mut AstPass<'_, 'b, Pg>, term: &SortTerm) -> Out {
    ordered(out, term)?;
    out.push_sql(match (term.descending, term.field.required) {
        (false, _) => "",
        (true, true) => " DESC",
        (true, false) => " DESC NULLS LAST",
    });
    Ok(())
}
