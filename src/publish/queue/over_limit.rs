//! Owns the count of requests over the rate limit of a key, which share lines of the audit: a key that does not stop must not fill
//! the disk.
//! Must not know the audit or the rate limit.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The least time between two lines about one key.
const INTERVAL: Duration = Duration::from_secs(60);

/// For each key the instant of its last line, and the requests since. There are only as many as there are keys.
#[derive(Default)]
pub struct OverLimit(Mutex<HashMap<String, (Instant, u64)>>);

impl OverLimit {
    /// Counts a request. Returns the number of requests since the last line, this one included, if it is time for a line.
    pub fn count(&self, key: &str, now: Instant) -> Option<u64> {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((last, since)) = keys.get_mut(key) else {
            keys.insert(key.to_owned(), (now, 0));
            return Some(1);
        };
        *since += 1;
        (now.duration_since(*last) >= INTERVAL).then(|| {
            *last = now;
            std::mem::take(since)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::OverLimit;

    #[test]
    fn a_line_is_due_once_a_minute_and_counts_every_request() {
        let (over_limit, start) = (OverLimit::default(), Instant::now());
        let at = |key: &str, seconds: u64| over_limit.count(key, start + Duration::from_secs(seconds));
        assert_eq!([at("a", 0), at("a", 1), at("a", 59), at("b", 59)], [Some(1), None, None, Some(1)]);
        assert_eq!([at("a", 60), at("a", 61), at("a", 200)], [Some(3), None, Some(2)]);
    }
}
