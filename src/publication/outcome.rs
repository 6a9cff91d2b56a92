//! Owns the outcomes of a publication.
//! Must not know what leads to them.

use serde::{Deserialize, Serialize};

/// The outcome of a publication. The names are part of the HTTP API, of the audit table and of the metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The publication made a release.
    Published,
    /// The published data has all of the rows already; no release was made.
    Unchanged,
    /// A dry run found no error; without it, a release would have been made.
    WouldPublish,
    /// The files have errors.
    Refused,
    /// The API key does not permit what the files change.
    Forbidden,
    /// The service failed.
    Failed,
}

impl Outcome {
    /// All outcomes.
    pub const ALL: [Outcome; 6] =
        [Outcome::Published, Outcome::Unchanged, Outcome::WouldPublish, Outcome::Refused, Outcome::Forbidden, Outcome::Failed];

    /// The name, as in the JSON of a report.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Published => "published",
            Outcome::Unchanged => "unchanged",
            Outcome::WouldPublish => "would_publish",
            Outcome::Refused => "refused",
            Outcome::Forbidden => "forbidden",
            Outcome::Failed => "failed",
        }
    }

    /// Finds the outcome with a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::Outcome;

    #[test]
    fn the_name_is_the_json_string_and_leads_back_to_the_outcome() {
        for outcome in Outcome::ALL {
            assert_eq!(serde_json::to_value(outcome).ok(), Some(outcome.name().into()));
            assert_eq!(Outcome::from_name(outcome.name()), Some(outcome));
        }
        assert_eq!(Outcome::from_name("created"), None);
    }
}
