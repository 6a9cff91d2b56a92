//! Owns the registry: every dataset of the service, in the order of the documentation.
//! A new dataset is a migration, a file here, and a line in the list below.
//! Must not know HTTP or SQL.

mod actors;
mod commitments;
mod containments;
mod contours;
mod conventions;
mod events;
mod funding;
mod indicators;
mod measures;
mod memberships;
mod observations;
mod provenance;
mod releases;
mod sources;
mod territories;
mod territory_states;
mod vocabulary;

use crate::query::Dataset;

/// Every dataset. Those that are not `public` only serve links and geometry.
pub static REGISTRY: &[&Dataset] = &[
    &territories::DATASET,
    &commitments::DATASET,
    &measures::DATASET,
    &conventions::DATASET,
    &funding::DATASET,
    &indicators::DATASET,
    &observations::DATASET,
    &actors::DATASET,
    &events::DATASET,
    &sources::DATASET,
    &releases::DATASET,
    &territory_states::DATASET,
    &memberships::DATASET,
    &containments::DATASET,
    &contours::DATASET,
];

/// The collections that are served under `/v1`.
pub fn collections() -> impl Iterator<Item = &'static Dataset> {
    REGISTRY.iter().copied().filter(|dataset| dataset.public)
}
