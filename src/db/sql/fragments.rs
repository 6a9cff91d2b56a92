//! Owns the small pieces of SQL that every generic query is made of. Identifiers come from the static tables of
//! fields only; whatever a client sends is a bind.
//! Must not know plans.

use std::fmt::Display;

use chrono::NaiveDate;
use diesel::QueryResult;
use diesel::deserialize::{self, QueryableByName};
use diesel::pg::Pg;
use diesel::query_builder::AstPass;
use diesel::row::{Field as _, NamedRow};
use diesel::sql_types::{Date, Integer};

use super::references::{LookUp, look_up};
use crate::query::model::column::ColumnSource;
use crate::query::{Column, Dataset, Field, FieldOrigin, Kind, Row};

/// What ends the text of an instant.
const INSTANT: &str = " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')";

/// The outcome of each step that writes SQL.
pub type Out = QueryResult<()>;

/// Which of the rows that were given to a query with `unnest … WITH ORDINALITY` a row is about: its first cell says so.
pub fn given(row: &Row) -> Option<usize> {
    row.cell(0)?.parse::<usize>().ok()?.checked_sub(1)
}

/// A row as it comes from the database: every cell is selected as text.
#[derive(Debug)]
pub struct Fetched(pub Row);

impl QueryableByName<Pg> for Fetched {
    fn build<'a>(row: &impl NamedRow<'a, Pg>) -> deserialize::Result<Self> {
        let mut cells = Row::with_capacity(row.field_count());
        for at in 0..row.field_count() {
            let field = diesel::row::Row::get(row, at).ok_or("a column is missing")?;
            match field.value() {
                Some(value) => cells.push(Some(std::str::from_utf8(value.as_bytes())?)),
                None => cells.push(None),
            }
        }
        Ok(Fetched(cells))
    }
}

/// Writes a column with its table's alias.
pub fn column(out: &mut AstPass<'_, '_, Pg>, field: &'static Field) -> Out {
    out.push_sql(match field.origin {
        FieldOrigin::Row | FieldOrigin::Opened | FieldOrigin::Record => "t.",
        FieldOrigin::Link => "l.",
        FieldOrigin::Named { .. } => "n.",
    });
    out.push_identifier(field.name)
}

/// Writes a cell that has a value where another version of the row was closed before a release.
pub fn corrected<'b>(out: &mut AstPass<'_, 'b, Pg>, dataset: &'static Dataset, release: &'b i32) -> Out {
    out.push_sql("CASE WHEN EXISTS (");
    versions(out, dataset)?;
    out.push_sql("e.last_release < ");
    out.push_bind_param::<Integer, _>(release)?;
    out.push_sql(") THEN '1' END");
    Ok(())
}

/// Writes the SELECT of the versions of a row, as the alias `e`, up to a further condition.
pub fn versions(out: &mut AstPass<'_, '_, Pg>, dataset: &'static Dataset) -> Out {
    out.push_sql("SELECT 1 FROM ");
    out.push_identifier(dataset.name)?;
    out.push_sql(" e WHERE ");
    for field in dataset.key_fields() {
        out.push_sql("e.");
        out.push_identifier(field.name)?;
        out.push_sql(" = t.");
        out.push_identifier(field.name)?;
        out.push_sql(" AND ");
    }
    Ok(())
}

/// Writes the text of a column's cell, as every representation starts from it.
pub fn text<'b>(
    out: &mut AstPass<'_, 'b, Pg>,
    dataset: &'static Dataset,
    column: &Column,
    release: &'b i32,
    look_ups: LookUp,
) -> Out {
    match column.source {
        ColumnSource::Field(field) => match field.origin {
            FieldOrigin::Named { by, dataset: named } => {
                look_up(out, named, ("t", by), release, look_ups, |out| own_text(out, dataset, field, "n"))
            }
            FieldOrigin::Row if look_ups == LookUp::GatheredUncoded && matches!(field.kind, Kind::JoinedCode) => {
                out.push_sql("NULL::text");
                Ok(())
            }
            FieldOrigin::Record => record(out, field, release),
            FieldOrigin::Row | FieldOrigin::Opened => own_text(out, dataset, field, "t"),
            FieldOrigin::Link => own_text(out, dataset, field, "l"),
        },
        ColumnSource::Named { by, dataset: named, field } => {
            let many = named.territory_field().is_some_and(|field| matches!(field.kind, Kind::Code));
            let look_ups = if many && look_ups.gathers() { LookUp::Single } else { look_ups };
            look_up(out, named.name, ("t", by.name), release, look_ups, |out| own_text(out, named, field, "n"))
        }
        ColumnSource::Contour => {
            out.push_sql("coalesce((SELECT g.contour::text FROM contours g WHERE g.territory_code = ");
            territory(out, dataset)?;
            out.push_sql(" AND ");
            visible(out, "g", release)?;
            out.push_sql("), ");
            centre(out, dataset, release)?;
            out.push_sql(")");
            Ok(())
        }
        ColumnSource::Centre => centre(out, dataset, release),
        ColumnSource::Rank | ColumnSource::Computed => {
            Err(diesel::result::Error::QueryBuilderError("a computed column is read from no table".into()))
        }
    }
}

