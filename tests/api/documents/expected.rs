//! Owns the comparison of the output of a command with the output that its document shows.
//! Must not know how the command was run.

use std::process::Output;

use serde_json::Value;

use super::markdown::Step;

/// The line that marks lines that a document omits.
const LEFT_OUT: &str = "…";

/// Compares the output of a step with its document. A line in braces is an object: the response must have all its members, at
/// any depth. `[exit code 3]` gives the expected exit code, which is 0 without it. The command must print any other line
/// exactly, or a line that begins with the text before a final `…`.
pub fn check(place: &str, step: &Step, output: &Output) {
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let shown = format!("{printed}{}", String::from_utf8_lossy(&output.stderr));
    let (codes, lines): (Vec<_>, Vec<_>) = step.printed.iter().partition(|line| line.starts_with("[exit code "));
    let code: i32 = codes.first().map_or(0, |line| {
        line.trim_start_matches("[exit code ").trim_end_matches(']').parse().expect("an exit code is a number")
    });
    assert_eq!(output.status.code(), Some(code), "{place}: `{}` ends otherwise:\n{shown}", step.command);
    let answers: Vec<Value> = serde_json::from_str(&printed)
        .map(|whole| vec![whole])
        .unwrap_or_else(|_| printed.lines().filter_map(|line| serde_json::from_str(line).ok()).collect());
    for line in lines.into_iter().filter(|line| !line.is_empty() && *line != LEFT_OUT) {
        let holds = if line.starts_with('{') {
            let expected: Value =
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{place}: `{line}` is no JSON: {error}"));
            answers.iter().any(|answer| contains(answer, &expected))
        } else {
            let (line, cut) = line.strip_suffix(LEFT_OUT).map_or((line.as_str(), false), |start| (start, true));
            shown.lines().any(|printed| printed.trim() == line.trim() || cut && printed.trim().starts_with(line.trim()))
        };
        assert!(holds, "{place}: `{}` does not give\n{line}\nbut\n{shown}", step.command);
    }
}

/// Whether a value or a value inside it has all the members of an expected object.
fn contains(value: &Value, expected: &Value) -> bool {
    let itself = match (value, expected) {
        (Value::Object(all), Value::Object(some)) => some.iter().all(|(name, value)| all.get(name) == Some(value)),
        _ => value == expected,
    };
    itself
        || match value {
            Value::Object(all) => all.values().any(|value| contains(value, expected)),
            Value::Array(all) => all.iter().any(|value| contains(value, expected)),
            _ => false,
        }
}
