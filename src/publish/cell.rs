//! Owns the way of one value from a file to the database: checked, then written in `COPY`'s text format.
//! Must not know files or tables.

use crate::query::closest::closest;
use crate::query::{Field, value};

/// Separates the values of a list within a cell.
pub const LIST_SEPARATOR: char = '|';

/// Checks the text of a cell and gives what `COPY` takes for it; an empty cell is a null.
///
/// # Errors
/// What is wrong, and what would be right.
pub fn read(field: &Field, text: &str) -> Result<Option<String>, String> {
    if text.is_empty() {
        return if field.required { Err("is empty, and every row must have a value".to_owned()) } else { Ok(None) };
    }
    if !field.is_list() {
        return one(field, text).map(Some);
    }
    let values: Vec<String> = text.split(LIST_SEPARATOR).map(|value| one(field, value)).collect::<Result<_, _>>()?;
    Ok(Some(array(&values)))
}

fn one(field: &Field, text: &str) -> Result<String, String> {
    if text.contains('\0') {
        return Err("holds a NUL character".to_owned());
    }
    value::parse(field, text).map_err(|why| match field.choices() {
        Some(choices) => {
            let words: Vec<&str> = choices.iter().map(|choice| choice.value).collect();
            let meant =
                closest(text, words.iter().copied()).first().map_or(String::new(), |word| format!(" (did you mean `{word}`?)"));
            format!("{why}{meant}: {}", words.join(", "))
        }
        None => why,
    })
}

/// The literal of a text array.
fn array(values: &[String]) -> String {
    let quoted: Vec<String> = values.iter().map(|v| format!("\"{}\"", v.replace('\\', "\\\\").replace('"', "\\\""))).collect();
    format!("{{{}}}", quoted.join(","))
}

/// Appends one value in `COPY`'s text format.
pub fn write(out: &mut Vec<u8>, value: Option<&str>) {
    let Some(text) = value else {
        return out.extend_from_slice(b"\\N");
    };
    for byte in text.bytes() {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            other => out.push(other),
        }
    }
}
