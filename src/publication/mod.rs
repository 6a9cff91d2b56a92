//! Owns the vocabulary of a publication that the command line, the HTTP API, the audit and the metrics share: its phases,
//! its outcome and its report.
//! Must not know how a publication is made, stored or served.

mod outcome;
mod report;
mod state;

pub use crate::publication::outcome::Outcome;
pub use crate::publication::report::{ChangedRow, Effect, ReadFile, Report};
pub use crate::publication::state::{Phase, PublicationState};
