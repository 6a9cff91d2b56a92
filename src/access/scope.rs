//! Owns scopes, which say what a key can publish: `publish:*` everything, `publish:{dataset}` all rows of a dataset,
//! `publish:source:{code}` the rows of one source in every dataset whose rows have a source.
//! Must not know where keys are kept.

use crate::query::suggest::closest;
use crate::query::{Dataset, RowOrigin};

/// The scope of everything.
const ALL: &str = "publish:*";

/// The prefix of the scope of a dataset.
const DATASET: &str = "publish:";

/// The prefix of the scope of a source.
const SOURCE: &str = "publish:source:";

/// The field with the source of a row.
const SOURCE_FIELD: &str = "source_code";

/// Checks that a scope is valid.
///
/// # Errors
/// Returns a sentence with the valid scopes and the closest one.
pub fn check_scope(scope: &str, registry: &'static [&'static Dataset]) -> Result<(), String> {
    let code = |code: &str| !code.is_empty() && code.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    if scope == ALL || scope.strip_prefix(SOURCE).is_some_and(code) {
        return Ok(());
    }
    let names: Vec<&str> =
        registry.iter().filter(|dataset| matches!(dataset.rows, RowOrigin::Published)).map(|dataset| dataset.name).collect();
    let name = scope.strip_prefix(DATASET).unwrap_or(scope);
    if scope.starts_with(DATASET) && names.contains(&name) {
        return Ok(());
    }
    let near = closest(name, names.iter().copied());
    let meant = near.first().map_or(String::new(), |word| format!(" (did you mean `{DATASET}{word}`?)"));
    Err(format!("`{scope}` is not a scope{meant}: {ALL}, {SOURCE}{{code}}, or {DATASET} followed by one of {}", names.join(", ")))
}

/// The scopes of a key, taken together.
#[derive(Clone, Debug)]
pub struct Rights(Vec<String>);

impl Rights {
    /// The rights that scopes give.
    pub fn new(scopes: Vec<String>) -> Self {
        Self(scopes)
    }

    /// The rights of the command line: everything.
    pub fn all() -> Self {
        Self(vec![ALL.to_owned()])
    }

    /// Whether all rows of a dataset can be published.
    pub fn admit(&self, dataset: &str) -> bool {
        self.0.iter().any(|scope| scope == ALL || scope.strip_prefix(DATASET) == Some(dataset))
    }

    /// Whether some rows of a dataset can be published: all, or those of [`Rights::sources`].
    pub fn admit_some(&self, dataset: &Dataset) -> bool {
        self.admit(dataset.name) || (dataset.field(SOURCE_FIELD).is_some() && !self.sources().is_empty())
    }

    /// The sources whose rows can be published, in every dataset.
    pub fn sources(&self) -> Vec<&str> {
        self.0.iter().filter_map(|scope| scope.strip_prefix(SOURCE)).collect()
    }

    /// The scope that is needed to publish rows of a dataset.
    pub fn missing(dataset: &str) -> String {
        format!("{DATASET}{dataset}")
    }

    /// The scope that is needed to publish rows of a source.
    pub fn missing_source(code: &str) -> String {
        format!("{SOURCE}{code}")
    }
}
