//! Owns lists within a cell: a JSON array of texts in rows, values joined by `|` where a cell is one text.
//! Must not know representations.

/// Joins the values of a list, as canonical files have them.
pub const SEPARATOR: char = '|';

/// The values of a cell that is a JSON array of texts; none for a cell without a value.
pub fn values(text: &str) -> Vec<String> {
    serde_json::from_str(text).unwrap_or_default()
}

/// Appends the values joined.
pub fn join(text: &str, out: &mut String) {
    // Most lists hold plain codes: then the text between the quotes is the value itself.
    let Some(inside) = text.strip_prefix("[\"").and_then(|text| text.strip_suffix("\"]")).filter(|_| !text.contains('\\')) else {
        for (at, value) in values(text).iter().enumerate() {
            if at > 0 {
                out.push(SEPARATOR);
            }
            out.push_str(value);
        }
        return;
    };
    for (at, value) in inside.split("\",\"").enumerate() {
        if at > 0 {
            out.push(SEPARATOR);
        }
        out.push_str(value);
    }
}
