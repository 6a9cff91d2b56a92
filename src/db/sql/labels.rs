//! Owns the SQL of the labels of words: the French label of each word of a list of the registry.
//! Must not know which columns are labelled.

use super::writer::{SqlResult, SqlText, SqlWriter};
use crate::query::{Choice, Field};

/// Writes the label of the word in a field, or the labels of its words as the text of a JSON array. `column` writes the field.
///
/// # Errors
/// Returns an error if a name cannot be quoted.
pub fn label<'x, 'b>(
    out: &mut SqlWriter<'x, 'b>,
    field: &'static Field,
    column: impl FnOnce(&mut SqlWriter<'x, 'b>) -> SqlResult,
) -> SqlResult {
    let choices = field.choices().unwrap_or_default();
    if !field.is_list() {
        return case(out, choices, column);
    }
    out.push("(SELECT array_to_json(array_agg(");
    case(out, choices, |out| out.column("u", "word"))?;
    out.push(" ORDER BY u.place))::text FROM unnest(");
    column(out)?;
    out.push(") WITH ORDINALITY AS u(word, place))");
    Ok(())
}

fn case<'x, 'b>(
    out: &mut SqlWriter<'x, 'b>,
    choices: &'static [Choice],
    word: impl FnOnce(&mut SqlWriter<'x, 'b>) -> SqlResult,
) -> SqlResult {
    out.push("CASE ");
    word(out)?;
    for choice in choices {
        out.push(" WHEN ");
        literal(out, choice.value);
        out.push(" THEN ");
        literal(out, choice.label);
    }
    out.push(" END");
    Ok(())
}

/// Writes a text of the registry as a literal: a bind for each word would be a hundred binds.
fn literal(out: &mut SqlWriter<'_, '_>, text: &'static str) {
    for (at, piece) in text.split('\'').enumerate() {
        out.push(if at > 0 { "''" } else { "'" });
        out.push(piece);
    }
    out.push("'");
}
