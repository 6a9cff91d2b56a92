//! Owns the comparison of two JSON Schemas of a request or of a response.
//! Must not know operations.

use std::collections::BTreeSet;

use serde_json::Value;

use super::compare::{Comparison, Direction, members};

/// The limits from above, which a request must not see lowered, and those from below.
const UPPER: [&str; 5] = ["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"];
const LOWER: [&str; 5] = ["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"];

/// The lists of alternatives.
const ALTERNATIVES: [&str; 2] = ["anyOf", "oneOf"];

/// Compares two schemas, and reports what breaks.
pub fn compare<'d>(all: &mut Comparison<'d>, at: &str, old: &'d Value, new: &'d Value, way: Direction) {
    if old.is_null() {
        return;
    }
    let Some((at, old, new)) = all.enter(at, old, new, way) else { return };
    let at = at.as_str();
    types(all, at, old, new, way);
    words(all, at, old, new, way);
    limits(all, at, old, new, way);
    objects(all, at, old, new, way);
    if old.get("items").is_some() {
        compare(all, &format!("{at}[]"), &old["items"], &new["items"], way);
    }
    if old["additionalProperties"].is_object() {
        compare(all, &format!("{at}.*"), &old["additionalProperties"], &new["additionalProperties"], way);
    }
    for kind in ALTERNATIVES.into_iter().chain(["allOf"]) {
        alternatives(all, at, (&old[kind], &new[kind]), kind, way);
    }
}

fn texts(value: &Value) -> BTreeSet<String> {
    match value {
        Value::Array(all) => all.iter().map(Value::to_string).collect(),
        Value::Null => BTreeSet::new(),
        one => BTreeSet::from([one.to_string()]),
    }
}

fn types(all: &mut Comparison<'_>, at: &str, old: &Value, new: &Value, way: Direction) {
    let (before, after) = (texts(&old["type"]), texts(&new["type"]));
    // Each type of the writer must be one that the reader takes; every integer is a number.
    let (written, read) = match way {
        Direction::Request => (&before, &after),
        Direction::Response => (&after, &before),
    };
    let takes = |kind: &String| read.contains(kind) || (kind == "\"integer\"" && read.contains("\"number\""));
    let free = read.is_empty();
    let unsaid = written.is_empty() && !free;
    if !free && (unsaid || !written.iter().all(takes)) {
        all.report(at, "type changed");
    }
    if old["format"] != new["format"] && !old["format"].is_null() {
        all.report(at, "format changed");
    }
    let closed = alternation(old).is_some() && alternation(new).is_some();
    if way == Direction::Request && old["pattern"] != new["pattern"] && !new["pattern"].is_null() && !closed {
        all.report(at, "pattern changed");
    }
    if old["default"] != new["default"] {
        all.report(at, "default changed");
    }
}

fn words(all: &mut Comparison<'_>, at: &str, old: &Value, new: &Value, way: Direction) {
    let list = |schema: &Value| alternation(schema).unwrap_or_else(|| texts(&schema["enum"]));
    let (before, after) = (list(old), list(new));
    if before.is_empty() && !after.is_empty() {
        return all.report(at, "list of values closed");
    }
    if !after.is_empty() {
        for value in before.difference(&after) {
            all.report(at, format!("value {value} removed"));
        }
    }
    // A client of a closed list may rely on knowing every value.
    if way == Direction::Response && !before.is_empty() {
        match after.is_empty() {
            true => all.report(at, "list of values opened"),
            false => after.difference(&before).for_each(|value| all.report(at, format!("value {value} added to a closed list"))),
        }
    }
}

/// The words of a pattern that admits a few words alone, such as `^(json|csv)$`.
fn alternation(schema: &Value) -> Option<BTreeSet<String>> {
    let words = schema["pattern"].as_str()?.strip_prefix("^(")?.strip_suffix(")$")?;
    let plain = |word: &str| word.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c));
    words.split('|').all(plain).then(|| words.split('|').map(|word| Value::from(word).to_string()).collect())
}

fn limits(all: &mut Comparison<'_>, at: &str, old: &Value, new: &Value, way: Direction) {
    if way == Direction::Response {
        return;
    }
    let narrower = |name: &str, is_upper: bool| match (old[name].as_f64(), new[name].as_f64()) {
        (Some(before), Some(after)) => {
            if is_upper {
                after < before
            } else {
                after > before
            }
        }
        (None, Some(_)) => is_upper || new[name] != 0,
        _ => false,
    };
    let narrowed: Vec<&str> = UPPER
        .into_iter()
        .filter(|name| narrower(name, true))
        .chain(LOWER.into_iter().filter(|name| narrower(name, false)))
        .collect();
    narrowed.into_iter().for_each(|name| all.report(at, format!("{name} narrowed")));
    if old["uniqueItems"] != true && new["uniqueItems"] == true {
        all.report(at, "uniqueItems narrowed");
    }
}

fn objects<'d>(all: &mut Comparison<'d>, at: &str, old: &'d Value, new: &'d Value, way: Direction) {
    for (name, schema) in members(&old["properties"]) {
        match new["properties"].get(name) {
            Some(later) => compare(all, &format!("{at}.{name}"), schema, later, way),
            None => all.report(at, format!("member {name} removed")),
        }
    }
    let (before, after) = (texts(&old["required"]), texts(&new["required"]));
    let (changed, how) = match way {
        Direction::Request => (after.difference(&before), "required"),
        Direction::Response => (before.difference(&after), "optional"),
    };
    changed.for_each(|name| all.report(at, format!("member {} became {how}", name.trim_matches('"'))));
    if old["additionalProperties"] != false && new["additionalProperties"] == false {
        all.report(at, "closed");
    }
}

fn alternatives<'d>(all: &mut Comparison<'d>, at: &str, lists: (&'d Value, &'d Value), kind: &str, way: Direction) {
    let list = |value: &'d Value| value.as_array().map_or(&[][..], Vec::as_slice);
    let (before, after) = (list(lists.0), list(lists.1));
    for (index, (old, new)) in before.iter().zip(after).enumerate() {
        compare(all, &format!("{at} {kind} {index}"), old, new, way);
    }
    let breaks = match (kind, way) {
        // All of `allOf` hold together: one more asks more of a request, one fewer says less of a response.
        ("allOf", Direction::Request) => before.len() < after.len(),
        ("allOf", Direction::Response) => before.len() > after.len(),
        (_, Direction::Request) => before.len() > after.len() || (before.is_empty() && !after.is_empty()),
        (_, Direction::Response) => before.len() < after.len() || (after.is_empty() && !before.is_empty()),
    };
    if breaks {
        all.report(at, format!("{kind} changed"));
    }
}
