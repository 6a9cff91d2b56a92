//! Owns the names of the response headers that HTTP itself does not define.
//! Must not know their values.

use actix_web::http::header::HeaderName;

/// The number of the release that was read.
pub const RELEASE: HeaderName = HeaderName::from_static("x-release");

/// The number of all rows that a request selects.
pub const TOTAL_ROWS: HeaderName = HeaderName::from_static("x-total-rows");
