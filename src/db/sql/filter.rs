//! Owns the SQL of one filter: a field, an operator, and values, which are binds.
//! Must not know plans.

use diesel::sql_types::{Array, Text};

use super::fragments;
use super::writer::{SqlResult, SqlText, SqlWriter};
use crate::query::{Condition, Operator};

/// Writes the condition of a filter. Columns that may be indexed are not wrapped in a function.
///
/// If the plan is `narrow`, a single value is compared by `=` and not by `= ANY(array)`. The database then keeps one generic
/// plan; it plans each array again, which takes longer than to read a series.
///
/// # Errors
/// Returns an error if a value cannot be bound.
pub fn write<'b>(out: &mut SqlWriter<'_, 'b>, condition: &'b Condition, narrow: bool) -> SqlResult {
    let (field, list) = (condition.field, condition.field.is_list());
    match condition.operator {
        Operator::AnyOf if list => overlap(out, condition),
        Operator::Ne if list => {
            out.push("NOT (");
            overlap(out, condition)?;
            out.push(")");
            Ok(())
        }
        Operator::AnyOf if narrow && condition.is_single() => compare(out, condition, " = "),
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
        Operator::Contains => {
            folded(out, condition, "strpos(")?;
            out.push(" > 0");
            Ok(())
        }
        Operator::StartsWith if field.is_folded() => folded(out, condition, "starts_with("),
        Operator::StartsWith => {
            out.push("starts_with(");
            fragments::column(out, field)?;
            out.push(", ");
            out.bind::<Text, _>(&condition.values[0])?;
            out.push(")");
            Ok(())
        }
    }
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
