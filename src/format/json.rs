//! Owns the JSON of rows. Numbers keep the decimals of the published text.
//! Must not know envelopes, HTTP or SQL.

use crate::query::{Column, Kind, Row, RowView};

/// Appends one row as a JSON object with a member for each column, in order. Cells beyond the columns, which only the
/// sort order needed, are left out.
pub fn object(out: &mut Vec<u8>, columns: &[Column], row: RowView<'_>) {
    out.push(b'{');
    members(out, columns, row);
    out.push(b'}');
}

/// Appends the members of a row's object, without the braces.
pub fn members(out: &mut Vec<u8>, columns: &[Column], row: RowView<'_>) {
    for (at, (column, cell)) in columns.iter().zip(row.cells()).enumerate() {
        if at > 0 {
            out.push(b',');
        }
        string(out, &column.name);
        out.push(b':');
        value(out, column, cell);
    }
}

/// Columns with their names in JSON, for many rows.
pub struct Members(Vec<(Vec<u8>, Column)>);

impl Members {
    /// These columns.
    pub fn of(columns: &[Column]) -> Self {
        let named = |(at, column): (usize, &Column)| {
            let mut name = if at > 0 { vec![b','] } else { Vec::new() };
            string(&mut name, &column.name);
            name.push(b':');
            (name, column.clone())
        };
        Self(columns.iter().enumerate().map(named).collect())
    }

    /// Appends the members of a row's object, without the braces: what [`members`] appends.
    pub fn append(&self, out: &mut Vec<u8>, row: RowView<'_>) {
        for ((name, column), cell) in self.0.iter().zip(row.cells()) {
            out.extend_from_slice(name);
            value(out, column, cell);
        }
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
        object(out, columns, row.view());
    }
    out.push(b']');
}

/// Appends a text as a JSON string.
pub fn string(out: &mut Vec<u8>, text: &str) {
    // Nearly no text has anything to escape, and this sees it many bytes at a time.
    let escaped = text.bytes().fold(false, |found, byte| found | (byte < b' ') | (byte == b'"') | (byte == b'\\'));
    if escaped {
        serde_json::to_writer(out, text).expect("writing text to memory cannot fail");
        return;
    }
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

/// Whether the text of a column's cells is JSON already.
fn is_json(column: &Column) -> bool {
    column.is_list() || matches!(column.kind, Kind::Boolean | Kind::Integer { .. } | Kind::Decimal | Kind::Json { .. })
}
