//! Owns the states that a publication goes through, from the queue to its outcome.
//! Must not know what is done in each.

use super::Outcome;

/// A phase of the work on a publication, in the order in which they come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Other publications come first.
    Queued,
    /// The files are read.
    Reading,
    /// The rows are checked against each other.
    Checking,
    /// Another publication holds the lock under which release numbers are given.
    Waiting,
    /// The rows are compared with the published rows.
    Comparing,
    /// Datasets that are derived from the changed ones are computed.
    Deriving,
}

impl Phase {
    const ALL: [Phase; 6] = [Phase::Queued, Phase::Reading, Phase::Checking, Phase::Waiting, Phase::Comparing, Phase::Deriving];

    /// The name in the HTTP API and in the table of submissions, which tell four phases apart.
    pub fn name(self) -> &'static str {
        match self {
            Phase::Queued => "queued",
            Phase::Reading => "reading",
            Phase::Checking | Phase::Waiting => "checking",
            Phase::Comparing | Phase::Deriving => "comparing",
        }
    }

    /// Finds the first phase with a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.name() == name)
    }

    /// What happens in the phase, for a progress bar or a log line.
    pub fn description(self) -> &'static str {
        match self {
            Phase::Queued => "queued",
            Phase::Reading => "reading files",
            Phase::Checking => "checking rows",
            Phase::Waiting => "waiting for another publication",
            Phase::Comparing => "comparing with the published rows",
            Phase::Deriving => "computing derived datasets",
        }
    }
}

/// The state of a publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublicationState {
    /// The publication is in progress.
    InProgress(Phase),
    /// The publication has ended.
    Ended(Outcome),
}

impl PublicationState {
    /// The name in the HTTP API: that of the phase, or `done`, `refused` or `failed`.
    pub fn name(self) -> &'static str {
        match self {
            Self::InProgress(phase) => phase.name(),
            Self::Ended(Outcome::Refused | Outcome::Forbidden) => "refused",
            Self::Ended(Outcome::Failed) => "failed",
            Self::Ended(Outcome::Published | Outcome::Unchanged | Outcome::WouldPublish) => "done",
        }
    }
}
