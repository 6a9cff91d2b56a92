//! Owns the SQL of columns: their names, their texts, and their types. Identifiers come from the static field tables; values
//! of requests are binds.
//! Must not know plans.

use diesel::sql_types::Integer;

use super::codes;
use super::geography;
use super::labels;
use super::references::{LookUp, look_up, look_up_all};
use super::writer::{SqlResult, SqlText, SqlWriter};
use crate::query::model::column::CellSource;
use crate::query::{Column, Dataset, Field, FieldOrigin, Kind, Row, Storage};

/// The release that opened a version of a row.
const OPENED: &str = "t.first_release";

/// The condition that two rows are of one series.
const SAME_SERIES: &str = "e.series_id = t.series_id AND ";

/// The end of the expression that formats an instant.
const INSTANT: &str = " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')";

/// The index from the first cell of a row, which is its ordinality in `unnest … WITH ORDINALITY`, from 1.
pub fn ordinality_index(row: &Row) -> Option<usize> {
    row.cell(0)?.parse::<usize>().ok()?.checked_sub(1)
}

/// Writes a column with its table's alias.
pub fn column(out: &mut SqlWriter<'_, '_>, field: &'static Field) -> SqlResult {
    out.push(match field.origin {
        FieldOrigin::Opened => {
            out.push(OPENED);
            return Ok(());
        }
        FieldOrigin::Row | FieldOrigin::Record => "t.",
        FieldOrigin::Link => "l.",
        FieldOrigin::Named { .. } => "n.",
        FieldOrigin::Computed => return Err(computed()),
    });
    out.identifier(field.name)
}

/// Writes columns of the alias `t`.
///
/// # Errors
/// Returns an error if a name cannot be quoted.
pub fn list(out: &mut SqlWriter<'_, '_>, names: &[&str]) -> SqlResult {
    for (at, name) in names.iter().enumerate() {
        out.push(if at == 0 { "t." } else { ", t." });
        out.identifier(name)?;
    }
    Ok(())
}

/// Writes the condition, after an AND, that the aliases `a` and `b` are equal in the fields of a group.
///
/// # Errors
/// Returns an error if a name cannot be quoted.
pub fn same_group(out: &mut SqlWriter<'_, '_>, by: &[&'static Field]) -> SqlResult {
    for field in by {
        out.push(" AND ");
        out.column("a", field.name)?;
        // Only equality can be hashed.
        out.push(if field.required { " = " } else { " IS NOT DISTINCT FROM " });
        out.column("b", field.name)?;
    }
    Ok(())
}

/// Writes a cell with a value if a version of the row was closed before a release.
pub fn corrected<'b>(out: &mut SqlWriter<'_, 'b>, dataset: &'static Dataset, release: &'b i32) -> SqlResult {
    out.push("CASE WHEN EXISTS (");
    versions(out, dataset)?;
    out.push("e.last_release < ");
    out.bind::<Integer, _>(release)?;
    out.push(") THEN '1' END");
    Ok(())
}

/// Writes the SELECT of the versions of a row of the alias `t`, with the alias `e`, up to a further condition. If the dataset is stored
/// as series, `e` has the columns of the table of its rows alone.
pub fn versions(out: &mut SqlWriter<'_, '_>, dataset: &'static Dataset) -> SqlResult {
    out.push("SELECT 1 FROM ");
    let stored = match dataset.storage {
        Storage::Table => None,
        Storage::Series { rows, .. } => Some(rows),
    };
    out.identifier(stored.unwrap_or(dataset.name))?;
    out.push(" e WHERE ");
    if stored.is_some() {
        out.push(SAME_SERIES);
    }
    // The key of a row names its period; the index of the rows of series has the bounds of the period before it.
    let bounds = dataset.columns().filter(|field| stored.is_some() && matches!(field.kind, Kind::PeriodBound { .. }));
    let key = dataset.key_fields().filter(|field| stored.is_none() || !dataset.is_series_field(field));
    for field in bounds.chain(key) {
        out.push("e.");
        out.identifier(field.name)?;
        out.push(" = t.");
        out.identifier(field.name)?;
        out.push(" AND ");
    }
    Ok(())
}

