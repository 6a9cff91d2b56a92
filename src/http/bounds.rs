//! Owns how much of the service one process gives, and to whom: what the operator sets, in one place.
//! Must not know how the bounds are kept.

use super::patience::Patience;

/// What the operator sets.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// The most connections at once.
    pub connections: usize,
    /// How long clients may take.
    pub patience: Patience,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { connections: 10_000, patience: Patience::default() }
    }
}
