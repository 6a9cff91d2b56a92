//! Owns the description of the parameters that choose the release, for handlers that describe themselves.
//! Must not know what is read.

use utoipa::IntoParams;

/// The parameters that choose the release that is read.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only the document reads the fields")]
pub struct ReleaseParameters {
    /// The release to read; by default the newest.
    #[param(example = 2, minimum = 1)]
    pub release: Option<i32>,
    /// Instead of `release`: the newest release at the end of a day (UTC) or at an instant (RFC 3339).
    #[param(
        pattern = "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])(T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2}))?$",
        max_length = 35
    )]
    pub as_of: Option<String>,
}