/// Writes the text of a column's cell, from which every representation is made.
///
/// # Errors
/// Returns an error for a computed column, and if a name cannot be quoted.
pub fn text<'b>(
    out: &mut SqlWriter<'_, 'b>,
    dataset: &'static Dataset,
    column: &Column,
    release: &'b i32,
    look_ups: LookUp,
) -> SqlResult {
    match column.source {
        CellSource::Field(field) => match field.origin {
            FieldOrigin::Named { by, dataset: named } => {
                look_up(out, named, |out| out.column("t", by), release, look_ups, |out| own_text(out, dataset, field, "n"))
            }
            FieldOrigin::Row if look_ups == LookUp::GatheredUncoded && matches!(field.kind, Kind::JoinedCode) => {
                out.push("NULL::text");
                Ok(())
            }
            FieldOrigin::Record => record(out, field, release),
            FieldOrigin::Opened => {
                out.push(OPENED);
                out.push("::text");
                Ok(())
            }
            FieldOrigin::Row => own_text(out, dataset, field, "t"),
            FieldOrigin::Link => own_text(out, dataset, field, "l"),
            FieldOrigin::Computed => Err(computed()),
        },
        CellSource::Named { by, dataset: named, field } => {
            let many = named.territory_field().is_some_and(|field| matches!(field.kind, Kind::Code));
            let look_ups = if many && look_ups.gathers() { LookUp::Single } else { look_ups };
            if by.is_list() {
                return look_up_all(
                    out,
                    named.name,
                    |out| self::column(out, by),
                    release,
                    look_ups,
                    |out| own_text(out, named, field, "n"),
                );
            }
            let code = |out: &mut SqlWriter<'_, 'b>| text(out, dataset, &Column::of(by), release, look_ups);
            look_up(out, named.name, code, release, look_ups, |out| own_text(out, named, field, "n"))
        }
        CellSource::Label(field) => labels::label(out, field, |out| self::column(out, field)),
        CellSource::Contour => geography::contour(out, release, |out| territory(out, dataset)),
        CellSource::Centre => geography::centre(out, release, |out| territory(out, dataset)),
        CellSource::Rank | CellSource::Computed => Err(computed()),
    }
}

fn computed() -> diesel::result::Error {
    diesel::result::Error::QueryBuilderError("a computed column is read from no table".into())
}

/// Writes when a version was published, or the release that closed it. A release after `release` that closed it is ignored.
fn record<'b>(out: &mut SqlWriter<'_, 'b>, field: &'static Field, release: &'b i32) -> SqlResult {
    if !matches!(field.kind, Kind::Timestamp) {
        out.push("(CASE WHEN t.last_release < ");
        out.bind::<Integer, _>(release)?;
        out.push(" THEN t.last_release + 1 END)::text");
        return Ok(());
    }
    out.push("(SELECT ");
    instant(out, "r.published_at");
    out.push(" FROM releases r WHERE r.number = t.first_release)");
    Ok(())
}

/// Writes the title of a release.
///
/// # Errors
/// Returns an error if the number cannot be bound.
pub fn release_title<'b>(out: &mut SqlWriter<'_, 'b>, number: &'b i32) -> SqlResult {
    out.push("(SELECT r.title FROM releases r WHERE r.number = ");
    out.bind::<Integer, _>(number)?;
    out.push(")");
    Ok(())
}

/// Writes the text of an instant.
fn instant(out: &mut SqlWriter<'_, '_>, column: &'static str) {
    out.push("to_char(");
    out.push(column);
    out.push(INSTANT);
}

fn territory(out: &mut SqlWriter<'_, '_>, dataset: &'static Dataset) -> SqlResult {
    column(out, dataset.territory_field().expect("only rows of a territory have a geometry"))
}

/// Writes the text of a field of the row of an alias.
///
/// # Errors
/// Returns an error if a name cannot be quoted.
pub fn own_text(out: &mut SqlWriter<'_, '_>, dataset: &'static Dataset, field: &'static Field, alias: &'static str) -> SqlResult {
    let (before, after) = match field.kind {
        Kind::JoinedCode => return codes::code(out, dataset, "t"),
        Kind::Boolean | Kind::Integer { .. } | Kind::Decimal | Kind::Json { .. } => ("", "::text"),
        Kind::TextList => ("array_to_json(", ")::text"),
        // A third of the time: codes hold nothing that JSON escapes, and no published list is empty.
        Kind::References(_) | Kind::ChoiceList(_) => ("'[\"' || array_to_string(", ", '\",\"') || '\"]'"),
        // Half the time of to_char for the same text, because the session's DateStyle is ISO.
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

/// The array type to which the values of a filter are cast, so that the column is not and its index can be used.
pub fn array_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Boolean => "boolean[]",
        Kind::Integer { .. } => "bigint[]",
        Kind::Decimal => "numeric[]",
        Kind::Date | Kind::PeriodBound { .. } => "date[]",
        Kind::Timestamp => "timestamptz[]",
        _ => "text[]",
    }
}

/// The type to which one value is cast to be compared with a column.
pub fn scalar_type(kind: Kind) -> &'static str {
    array_type(kind).trim_end_matches("[]")
}
