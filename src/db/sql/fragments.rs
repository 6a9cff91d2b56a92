//! Owns the small pieces of SQL that every generic query is made of. Identifiers come from the static tables of
//! fields only; whatever a client sends is a bind.
//! Must not know plans.

use chrono::NaiveDate;
use diesel::deserialize::{self, QueryableByName};
use diesel::pg::Pg;
use diesel::row::{Field as _, NamedRow};
use diesel::sql_types::{Date, Integer};

use super::codes;
use super::references::{LookUp, look_up};
use super::writer::{Out, SqlText, SqlWriter};
use crate::query::model::column::CellSource;
use crate::query::{Column, Dataset, Field, FieldOrigin, Kind, Row};

/// What ends the text of an instant.
const INSTANT: &str = " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')";

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
pub fn column(out: &mut SqlWriter<'_, '_>, field: &'static Field) -> Out {
    out.push(match field.origin {
        FieldOrigin::Row | FieldOrigin::Opened | FieldOrigin::Record => "t.",
        FieldOrigin::Link => "l.",
        FieldOrigin::Named { .. } => "n.",
    });
    out.identifier(field.name)
}

/// Writes a cell that has a value where another version of the row was closed before a release.
pub fn corrected<'b>(out: &mut SqlWriter<'_, 'b>, dataset: &'static Dataset, release: &'b i32) -> Out {
    out.push("CASE WHEN EXISTS (");
    versions(out, dataset)?;
    out.push("e.last_release < ");
    out.bind::<Integer, _>(release)?;
    out.push(") THEN '1' END");
    Ok(())
}

/// Writes the SELECT of the versions of a row, as the alias `e`, up to a further condition.
pub fn versions(out: &mut SqlWriter<'_, '_>, dataset: &'static Dataset) -> Out {
    out.push("SELECT 1 FROM ");
    out.identifier(dataset.name)?;
    out.push(" e WHERE ");
    for field in dataset.key_fields() {
        out.push("e.");
        out.identifier(field.name)?;
        out.push(" = t.");
        out.identifier(field.name)?;
        out.push(" AND ");
    }
    Ok(())
}

/// Writes the text of a column's cell, as every representation starts from it.
pub fn text<'b>(
    out: &mut SqlWriter<'_, 'b>,
    dataset: &'static Dataset,
    column: &Column,
    release: &'b i32,
    look_ups: LookUp,
) -> Out {
    match column.source {
        CellSource::Field(field) => match field.origin {
            FieldOrigin::Named { by, dataset: named } => {
                look_up(out, named, ("t", by), release, look_ups, |out| own_text(out, dataset, field, "n"))
            }
            FieldOrigin::Row if look_ups == LookUp::GatheredUncoded && matches!(field.kind, Kind::JoinedCode) => {
                out.push("NULL::text");
                Ok(())
            }
            FieldOrigin::Record => record(out, field, release),
            FieldOrigin::Row | FieldOrigin::Opened => own_text(out, dataset, field, "t"),
            FieldOrigin::Link => own_text(out, dataset, field, "l"),
        },
        CellSource::Named { by, dataset: named, field } => {
            let many = named.territory_field().is_some_and(|field| matches!(field.kind, Kind::Code));
            let look_ups = if many && look_ups.gathers() { LookUp::Single } else { look_ups };
            look_up(out, named.name, ("t", by.name), release, look_ups, |out| own_text(out, named, field, "n"))
        }
        CellSource::Contour => {
            out.push("coalesce((SELECT g.contour::text FROM contours g WHERE g.territory_code = ");
            territory(out, dataset)?;
            out.push(" AND ");
            out.visible("g", release)?;
            out.push("), ");
            centre(out, dataset, release)?;
            out.push(")");
            Ok(())
        }
        CellSource::Centre => centre(out, dataset, release),
        CellSource::Rank | CellSource::Computed => {
            Err(diesel::result::Error::QueryBuilderError("a computed column is read from no table".into()))
        }
    }
}

/// Writes what the releases up to this one say of a version of a row: a later one may have closed it since.
fn record<'b>(out: &mut SqlWriter<'_, 'b>, field: &'static Field, release: &'b i32) -> Out {
    if !matches!(field.kind, Kind::Timestamp) {
        out.push("(CASE WHEN t.last_release < ");
        out.bind::<Integer, _>(release)?;
        out.push(" THEN t.last_release END)::text");
        return Ok(());
    }
    out.push("(SELECT ");
    instant(out, "r.published_at");
    out.push(" FROM releases r WHERE r.number = t.first_release)");
    Ok(())
}

/// Writes the text of an instant.
fn instant(out: &mut SqlWriter<'_, '_>, column: &'static str) {
    out.push("to_char(");
    out.push(column);
    out.push(INSTANT);
}

fn territory(out: &mut SqlWriter<'_, '_>, dataset: &'static Dataset) -> Out {
    column(out, dataset.territory_field().expect("only rows of a territory have a geometry"))
}

fn centre<'b>(out: &mut SqlWriter<'_, 'b>, dataset: &'static Dataset, release: &'b i32) -> Out {
    out.push(
        "(SELECT '{\"type\":\"Point\",\"coordinates\":[' || p.longitude || ',' || p.latitude || ']}' FROM territories p WHERE p.code = ",
    );
    territory(out, dataset)?;
    out.push(" AND ");
    out.visible("p", release)?;
    out.push(")");
    Ok(())
}

fn own_text(out: &mut SqlWriter<'_, '_>, dataset: &'static Dataset, field: &'static Field, alias: &'static str) -> Out {
    let (before, after) = match field.kind {
        Kind::JoinedCode => return codes::code(out, dataset, "t"),
        Kind::Integer { .. } | Kind::Decimal | Kind::Json { .. } => ("", "::text"),
        Kind::TextList => ("array_to_json(", ")::text"),
        // Codes and words hold nothing that JSON would escape, and no list is published empty: a third of the cost.
        Kind::References(_) | Kind::ChoiceList(_) => ("'[\"' || array_to_string(", ", '\",\"') || '\"]'"),
        // Half the cost of to_char, and the same text: the session's DateStyle is ISO.
        Kind::Date | Kind::PeriodBound { .. } => ("", "::text"),
        Kind::Timestamp => ("to_char(", INSTANT),
        Kind::Text | Kind::Code | Kind::Reference(_) | Kind::Choice(_) | Kind::Period => ("", ""),
    };
    out.push(before);
    out.push(alias);
    out.push(".");
    out.identifier(field.name)?;
    out.push(after);
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

/// Writes the name of a table, or of what stands in its place for the geography of a day: the function of the same name
/// with `_on`.
pub fn of_day<'b>(out: &mut SqlWriter<'_, 'b>, table: &str, day: Option<&'b NaiveDate>, release: &'b i32) -> Out {
    let Some(day) = day else { return out.identifier(table) };
    out.identifier(&format!("{table}_on"))?;
    out.push("(");
    out.bind::<Date, _>(day)?;
    out.push(", ");
    out.bind::<Integer, _>(release)?;
    out.push(")");
    Ok(())
}