/// Writes what the releases up to this one say of a version of a row: a later one may have closed it since.
fn record<'b>(out: &mut AstPass<'_, 'b, Pg>, field: &'static Field, release: &'b i32) -> Out {
    if !matches!(field.kind, Kind::Timestamp) {
        out.push_sql("(CASE WHEN t.last_release < ");
        out.push_bind_param::<Integer, _>(release)?;
        out.push_sql(" THEN t.last_release END)::text");
        return Ok(());
    }
    out.push_sql("(SELECT ");
    instant(out, "r.published_at");
    out.push_sql(" FROM releases r WHERE r.number = t.first_release)");
    Ok(())
}

/// Writes the text of an instant.
fn instant(out: &mut AstPass<'_, '_, Pg>, column: &str) {
    out.push_sql("to_char(");
    out.push_sql(column);
    out.push_sql(INSTANT);
}

fn territory(out: &mut AstPass<'_, '_, Pg>, dataset: &'static Dataset) -> Out {
    column(out, dataset.territory_field().expect("only rows of a territory have a geometry"))
}

fn centre<'b>(out: &mut AstPass<'_, 'b, Pg>, dataset: &'static Dataset, release: &'b i32) -> Out {
    out.push_sql(
        "(SELECT '{\"type\":\"Point\",\"coordinates\":[' || p.longitude || ',' || p.latitude || ']}' FROM territories p WHERE p.code = ",
    );
    territory(out, dataset)?;
    out.push_sql(" AND ");
    visible(out, "p", release)?;
    out.push_sql(")");
    Ok(())
}

fn own_text(out: &mut AstPass<'_, '_, Pg>, dataset: &'static Dataset, field: &'static Field, alias: &str) -> Out {
    let (before, after) = match field.kind {
        Kind::JoinedCode => return joined_code(out, dataset),
        Kind::Integer { .. } | Kind::Decimal | Kind::Json { .. } => ("", "::text"),
        Kind::TextList => ("array_to_json(", ")::text"),
        // Codes and words hold nothing that JSON would escape, and no list is published empty: a third of the cost.
        Kind::References(_) | Kind::ChoiceList(_) => ("'[\"' || array_to_string(", ", '\",\"') || '\"]'"),
        // Half the cost of to_char, and the same text: the session's DateStyle is ISO.
        Kind::Date | Kind::PeriodBound { .. } => ("", "::text"),
        Kind::Timestamp => ("to_char(", INSTANT),
        Kind::Text | Kind::Code | Kind::Reference(_) | Kind::Choice(_) | Kind::Period => ("", ""),
    };
    out.push_sql(before);
    out.push_sql(alias);
    out.push_sql(".");
    out.push_identifier(field.name)?;
    out.push_sql(after);
    Ok(())
}

/// Writes the code of a row, made of its key.
pub fn joined_code(out: &mut AstPass<'_, '_, Pg>, dataset: &'static Dataset) -> Out {
    for (at, field) in dataset.key_fields().enumerate() {
        if at > 0 {
            out.push_sql(" || '~' || ");
        }
        let period = matches!(field.kind, Kind::Period);
        out.push_sql(if period { "translate(" } else { "" });
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

/// The condition that a row of an alias belongs to a release, which is a number or stands for one, as a text in SQL.
pub fn of_release(alias: &str, release: impl Display) -> String {
    format!("{alias}.first_release <= {release} AND ({alias}.last_release IS NULL OR {alias}.last_release >= {release})")
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

/// Writes the name of a table, or of what stands in its place for the geography of a day: the function of the same name
/// with `_on`.
pub fn of_day<'b>(out: &mut AstPass<'_, 'b, Pg>, table: &str, day: Option<&'b NaiveDate>, release: &'b i32) -> Out {
    let Some(day) = day else { return out.push_identifier(table) };
    out.push_identifier(&format!("{table}_on"))?;
    out.push_sql("(");
    out.push_bind_param::<Date, _>(day)?;
    out.push_sql(", ");
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
