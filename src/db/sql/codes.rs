//! Owns the SQL of codes: the text that joins the fields of a key, and the condition that a row has a code.
//! Must not know where codes come from.

use super::derivations;
use super::writer::{SqlResult, SqlText};
use crate::query::{Dataset, Kind};

/// Writes the code of a row of an alias: its key, joined by `~`. A `/` in a period becomes `_`.
///
/// # Errors
/// Returns an error if a name cannot be quoted.
pub fn code<W: SqlText>(out: &mut W, dataset: &'static Dataset, alias: &'static str) -> SqlResult {
    for (at, field) in dataset.key_fields().enumerate() {
        out.push(if at > 0 { " || '~' || " } else { "" });
        let (before, after) = match field.kind {
            Kind::Period => ("translate(", ", '/', '_')"),
            Kind::Date | Kind::Integer { .. } => ("", "::text"),
            _ => ("", ""),
        };
        out.push(before);
        out.column(alias, field.name)?;
        out.push(after);
    }
    Ok(())
}

/// Writes the condition that a row of the alias `t` has the code that `code` writes.
///
/// # Errors
/// Returns an error if a name cannot be quoted.
pub fn has_code<W: SqlText>(out: &mut W, dataset: &'static Dataset, mut code: impl FnMut(&mut W) -> SqlResult) -> SqlResult {
    const PARTS: [&str; 8] =
        [", '~', 1)", ", '~', 2)", ", '~', 3)", ", '~', 4)", ", '~', 5)", ", '~', 6)", ", '~', 7)", ", '~', 8)"];
    for (at, field) in dataset.key_fields().enumerate() {
        out.push(if at > 0 { " AND " } else { "" });
        out.column("t", field.name)?;
        out.push("::text = ");
        if !dataset.has_joined_code() {
            code(out)?;
            continue;
        }
        let period = matches!(field.kind, Kind::Period);
        out.push(if period { "replace(split_part(" } else { "split_part(" });
        code(out)?;
        out.push(
            PARTS.get(at).copied().ok_or_else(|| diesel::result::Error::QueryBuilderError("a key has too many fields".into()))?,
        );
        out.push(if period { ", '_', '/')" } else { "" });
    }
    if let Some(condition) = derivations::published(dataset) {
        out.push(" AND ");
        out.push(condition);
    }
    Ok(())
}
