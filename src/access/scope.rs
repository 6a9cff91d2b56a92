//! Owns scopes: what a key admits. `publish:*` admits everything, `publish:{dataset}` all rows of a dataset,
//! `publish:source:{code}` the rows of one source in any dataset whose rows name theirs.
//! Must not know where keys are kept.

use crate::query::suggest::closest;
use crate::query::{Dataset, RowOrigin};

/// The scope that admits everything.
const ALL: &str = "publish:*";

/// What the scope of a dataset starts with.
const DATASET: &str = "publish:";

/// What the scope of a source starts with.
const SOURCE: &str = "publish:source:";

/// The field that names the source of a row.
const SOURCE_FIELD: &str = "source_code";

/// Checks that a scope says something.
///
/// # Errors
/// What is wrong, and what comes closest.
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

/// What the scopes of a key admit, together.
#[derive(Clone, Debug)]
pub struct Rights(Vec<String>);

impl Rights {
    /// The rights that scopes give.
    pub fn new(scopes: Vec<String>) -> Self {
        Self(scopes)
    }

    /// The rights of whoever runs the program's commands.
    pub fn all() -> Self {
        Self(vec![ALL.to_owned()])
    }

    /// Whether any rows of a dataset may be published.
    pub fn admit(&self, dataset: &str) -> bool {
        self.0.iter().any(|scope| scope == ALL || scope.strip_prefix(DATASET) == Some(dataset))
    }

    /// Whether some rows of a dataset may be published: all, or those of the sources of [`Rights::sources`].
    pub fn admit_some(&self, dataset: &Dataset) -> bool {
        self.admit(dataset.name) || (dataset.field(SOURCE_FIELD).is_some() && !self.sources().is_empty())
    }

    /// The sources whose rows may be published, whatever their dataset.
    pub fn sources(&self) -> Vec<&str> {
        self.0.iter().filter_map(|scope| scope.strip_prefix(SOURCE)).collect()
    }

    /// The scope that is missed to publish rows of a dataset.
    pub fn missing(dataset: &str) -> String {
        format!("{DATASET}{dataset}")
    }

    /// The scope that is missed to publish rows of a source.
    pub fn missing_source(code: &str) -> String {
        format!("{SOURCE}{code}")
    }
}
