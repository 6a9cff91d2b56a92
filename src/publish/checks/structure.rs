//! Owns the checks of merged rows against the structure that their fields describe: boxes around geometries, territories that
//! cannot contain each other, references that lead back to their row, and bounds of indicators that exclude figures.
//! Must not know how rows are merged, nor any one dataset.

use super::cycles::cycle;
use super::rows::{VALID_FROM, VALID_UNTIL, fault};
use crate::db::write::release_writer::ReleaseWriter;
use crate::db::write::staging::Stage;
use crate::db::write::structure_checks::{references, ties};
use crate::problem::{Fault, Reason};
use crate::publication::Effect;
use crate::publish::errors::{Faults, PublishError};
use crate::publish::input::files::Inputs;
use crate::publish::input::manifest::NAME;
use crate::query::{Dataset, Field, Format, RowOrigin};

/// The field with the kind of a territory.
const KIND: &str = "kind";

/// The most codes of a cycle that are listed.
const LISTED: usize = 10;

/// Checks the merged rows of a dataset, and the rows that refer to them.
///
/// # Errors
/// Returns an error if the database fails. Faults are added to `faults`.
pub async fn merged(
    publication: &ReleaseWriter<'_>,
    registry: &'static [&'static Dataset],
    inputs: &Inputs,
    (stage, number): (&Stage<'_, '_>, i32),
    faults: &mut Faults,
) -> Result<(), PublishError> {
    let dataset = stage.dataset;
    for field in dataset.columns() {
        if let Some(Format::BoxSide(side, geometry)) = field.format {
            let wrong = stage.wrong_box(field, (side, geometry)).await?;
            faults.add_unlisted(wrong.more);
            for (place, right) in wrong.listed {
                let detail = format!("is not the side of the box around `{geometry}`, which is {right}");
                faults.push(fault(Reason::NotAsDeclared, inputs, place, Some(field.name), detail));
            }
        }
        if field.acyclic {
            let mut pairs = references(publication.transaction(), dataset, field).await?;
            let detail = format!("`{}` of {} lead back to the same row: ", field.name, dataset.name);
            push_cycle(cycle(&mut pairs), &detail, faults);
        }
    }
    if dataset.key.contains(&VALID_FROM) && dataset.columns().any(|field| field.name == VALID_UNTIL) {
        let overlapping = stage.overlapping(VALID_FROM, VALID_UNTIL).await?;
        faults.add_unlisted(overlapping.more);
        for place in overlapping.listed {
            let detail = format!("overlaps another of {} with the same key: one ends before the next begins", dataset.name);
            faults.push(fault(Reason::BrokenRule, inputs, place, Some(VALID_FROM), detail));
        }
    }
    containments(registry, inputs, stage, faults).await?;
    for figures in registry.iter().copied().filter(|other| other.named().is_some_and(|(_, of)| of == dataset.name)) {
        let excluding = stage.excluding_bounds(figures, number).await?;
        faults.add_unlisted(excluding.more);
        for (place, why) in excluding.listed {
            let detail = format!("the range of `minimum` and `maximum` {why}");
            faults.push(fault(Reason::OutOfRange, inputs, place, Some("minimum"), detail));
        }
    }
    Ok(())
}

/// Checks that territories lie only in territories of a kind that can contain them, for the fields of the stage's dataset and
/// for those that refer to it.
async fn containments(
    registry: &'static [&'static Dataset],
    inputs: &Inputs,
    stage: &Stage<'_, '_>,
    faults: &mut Faults,
) -> Result<(), PublishError> {
    for (referring, field, territories) in contained(registry) {
        let touches = [referring.name, territories.name].contains(&stage.dataset.name);
        let Some(rule) = field.containment.filter(|_| touches) else { continue };
        let impossible = stage.impossible_containments((referring, field), rule, territories).await?;
        faults.add_unlisted(impossible.more);
        for one in impossible.listed {
            let (name, (part, part_kind), container_kind) = (field.name, &one.part, &one.container_kind);
            let allowed = match rule.parts {
                [] => rule.containers.join(", "),
                parts => format!("{} for {}", rule.containers.join(", "), parts.join(", ")),
            };
            let detail = format!(
                "is of the kind {container_kind}, and cannot be the `{name}` of {part}, which is of the kind {part_kind}; allowed: {allowed}"
            );
            faults.push(fault(Reason::BrokenRule, inputs, one.place, Some(name), detail));
        }
    }
    Ok(())
}

/// The fields whose territories have a rule of kinds, with the dataset of their rows and that of the territories.
fn contained(
    registry: &'static [&'static Dataset],
) -> impl Iterator<Item = (&'static Dataset, &'static Field, &'static Dataset)> {
    registry.iter().copied().flat_map(move |dataset| {
        let rules = dataset.columns().filter(|field| field.containment.is_some());
        rules.filter_map(move |field| {
            let target = field.reference().and_then(|name| registry.iter().copied().find(|other| other.name == name))?;
            target.field(KIND).map(|_| (dataset, field, target))
        })
    })
}

/// Whether rows that are derived from these datasets must be computed again.
pub fn is_stale(from: &[&str], effects: &[Effect]) -> bool {
    effects.iter().any(|effect| from.contains(&effect.dataset.as_str()) && !effect.is_empty())
}

/// Checks that no territory contains itself, for the derived datasets whose origins changed.
///
/// # Errors
/// Returns an error if the database fails. Faults are added to `faults`.
pub async fn derivable(
    publication: &ReleaseWriter<'_>,
    registry: &'static [&'static Dataset],
    effects: &[Effect],
    faults: &mut Faults,
) -> Result<(), PublishError> {
    for dataset in registry {
        let RowOrigin::Derived { from, by } = dataset.rows else { continue };
        if is_stale(from, effects) {
            let mut pairs = ties(publication.transaction(), by).await?;
            push_cycle(cycle(&mut pairs), &format!("{} contain themselves: ", from.join(" and ")), faults);
        }
    }
    Ok(())
}

fn push_cycle(found: Option<Vec<&str>>, detail: &str, faults: &mut Faults) {
    let Some(codes) = found else { return };
    let more = if codes.len() > LISTED { " → …" } else { "" };
    let listed: Vec<&str> = codes.iter().copied().take(LISTED).collect();
    let detail = format!("{detail}{}{more} → {}", listed.join(" → "), codes[0]);
    faults.push(Fault::of_file(Reason::BrokenRule, NAME, detail));
}
