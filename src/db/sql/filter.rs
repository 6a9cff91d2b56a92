//! Owns the SQL of one filter: a field, an operator, values as binds.
//! Must not know plans.

use diesel::sql_types::{Array, Text};

use super::fragments;
use super::writer::{Out, SqlText, SqlWriter};
use crate::query::{Condition, Operator};

/// Writes the condition that a filter stands for. Columns stay bare where an index may serve.
///
/// The one value of a filter that leaves few rows, whatever the value is, is compared as it is: the database then plans the
/// statement once, where it plans for each list anew, which takes longer than to read a series.
pub fn write<'b>(out: &mut SqlWriter<'_, 'b>, condition: &'b Condition, narrow: bool) -> Out {
    let (field, list) = (condition.field, condition.field.is_list());
    match condition.operator {
        Operator::AnyOf | Operator::In if list => overlap(out, condition),
        Operator::Ne if list => {
            out.push("NOT (");
            overlap(out, condition)?;
            out.push(")");
            Ok(())
        }
        Operator::AnyOf | Operator::In if narrow && condition.is_single() => compare(out, condition, " = "),
        Operator::AnyOf | Operator::In => compare_all(out, condition, " = ANY("),
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

fn overlap<'b>(out: &mut SqlWriter<'_, 'b>, condition: &'b Condition) -> Out {
    fragments::column(out, condition.field)?;
    out.push(" && ");
    out.bind::<Array<Text>, _>(&condition.values)
}

fn compare_all<'b>(out: &mut SqlWriter<'_, 'b>, condition: &'b Condition, operator: &'static str) -> Out {
    fragments::column(out, condition.field)?;
    out.push(operator);
    out.bind::<Array<Text>, _>(&condition.values)?;
    out.push("::");
    out.push(fragments::array_type(condition.field.kind));
    out.push(")");
    Ok(())
}

fn compare<'b>(out: &mut SqlWriter<'_, 'b>, condition: &'b Condition, operator: &'static str) -> Out {
    fragments::column(out, condition.field)?;
    out.push(operator);
    out.bind::<Text, _>(&condition.values[0])?;
    out.push("::");
    out.push(fragments::scalar_type(condition.field.kind));
    Ok(())
}

fn folded<'b>(out: &mut SqlWriter<'_, 'b>, condition: &'b Condition, function: &'static str) -> Out {
    out.push(function);
    out.push("fold(");
    fragments::column(out, condition.field)?;
    out.push("), fold(");
    out.bind::<Text, _>(&condition.values[0])?;
    out.push("))");
    Ok(())
}
