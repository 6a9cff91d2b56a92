//! Owns the small pieces of SQL that every generic query is made of. Identifiers come from the static tables of
//! fields only; whatever a client sends is a bind.
//! Must not know plans.

use diesel::QueryResult;
use diesel::deserialize::{self, QueryableByName};
use diesel::pg::Pg;
use diesel::query_builder::AstPass;
use diesel::row::{Field as _, NamedRow};
use diesel::sql_types::Integer;

use crate::query::{Dataset, Field, Kind, Origin};

/// The outcome of each step that writes SQL.
pub type Out = QueryResult<()>;

/// One row as text, by position: the common ground of all representations.
#[derive(Debug)]
pub struct Row(pub Vec<Option<String>>);

impl QueryableByName<Pg> for Row {
    fn build<'a>(row: &impl NamedRow<'a, Pg>) -> deserialize::Result<Self> {
        (0..row.field_count())
            .map(|at| {
                let field = diesel::row::Row::get(row, at).ok_or("a column is missing")?;
                match field.value() {
                    Some(value) => Ok(Some(std::str::from_utf8(value.as_bytes())?.to_owned())),
                    None => Ok(None),
                }
            })
            .collect::<deserialize::Result<_>>()
            .map(Row)
    }
}

/// Writes a column with its table's alias.
pub fn column<'b>(out: &mut AstPass<'_, 'b, Pg>, field: &'static Field) -> Out {
    out.push_sql(match field.origin {
        Origin::Row => "t.",
        Origin::Link => "l.",
        Origin::Named { .. } => "n.",
    });
    out.push_identifier(field.name)
}

/// Writes the text of a field, as every representation starts from it.
pub fn text<'b>(out: &mut AstPass<'_, 'b, Pg>, dataset: &'static Dataset, field: &'static Field, release: &'b i32) -> Out {
    let Origin::Named { by, dataset: named } = field.origin else {
        return own_text(out, dataset, field);
    };
    out.push_sql("(SELECT ");
    own_text(out, dataset, field)?;
    out.push_sql(" FROM ");
    out.push_identifier(named)?;
    out.push_sql(" n WHERE n.code = t.");
    out.push_identifier(by)?;
    out.push_sql(" AND ");
    visible(out, "n", release)?;
    out.push_sql(")");
    Ok(())
}

fn own_text<'b>(out: &mut AstPass<'_, 'b, Pg>, dataset: &'static Dataset, field: &'static Field) -> Out {
    let (before, after) = match field.kind {
        Kind::JoinedCode => return joined_code(out, dataset),
        Kind::Integer { .. } | Kind::Decimal | Kind::Json { .. } => ("", "::text"),
        Kind::TextList | Kind::References(_) | Kind::ChoiceList(_) => ("array_to_json(", ")::text"),
        Kind::Date | Kind::PeriodBound { .. } => ("to_char(", ", 'YYYY-MM-DD')"),
        Kind::Timestamp => ("to_char(", " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"),
        Kind::Text | Kind::Code | Kind::Reference(_) | Kind::Choice(_) | Kind::Period => ("", ""),
    };
    out.push_sql(before);
    column(out, field)?;
    out.push_sql(after);
    Ok(())
}

fn joined_code<'b>(out: &mut AstPass<'_, 'b, Pg>, dataset: &'static Dataset) -> Out {
    for (at, field) in dataset.key_fields().enumerate() {
        if at > 0 {
            out.push_sql(" || '~' || ");
        }
        let period = matches!(field.kind, Kind::Period);
        out.push_sql(if period { "replace(" } else { "" });
        column(out, field)?;
        out.push_sql(if period { ", '/', '_')" } else { "" });
    }
    Ok(())
}

/// The array type to which the texts of a filter are cast, so that the column itself stays bare and indexed.
pub fn array_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Integer { .. } => "bigint[]",
        Kind::Decimal => "numeric[]",
        Kind::Date | Kind::PeriodBound { .. } => "date[]",
        Kind::Timestamp => "timestamptz[]",
        _ => "text[]",
    }
}

/// The type to which one text is cast to be compared with a column.
pub fn scalar_type(kind: Kind) -> &'static str {
    array_type(kind).trim_end_matches("[]")
}

/// Writes the condition that a row of an alias belongs to a release.
pub fn visible<'b>(out: &mut AstPass<'_, 'b, Pg>, alias: &str, release: &'b i32) -> Out {
    out.push_sql(alias);
    out.push_sql(".first_release <= ");
    out.push_bind_param::<Integer, _>(release)?;
    out.push_sql(" AND (");
    out.push_sql(alias);
    out.push_sql(".last_release IS NULL OR ");
    out.push_sql(alias);
    out.push_sql(".last_release >= ");
    out.push_bind_param::<Integer, _>(release)?;
    out.push_sql(")");
    Ok(())
}

/// Writes items separated by commas.
pub fn list<'x, 'b, T>(
    out: &mut AstPass<'x, 'b, Pg>,
    items: impl IntoIterator<Item = T>,
    mut each: impl FnMut(&mut AstPass<'x, 'b, Pg>, T) -> Out,
) -> Out {
    for (at, item) in items.into_iter().enumerate() {
        out.push_sql(if at > 0 { ", " } else { "" });
        each(out, item)?;
    }
    Ok(())
}
