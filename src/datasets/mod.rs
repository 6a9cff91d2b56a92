//! Owns the registry: every dataset of the service, in the order of the documentation.
//! A new dataset is a migration, a file here, and a line in the list below.
//! Must not know HTTP or SQL.

mod actors;
mod breakdowns;
mod commitments;
mod containments;
mod contours;
mod conventions;
mod events;
mod funding;
mod indicators;
mod measures;
mod memberships;
mod objectives;
mod observations;
mod provenance;
mod releases;
mod sources;
mod territories;
mod territory_states;
mod units;
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
    &units::DATASET,
    &breakdowns::DATASET,
    &observations::DATASET,
    &objectives::DATASET,
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

#[cfg(test)]
mod tests {
    use super::REGISTRY;
    use crate::query::FieldOrigin;

    #[test]
    fn what_a_row_has_from_another_row_is_fixed_by_its_reference() {
        for dataset in REGISTRY {
            for field in dataset.fields {
                let FieldOrigin::Named { by, dataset: other } = field.origin else { continue };
                let other = REGISTRY.iter().find(|one| one.name == other).expect("the dataset is registered");
                let theirs = other.field(field.name).expect("the other row has the field");
                assert_eq!(theirs.fixed_by, Some((dataset.name, by)), "{}.{}", dataset.name, field.name);
            }
        }
    }
}
