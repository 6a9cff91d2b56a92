//! The press kit as it is served: what it says, where it says it, what belongs together, and how its texts are written.

mod facts;
mod quotations;
mod relations;
mod typography;

use serde_json::Value;

use crate::harness::{bundled, get};

/// The source of the press kit.
const KIT: &str = "dossier-pauvrete-hdf-2019";

fn rows(target: &str) -> Vec<Value> {
    get(bundled(), target).data().as_array().unwrap_or_else(|| panic!("{target}")).clone()
}

/// The codes of a list, in order.
fn codes(target: &str) -> Vec<String> {
    rows(&format!("{target}&limit=1000")).iter().map(|row| row["code"].as_str().expect("a code").to_owned()).collect()
}

fn row(target: &str) -> Value {
    get(bundled(), target).data()
}

/// A text with plain apostrophes and spaces.
fn plain(text: &str) -> String {
    text.replace('’', "'").split_whitespace().collect::<Vec<_>>().join(" ")
}
