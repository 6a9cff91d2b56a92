//! Owns the JSON of rows. Numbers keep the decimals of the published text.
//! Must not know envelopes, HTTP or SQL.

use crate::query::{Column, Kind, Row};

/// Appends one row as a JSON object with a member for each column, in order. Cells beyond the columns, which only the
/// sort order needed, are left out.
pub fn object(out: &mut Vec<u8>, columns: &[Column], row: &Row) {
    out.push(b'{');
    members(out, columns, row);
    out.push(b'}');
}

/// Appends the members of a row's object, without the braces.
pub fn members(out: &mut Vec<u8>, columns: &[Column], row: &Row) {
    for (at, (column, cell)) in columns.iter().zip(row.cells()).enumerate() {
        if at > 0 {
            out.push(b',');
        }
        string(out, &column.name);
        out.push(b':');
        value(out, column, cell);
    }
}

/// Appends the value of a cell. A list is never null: without a value it is empty.
pub fn value(out: &mut Vec<u8>, column: &Column, cell: Option<&str>) {
    match cell {
        None if column.is_list() => out.extend_from_slice(b"[]"),
        None => out.extend_from_slice(b"null"),
        Some(text) if is_json(column) => out.extend_from_slice(text.as_bytes()),
        Some(text) => string(out, text),
    }
}

/// Appends rows as a JSON array.
pub fn array<'r>(out: &mut Vec<u8>, columns: &[Column], rows: impl IntoIterator<Item = &'r Row>) {
    out.push(b'[');
    for (at, row) in rows.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        object(out, columns, row);
    }
    out.push(b']');
}

/// Appends a text as a JSON string.
pub fn string(out: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(out, text).expect("writing text to memory cannot fail");
}

/// Whether the text of a column's cells is JSON already.
fn is_json(column: &Column) -> bool {
    column.is_list() || matches!(column.kind, Kind::Boolean | Kind::Integer { .. } | Kind::Decimal | Kind::Json { .. })
}
