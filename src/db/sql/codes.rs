//! Owns the SQL of codes: how the fields of a key make one text, and how a text finds the row of that key.
//! Must not know where codes come from.

use crate::query::{Dataset, Field, Kind};

/// The condition that a row of the alias `t` bears a code, which is a text in SQL.
pub fn bears(dataset: &'static Dataset, code: &str) -> String {
    let part = |(at, field): (usize, &Field)| {
        let given = match (dataset.has_joined_code(), field.kind) {
            (false, _) => code.to_owned(),
            (true, Kind::Period) => format!("replace(split_part({code}, '~', {}), '_', '/')", at + 1),
            (true, _) => format!("split_part({code}, '~', {})", at + 1),
        };
        format!("t.\"{}\"::text = {given}", field.name)
    };
    dataset.key_fields().enumerate().map(part).collect::<Vec<_>>().join(" AND ")
}

/// The code of a row of an alias, as a text in SQL.
pub fn code_of(dataset: &'static Dataset, alias: &str) -> String {
    let part = |field: &Field| match field.kind {
        Kind::Period => format!("replace({alias}.\"{}\", '/', '_')", field.name),
        _ => format!("{alias}.\"{}\"::text", field.name),
    };
    dataset.key_fields().map(part).collect::<Vec<_>>().join(" || '~' || ")
}
