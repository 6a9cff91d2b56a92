//! Owns the checks that need all rows of a publication at once: keys, counts, totals, scopes, bounds, references.
//! Must not know how rows are read or merged.

use std::collections::BTreeMap;

use super::withdrawals::ending;
use crate::db::write::merge::ReplaceScope;
use crate::db::write::release_writer::ReleaseWriter;
use crate::db::write::staging::{RowLocation, Stage};
use crate::problem::{Fault, Reason};
use crate::publish::errors::{EXPLAINED, Faults, PublishError};
use crate::publish::input::files::{Input, InputPart, Inputs, PartKind};
use crate::publish::input::manifest::MergeMode;
use crate::publish::rows::copy_writer::column_name;
use crate::query::model::value;
use crate::query::{Dataset, Field, Kind, Shape};

/// The fields for the first day of a row's validity and for the day after its last.
pub const VALID_FROM: &str = "valid_from";
pub const VALID_UNTIL: &str = "valid_until";

/// The field for the row that continues another.
const SUCCESSOR: &str = "successor_code";

/// Checks the staged rows of a dataset before the merge. Returns the scopes in which the files replace all rows.
///
/// # Errors
/// Returns an error if the database fails. Faults of the rows are added to `faults`.
pub async fn staged(
    inputs: &Inputs,
    (dataset, parts): (&'static Dataset, &[InputPart]),
    stage: &Stage<'_, '_>,
    faults: &mut Faults,
) -> Result<Vec<ReplaceScope>, PublishError> {
    let doubled = stage.duplicates().await?;
    faults.add_unlisted(doubled.more);
    for place in doubled.listed {
        faults.push(fault(
            Reason::DuplicateKey,
            inputs,
            place,
            None,
            format!("the key stands in {} more than once", dataset.name),
        ));
    }
    if [VALID_FROM, VALID_UNTIL].iter().all(|name| dataset.columns().any(|field| field.name == *name)) {
        let backwards = stage.backwards(VALID_FROM, VALID_UNTIL).await?;
        faults.add_unlisted(backwards.more);
        for place in backwards.listed {
            faults.push(fault(Reason::OutOfRange, inputs, place, Some(VALID_UNTIL), format!("is not after `{VALID_FROM}`")));
        }
    }
    let mut files: Vec<usize> = parts.iter().filter(|part| part.kind != PartKind::Recipe).map(|part| part.input).collect();
    files.dedup();
    let mut replaced = Vec::new();
    for at in files {
        let input = &inputs.inputs[at];
        let origins = inputs.origins_of(at);
        totals(dataset, stage, input, &origins, faults).await?;
        let scope = scope(dataset, input, faults);
        for (field, values) in &scope {
            let outside = stage.outside(&origins, field, values).await?;
            faults.add_unlisted(outside.more);
            for place in outside.listed {
                let detail = format!("lies outside what the file stands for, which is {}", values.join(", "));
                faults.push(fault(Reason::NotAsDeclared, inputs, place, Some(field), detail));
            }
        }
        if input.file.mode == MergeMode::Replace && !scope.is_empty() {
            replaced.push(scope);
        }
    }
    Ok(replaced)
}

/// Checks the digest and the number of rows that the manifest gives for a file. A file without rows is a fault too.
pub fn manifest_claims(input: &Input, rows: u64, faults: &mut Faults) {
    let mut wrong = |reason: Reason, detail: String| faults.push(Fault::of_file(reason, &input.file.path, detail));
    if input.file.sha256.as_ref().is_some_and(|said| !said.eq_ignore_ascii_case(&input.sha256)) {
        wrong(Reason::NotAsDeclared, format!("the file's SHA-256 is {}, not the manifest's", input.sha256));
    }
    match input.file.rows {
        Some(said) if said != rows => {
            wrong(Reason::NotAsDeclared, format!("the file gives {rows} rows where the manifest says {said}"));
        }
        _ if rows == 0 => wrong(Reason::Missing, "the file gives no rows".to_owned()),
        _ => {}
    }
}

/// Reads the scope of a file in a dataset. A field or a value that is invalid is added to `faults` and left out.
fn scope(dataset: &'static Dataset, input: &Input, faults: &mut Faults) -> ReplaceScope {
    let mut scope = ReplaceScope::new();
    for (name, values) in &input.file.scope {
        let mut wrong = |reason: Reason, why: String| {
            faults.push(Fault::of_file(reason, &input.file.path, format!("the scope's `{name}` {why}")));
        };
        let Some(field) = dataset.columns().find(|field| field.name == name && !field.is_list()) else {
            wrong(Reason::UnknownField, format!("is not a field of {} with one value", dataset.name));
            continue;
        };
        let read: Result<Vec<String>, String> = values.as_slice().iter().map(|text| value::parse(field, text)).collect();
        match read {
            Ok(values) if values.is_empty() => wrong(Reason::Missing, "names no value".to_owned()),
            Ok(values) => scope.push((field.name, values)),
            Err(why) => wrong(Reason::BadSyntax, why),
        }
    }
    scope
}

/// Checks the sums of columns that the manifest gives for a file.
async fn totals(
    dataset: &'static Dataset,
    stage: &Stage<'_, '_>,
    input: &Input,
    origins: &[i32],
    faults: &mut Faults,
) -> Result<(), PublishError> {
    const AMOUNT: Field = Field::optional("total", Kind::Decimal, "", "");
    let number = |field: &&'static Field| matches!(field.kind, Kind::Integer { .. } | Kind::Decimal);
    for (name, total) in &input.file.totals {
        let detail = match (dataset.field(name).filter(number), value::parse(&AMOUNT, total)) {
            (None, _) if input.tables.is_some() => None,
            (None, _) => Some(format!("the manifest gives a total of `{name}`, which is not a field of numbers")),
            (_, Err(why)) => Some(format!("the manifest's total of `{name}` {why}")),
            (Some(field), Ok(total)) => stage
                .agrees(origins, field.name, &total)
                .await?
                .err()
                .map(|sum| format!("`{name}` sums to {sum}, where the manifest says {total}")),
        };
        detail.into_iter().for_each(|detail| faults.push(Fault::of_file(Reason::NotAsDeclared, &input.file.path, detail)));
    }
    Ok(())
}

/// Checks the merged rows of a dataset against other datasets and earlier releases: the values that are fixed, the codes that
/// they refer to, and the bounds, decimals and units of their indicators.
///
/// # Errors
/// Returns an error if the database fails. Faults and warnings are added to the lists.
pub async fn merged(
    publication: &ReleaseWriter<'_>,
    registry: &'static [&'static Dataset],
    inputs: &Inputs,
    (dataset, parts): (&'static Dataset, &[InputPart]),
    (stage, number): (&Stage<'_, '_>, i32),
    (faults, warnings): (&mut Faults, &mut Faults),
) -> Result<(), PublishError> {
    fixed(inputs, dataset, (stage, number), faults).await?;
    for field in dataset.columns() {
        let Some(target) = field.reference().and_then(|name| registry.iter().copied().find(|d| d.name == name)) else {
            continue;
        };
        let dangling = stage.dangling(field.name, field.is_list(), target).await?;
        faults.add_unlisted(dangling.more);
        let mut searched: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for place in dangling.listed {
            if searched.len() < EXPLAINED && !searched.contains_key(&place.value) {
                searched.insert(place.value.clone(), publication.closest(target, &place.value).await?);
            }
            let near = searched.get(&place.value).cloned().unwrap_or_default();
            let malformed = target.code_field().and_then(|code| value::check(code, &place.value).err());
            let grammar = malformed.map_or(String::new(), |why| format!("; it {why}"));
            let detail = format!("no row of {} has this code{}{grammar}", target.name, ending(&near));
            faults.push(fault(Reason::UnknownCode, inputs, place, Some(field.name), detail).closest(near));
        }
    }
    if dataset.shape != Shape::Observations {
        return Ok(());
    }
    let found = [
        (stage.out_of_bounds().await?, Reason::OutOfRange, &mut *faults),
        (stage.too_precise().await?, Reason::TooPrecise, warnings),
    ];
    for (found, reason, listed_in) in found {
        listed_in.add_unlisted(found.more);
        found.listed.into_iter().for_each(|(place, why)| listed_in.push(fault(reason, inputs, place, Some("value"), why)));
    }
    for part in parts {
        let PartKind::Table(at) = part.kind else { continue };
        let Some(table) = inputs.inputs[part.input].tables.as_ref().and_then(|tables| tables.get(at)) else { continue };
        let Some(unit) = &table.code else { continue };
        let others = stage.other_units(part.origin, (unit, table.multiplier)).await?;
        faults.add_unlisted(others.more);
        let read = match table.multiplier {
            0 => unit.clone(),
            multiplier => format!("{unit} × 10^{multiplier}"),
        };
        for (place, why) in others.listed {
            faults.push(fault(
                Reason::UnitMismatch,
                inputs,
                place,
                Some("value"),
                format!("the recipe reads figures in {read}, and {why}"),
            ));
        }
    }
    Ok(())
}

/// Checks that no row changes a value that rows of earlier releases fix.
async fn fixed(
    inputs: &Inputs,
    dataset: &'static Dataset,
    (stage, number): (&Stage<'_, '_>, i32),
    faults: &mut Faults,
) -> Result<(), PublishError> {
    let names: Vec<String> = dataset.columns().filter(|f| f.fixed_by.is_some()).map(|f| format!("`{}`", f.name)).collect();
    for field in dataset.columns() {
        let Some((referring, _)) = field.fixed_by else { continue };
        let changed = stage.changed_fixed_values(field, number).await?;
        faults.add_unlisted(changed.more);
        for one in changed.listed {
            let said = |text: &str| if text.is_empty() { "empty".to_owned() } else { format!("`{text}`") };
            let (before, after) = (said(&one.before), said(&one.place.value));
            let (singular, code, since, all) = (dataset.singular, &one.code, one.since, names.join(", "));
            let detail = format!(
                "is {before} since release {since} published {referring} of {code}, and cannot become {after}: {all} of an {singular} \
                 with {referring} never change; publish a new {singular}, and name it in `{SUCCESSOR}` of {code}"
            );
            faults.push(fault(Reason::NeverChanges, inputs, one.place, Some(field.name), detail));
        }
    }
    Ok(())
}

/// The fault or warning at the location of a staged row.
pub fn fault(reason: Reason, inputs: &Inputs, place: RowLocation, field: Option<&str>, detail: String) -> Fault {
    let origin = inputs.origins.get(place.origin).cloned().unwrap_or_default();
    Fault {
        line: Some(place.line),
        column: field.map(|field| column_name(field, place.cell.filter(|_| field == "value"))),
        value: Some(place.value),
        ..origin.file_fault(reason, None, detail)
    }
}
