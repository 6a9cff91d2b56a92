//! Owns the text of the document: `application/json` is the first of the representations, since generated clients ask for
//! the first. Must not know what the document says.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::Value;

/// The member that stands before all others.
const FIRST: &str = "application/json";

/// Writes a value as indented JSON with a line end.
pub fn text(value: &Value) -> String {
    let mut text = serde_json::to_string_pretty(&Ordered(value)).expect("a value serialises");
    text.push('\n');
    text
}

struct Ordered<'v>(&'v Value);

impl Serialize for Ordered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Array(all) => {
                let mut list = serializer.serialize_seq(Some(all.len()))?;
                for one in all {
                    list.serialize_element(&Ordered(one))?;
                }
                list.end()
            }
            Value::Object(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                let (first, rest): (Vec<_>, Vec<_>) = members.iter().partition(|(name, _)| *name == FIRST);
                for (name, value) in first.into_iter().chain(rest) {
                    map.serialize_entry(name, &Ordered(value))?;
                }
                map.end()
            }
            other => other.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::text;

    #[test]
    fn json_is_the_first_representation() {
        let content = json!({"content": {"application/geo+json": [1], "application/json": {"b": null, "a": "é"}}});
        let expected = "{\n  \"content\": {\n    \"application/json\": {\n      \"a\": \"é\",\n      \"b\": null\n    },\n    \"application/geo+json\": [\n      1\n    ]\n  }\n}\n";
        assert_eq!(text(&content), expected);
    }
}
