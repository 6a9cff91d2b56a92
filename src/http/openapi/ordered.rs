//! Owns the text of the document: `application/json` is the first of the representations, since generated clients ask for
//! the first, and what fits in a line stands in one. Must not know what the document says.

use serde_json::{Map, Value};

/// The member that stands before all others.
const FIRST: &str = "application/json";

/// The longest line that is not broken, in bytes.
const LINE: usize = 128;

/// Writes a value as JSON, with a line end.
pub fn text(value: &Value) -> String {
    let mut text = String::new();
    write(&mut text, value, 0, 0);
    text.push('\n');
    text
}

/// The members of an object, in the order of the text.
fn ordered(members: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    let first = |(name, _): &(&String, &Value)| *name == FIRST;
    members.iter().filter(first).chain(members.iter().filter(move |member| !first(member)))
}

/// Appends a value. `used` bytes of its line are taken, by `indent` spaces and by what stands before it.
fn write(out: &mut String, value: &Value, indent: usize, used: usize) {
    let short = line(value, LINE.saturating_sub(used));
    match (value, short) {
        (_, Some(short)) => out.push_str(&short),
        (Value::Array(all), None) if all.iter().all(|one| !one.is_array() && !one.is_object()) => paragraph(out, indent, all),
        (Value::Array(all), None) => block(out, indent, ('[', ']'), all.iter().map(|one| (String::new(), one))),
        (Value::Object(members), None) => {
            let named = ordered(members).map(|(name, one)| (format!("{}: ", Value::from(name.as_str())), one));
            block(out, indent, ('{', '}'), named);
        }
        (other, None) => out.push_str(&other.to_string()),
    }
}

fn block<'v>(out: &mut String, indent: usize, marks: (char, char), all: impl Iterator<Item = (String, &'v Value)>) {
    out.push(marks.0);
    for (at, (name, one)) in all.enumerate() {
        out.push_str(if at == 0 { "\n" } else { ",\n" });
        out.extend(std::iter::repeat_n(' ', indent + 1));
        out.push_str(&name);
        write(out, one, indent + 1, indent + 1 + name.len());
    }
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', indent));
    out.push(marks.1);
}

/// Appends a list of plain values, as many in a line as fit.
fn paragraph(out: &mut String, indent: usize, all: &[Value]) {
    out.push('[');
    let mut used = LINE;
    for (at, one) in all.iter().enumerate() {
        let text = one.to_string();
        out.push_str(if at == 0 { "" } else { "," });
        if used + text.len() + 2 > LINE {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', indent + 1));
            used = indent + 1;
        } else {
            out.push(' ');
            used += 1;
        }
        out.push_str(&text);
        used += text.len() + 1;
    }
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', indent));
    out.push(']');
}

/// A value in one line, if it has no more than `most` bytes there.
fn line(value: &Value, most: usize) -> Option<String> {
    let mut text = String::new();
    match value {
        Value::Array(all) => {
            text.push('[');
            for (at, one) in all.iter().enumerate() {
                text.push_str(if at == 0 { "" } else { ", " });
                text.push_str(&line(one, most.checked_sub(text.len())?)?);
            }
            text.push(']');
        }
        Value::Object(members) => {
            text.push('{');
            for (at, (name, one)) in ordered(members).enumerate() {
                text.push_str(if at == 0 { "" } else { ", " });
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push_str(": ");
                text.push_str(&line(one, most.checked_sub(text.len())?)?);
            }
            text.push('}');
        }
        other => text = other.to_string(),
    }
    (text.len() <= most).then_some(text)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{LINE, text};

    #[test]
    fn json_is_the_first_representation_and_what_fits_stands_in_a_line() {
        let long = "x".repeat(LINE);
        let content =
            json!({"content": {"application/geo+json": [1, 2], "application/json": {"b": null, "a": "é\n"}}, "long": long});
        let expected = format!(
            "{{\n \"content\": {{\"application/json\": {{\"a\": \"é\\n\", \"b\": null}}, \"application/geo+json\": [1, 2]}},\n \"long\": \"{long}\"\n}}\n"
        );
        assert_eq!(text(&content), expected);
        let words: Vec<String> = (0..200).map(|n| format!("word-{n}")).collect();
        assert!(text(&json!(words)).lines().all(|line| line.len() <= LINE));
        for value in [json!([]), json!({}), json!(words), json!([[long, {"a": [long]}], {}]), json!("a"), content] {
            assert_eq!(serde_json::from_str::<Value>(&text(&value)).expect("it is JSON"), value);
        }
    }
}
