//! Owns the SQL of one filter: a field, an operator, and values, which are binds.
//!
//! A condition is written so that one plan holds for all values: Postgres sees the order of an index through `=`, not through
//! `= ANY(array)`, and a range through its bounds, not through `starts_with`. Must not know plans.

use diesel::sql_types::{Array, Text};

use super::fragments;
use super::writer::{SqlResult, SqlText, SqlWriter};
use crate::query::fold::fold;
use crate::query::{Condition, Operator};

/// Writes the condition of a filter. Columns that may be indexed are not wrapped in a function, but for `fold`, with which they
/// are indexed. `end` is the [`prefix_end`] of the condition.
///
/// # Errors
/// Returns an error if a value cannot be bound.
pub fn write<'b>(out: &mut SqlWriter<'_, 'b>, condition: &'b Condition, end: Option<&'b String>) -> SqlResult {
    let (field, list) = (condition.field, condition.field.is_list());
    match condition.operator {
        Operator::AnyOf if list => overlap(out, condition),
        Operator::Ne if list => {
            out.push("NOT (");
            overlap(out, condition)?;
            out.push(")");
            Ok(())
        }
        Operator::AnyOf if condition.is_single() => compare(out, condition, " = "),
        Operator::AnyOf => compare_all(out, condition, " = ANY("),
        Operator::Ne => compare_all(out, condition, " <> ALL("),
        Operator::Gt => compare(out, condition, " > "),
        Operator::Gte => compare(out, condition, " >= "),
        Operator::Lt => compare(out, condition, " < "),
        Operator::Lte => compare(out, condition, " <= "),
        Operator::IsNull => {
            fragments::column(out, field)?;
            out.push(if condition.values[0] == "true" { " IS NULL" } else { " IS NOT NULL" });
            Ok(())
        }
        Operator::Overlaps => {
            out.push("(");
            compare(out, condition, " >= ")?;
            out.push(" OR ");
            fragments::column(out, field)?;
            out.push(" IS NULL)");
            Ok(())
        }
        Operator::Contains => {
            folded(out, condition, "strpos(")?;
            out.push(" > 0");
            Ok(())
        }
        Operator::StartsWith => match end {
            Some(end) => between(out, condition, end),
            None if field.is_folded() => folded(out, condition, "starts_with("),
            None => compare(out, condition, " >= "),
        },
    }
}

/// The least text, in the order of code points, that is greater than every text with the prefix of a condition. `None` if the
/// condition has no prefix, or if there is no such text.
///
/// The range is the same as the texts with the prefix because all columns have the collation "C". Texts that are compared
/// without accents have a range only if the prefix is folded here as the database folds it.
pub fn prefix_end(condition: &Condition) -> Option<String> {
    if condition.operator != Operator::StartsWith {
        return None;
    }
    let prefix = &condition.values[0];
    match condition.field.is_folded() {
        true if prefix.chars().all(|c| c.is_ascii() || (LATIN.contains(&c) && c.is_alphabetic())) => end_of(&fold(prefix)),
        true => None,
        false => end_of(prefix),
    }
}

/// The letters of Latin-1 and Latin Extended-A, and what stands between them.
const LATIN: std::ops::RangeInclusive<char> = '\u{C0}'..='\u{17F}';

fn end_of(prefix: &str) -> Option<String> {
    let mut end: Vec<char> = prefix.chars().collect();
    while let Some(last) = end.pop() {
        // Between the code points D7FF and E000 there are no characters, and after 10FFFF there are none at all.
        if let Some(next) = (last..=char::MAX).nth(1) {
            end.push(next);
            return Some(end.into_iter().collect());
        }
    }
    None
}

fn between<'b>(out: &mut SqlWriter<'_, 'b>, condition: &'b Condition, end: &'b String) -> SqlResult {
    let folded = condition.field.is_folded();
    let column = |out: &mut SqlWriter<'_, 'b>| -> SqlResult {
        out.push(if folded { "fold(" } else { "" });
        fragments::column(out, condition.field)?;
        out.push(if folded { ")" } else { "" });
        Ok(())
    };
    column(out)?;
    out.push(if folded { " >= fold(" } else { " >= " });
    out.bind::<Text, _>(&condition.values[0])?;
    out.push(if folded { ") AND " } else { " AND " });
    column(out)?;
    out.push(" < ");
    out.bind::<Text, _>(end)
}

fn overlap<'b>(out: &mut SqlWriter<'_, 'b>, condition: &'b Condition) -> SqlResult {
    fragments::column(out, condition.field)?;
    out.push(" && ");
    out.bind::<Array<Text>, _>(&condition.values)
}

fn compare_all<'b>(out: &mut SqlWriter<'_, 'b>, condition: &'b Condition, operator: &'static str) -> SqlResult {
    fragments::column(out, condition.field)?;
    out.push(operator);
    out.bind::<Array<Text>, _>(&condition.values)?;
    out.push("::");
    out.push(fragments::array_type(condition.field.kind));
    out.push(")");
    Ok(())
}

fn compare<'b>(out: &mut SqlWriter<'_, 'b>, condition: &'b Condition, operator: &'static str) -> SqlResult {
    fragments::column(out, condition.field)?;
    out.push(operator);
    out.bind::<Text, _>(&condition.values[0])?;
    out.push("::");
    out.push(fragments::scalar_type(condition.field.kind));
    Ok(())
}

fn folded<'b>(out: &mut SqlWriter<'_, 'b>, condition: &'b Condition, function: &'static str) -> SqlResult {
    out.push(function);
    out.push("fold(");
    fragments::column(out, condition.field)?;
    out.push("), fold(");
    out.bind::<Text, _>(&condition.values[0])?;
    out.push("))");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{end_of, prefix_end};
    use crate::query::{Condition, Field, Kind, Operator};

    #[test]
    fn the_end_of_a_prefix_is_the_next_text_without_it() {
        for (prefix, end) in [
            ("DEP-", Some("DEP.")),
            ("é", Some("ê")),
            ("a\u{D7FF}", Some("a\u{E000}")),
            ("a\u{10FFFF}", Some("b")),
            ("a\u{10FFFF}\u{10FFFF}", Some("b")),
            ("\u{10FFFF}", None),
            ("", None),
        ] {
            assert_eq!(end_of(prefix).as_deref(), end, "{prefix:?}");
        }
    }

    #[test]
    fn free_text_has_a_range_if_it_is_folded_here_as_in_the_database() {
        let end = |kind, prefix: &str| {
            let field: &'static Field = Box::leak(Box::new(Field::required("field", kind, "", "")));
            prefix_end(&Condition { field, operator: Operator::StartsWith, values: vec![prefix.to_owned()] })
        };
        assert_eq!(end(Kind::Code, "Œ").as_deref(), Some("œ"));
        assert_eq!(end(Kind::Text, "Œ").as_deref(), Some("of"));
        assert_eq!(end(Kind::Text, "Saint-É").as_deref(), Some("saint-f"));
        assert_eq!(end(Kind::Text, "Ω"), None);
    }
}
