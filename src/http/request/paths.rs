//! Owns the paths that several files of `http` need; every other path stands beside its handler.
//! Must not know what answers at them.

/// The prefix of every resource with data.
pub const DATA_PREFIX: &str = "/v1/";

/// The prefix of the probes of an orchestrator.
pub const HEALTH_PREFIX: &str = "/health/";

/// The probes, which have no rate limit.
pub const HEALTH: [&str; 2] = ["/health/live", "/health/ready"];

/// The list of the files of a release, and the prefix of their paths.
pub const FILES: &str = "/v1/files";

/// The collection of releases.
pub const RELEASES: &str = "/v1/releases";

/// The publications: POST makes one, and each has an address of its own.
pub const PUBLICATIONS: &str = "/v1/publications";

/// The dataset of releases.
pub const RELEASES_DATASET: &str = "releases";

/// The Atom feed of releases.
pub const RELEASES_FEED: &str = "/v1/releases.atom";
