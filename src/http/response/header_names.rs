//! Owns the names of the response headers that HTTP itself does not define.
//! Must not know their values.

use actix_web::http::header::HeaderName;

/// The number of the release that was read.
pub const RELEASE_NUMBER: HeaderName = HeaderName::from_static("release-number");

/// The number of all rows that a request selects, if it was counted: `18`, or `>=10000` for a lower bound.
pub const TOTAL_COUNT: HeaderName = HeaderName::from_static("total-count");
