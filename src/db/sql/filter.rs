//! Owns the SQL of one filter: a field, an operator, values as binds.
//! Must not know plans.

use diesel::pg::Pg;
use diesel::query_builder::AstPass;
use diesel::sql_types::{Array, Text};

use super::fragments::{self, Out};
use crate::query::{Condition, Operator};

/// Writes the condition that a filter stands for. Columns stay bare where an index may serve.
///
/// The one value of a filter that leaves few rows, whatever the value is, is compared as it is: the database then plans the
/// statement once, where it plans for each list anew, which takes longer than to read a series.
pub fn write<'b>(out: &mut AstPass<'_, 'b, Pg>, condition: &'b Condition, narrow: bool) -> Out {
    let (field, list) = (condition.field, condition.field.is_list());
    match condition.operator {
        Operator::AnyOf | Operator::In if list => overlap(out, condition),
        Operator::Ne if list => {
            out.push_sql("NOT (");
            overlap(out, condition)?;
            out.push_sql(")");
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
            out.push_sql(if condition.values[0] == "true" { " IS NULL" } else { " IS NOT NULL" });
            Ok(())
        }
        Operator::Contains => {
            folded(out, condition, "strpos(")?;
            out.push_sql(" > 0");
            Ok(())
        }
        Operator::StartsWith if field.is_folded() => folded(out, condition, "starts_with("),
        Operator::StartsWith => {
            out.push_sql("starts_with(");
            fragments::column(out, field)?;
            out.push_sql(", ");
            out.push_bind_param::<Text, _>(&condition.values[0])?;
            out.push_sql(")");
            Ok(())
        }
    }
}

fn overlap<'b>(out: &mut AstPass<'_, 'b, Pg>, condition: &'b Condition) -> Out {
    fragments::column(out, condition.field)?;
    out.push_sql(" && ");
    out.push_bind_param::<Array<Text>, _>(&condition.values)
}

fn compare_all<'b>(out: &mut AstPass<'_, 'b, Pg>, condition: &'b Condition, operator: &str) -> Out {
    fragments::column(out, condition.field)?;
    out.push_sql(operator);
    out.push_bind_param::<Array<Text>, _>(&condition.values)?;
    out.push_sql("::");
    out.push_sql(fragments::array_type(condition.field.kind));
    out.push_sql(")");
    Ok(())
}

fn compare<'b>(out: &mut AstPass<'_, 'b, Pg>, condition: &'b Condition, operator: &str) -> Out {
    fragments::column(out, condition.field)?;
    out.push_sql(operator);
    out.push_bind_param::<Text, _>(&condition.values[0])?;
    out.push_sql("::");
    out.push_sql(fragments::scalar_type(condition.field.kind));
    Ok(())
}

fn folded<'b>(out: &mut AstPass<'_, 'b, Pg>, condition: &'b Condition, function: &str) -> Out {
    out.push_sql(function);
    out.push_sql("fold(");
    fragments::column(out, condition.field)?;
    out.push_sql("), fold(");
    out.push_bind_param::<Text, _>(&condition.values[0])?;
    out.push_sql("))");
    Ok(())
}
