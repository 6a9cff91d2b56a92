//! Owns how responses write an instant.
//! Must not know what happened at it.

use chrono::{DateTime, SecondsFormat, Utc};

/// Formats an instant as RFC 3339 in UTC with microseconds.
pub fn instant(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}
