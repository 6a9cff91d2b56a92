//! Owns the JSON of rows: values as published, numbers with the decimals that they were published with.
//! Must not know envelopes, HTTP or SQL.

use crate::query::{Field, Kind};

/// Appends one row as a JSON object, every field present, in the fields' order.
pub fn row<'f>(out: &mut Vec<u8>, fields: impl Iterator<Item = &'f Field>, cells: &[Option<String>]) {
    out.push(b'{');
    for (at, (field, value)) in fields.zip(cells).enumerate() {
        if at > 0 {
            out.push(b',');
        }
        string(out, field.name);
        out.push(b':');
        match value {
            None => out.extend_from_slice(b"null"),
            Some(text) if is_json(field) => out.extend_from_slice(text.as_bytes()),
            Some(text) => string(out, text),
        }
    }
    out.push(b'}');
}

/// Appends rows as a JSON array.
pub fn rows<'r, 'f, I>(out: &mut Vec<u8>, fields: impl Fn() -> I, rows: impl Iterator<Item = &'r [Option<String>]>)
where
    I: Iterator<Item = &'f Field>,
{
    out.push(b'[');
    for (at, cells) in rows.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        row(out, fields(), cells);
    }
    out.push(b']');
}

/// Whether the text of a field is JSON as it stands.
fn is_json(field: &Field) -> bool {
    field.is_list() || matches!(field.kind, Kind::Integer { .. } | Kind::Decimal | Kind::Json { .. })
}

fn string(out: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(out, text).expect("writing text to memory cannot fail");
}
