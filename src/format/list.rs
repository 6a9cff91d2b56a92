//! Owns the conversion of a list, a JSON array of strings in a cell, to one text with separators.
//! Must not know which representation has which separator.

use std::borrow::Cow;
use std::io;

/// Appends the texts of a list with a separator between them.
///
/// # Errors
/// Returns an error of the kind `InvalidData` if the cell is not a JSON array of strings or nulls.
pub fn join(out: &mut Vec<u8>, list: &str, separator: u8) -> io::Result<()> {
    if list.contains('\\') {
        return join_escaped(out, list, separator);
    }
    // Without escapes every quotation mark opens or closes a text, so no JSON parser is needed.
    let mut within = false;
    for byte in list.bytes() {
        match byte {
            b'"' => within = !within,
            _ if within => out.push(byte),
            b',' => out.push(separator),
            _ => {}
        }
    }
    Ok(())
}

fn join_escaped(out: &mut Vec<u8>, list: &str, separator: u8) -> io::Result<()> {
    let texts: Vec<Option<String>> = serde_json::from_str(list)?;
    for (at, text) in texts.iter().enumerate() {
        if at > 0 {
            out.push(separator);
        }
        out.extend_from_slice(text.as_deref().unwrap_or_default().as_bytes());
    }
    Ok(())
}

/// The items of a list, which are texts or empty.
///
/// # Errors
/// Returns an error if the cell is not a JSON array of strings or nulls.
pub fn items(list: &str) -> serde_json::Result<Vec<Option<Cow<'_, str>>>> {
    // Without escapes, an array of texts alone needs no JSON parser.
    if let Some(inner) = list.strip_prefix("[\"").and_then(|rest| rest.strip_suffix("\"]"))
        && !inner.contains('\\')
        && inner.split("\",\"").all(|item| !item.contains('"'))
    {
        return Ok(inner.split("\",\"").map(|item| Some(Cow::Borrowed(item))).collect());
    }
    let items: Vec<Option<String>> = serde_json::from_str(list)?;
    Ok(items.into_iter().map(|item| item.map(Cow::Owned)).collect())
}

/// Appends the texts of a list, each with its name from a second list, with a separator between them.
///
/// # Errors
/// Returns an error of the kind `InvalidData` if a cell is not a JSON array of strings or nulls.
pub fn join_named(out: &mut Vec<u8>, list: &str, names: &str, (separator, between): (u8, &str)) -> io::Result<()> {
    let texts: Vec<String> = serde_json::from_str(list)?;
    let names: Vec<Option<String>> = serde_json::from_str(names)?;
    for (at, text) in texts.iter().enumerate() {
        if at > 0 {
            out.push(separator);
        }
        out.extend_from_slice(text.as_bytes());
        if let Some(name) = names.get(at).and_then(Option::as_deref) {
            out.extend_from_slice(between.as_bytes());
            out.extend_from_slice(name.as_bytes());
        }
    }
    Ok(())
}
