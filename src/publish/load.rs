//! Owns the reading of all rows of one dataset as `COPY` text. It runs in the reader process.
//! Must not know the checks that need all rows, nor where the rows go.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::{Deserialize, Serialize};

use super::errors::Faults;
use super::input::files::{InputPart, PartKind};
use super::input::readers;
use super::input::scanned::{ScannedFile, ScannedFiles};
use super::rows::canonical::{CanonicalReader, CellSyntax};
use super::rows::cell;
use super::rows::copy_writer::CopyWriter;
use super::rows::recipe::{Explanation, RecipeContext, RecipeReader, TerritoryNames};
use crate::problem::{Fault, Reason};

/// The result of reading, beside the rows.
#[derive(Debug, Serialize, Deserialize)]
pub struct LoadResult {
    /// The faults of the rows.
    pub faults: Faults,
    /// The warnings about the rows.
    pub warnings: Faults,
    /// The explanation of the first rows that recipes read.
    pub explanation: String,
}

/// Reads all rows of a dataset to the writer, which it consumes.
pub fn read_all(
    inputs: &ScannedFiles,
    parts: &[InputPart],
    names: &TerritoryNames,
    mut output: CopyWriter,
    explain: usize,
) -> LoadResult {
    let mut explanation = Explanation::new(explain);
    for part in parts {
        let origin = &inputs.origins[part.origin];
        let read = AssertUnwindSafe(|| read_part(inputs, part, names, &mut output, &mut explanation));
        if catch_unwind(read).is_err() {
            // The panic itself goes to the log.
            let line = output.discard_row();
            let place = if line > 0 { format!(" after line {line}") } else { String::new() };
            let detail = format!("cannot be read{place}: it is damaged, or this program fails on it");
            output.faults.push(origin.file_fault(Reason::Unreadable, None, detail));
        }
    }
    output.flush();
    LoadResult { faults: output.faults, warnings: output.warnings, explanation: explanation.into_text() }
}

/// Reads the rows of one part.
fn read_part(
    inputs: &ScannedFiles,
    part: &InputPart,
    names: &TerritoryNames,
    output: &mut CopyWriter,
    explanation: &mut Explanation,
) {
    let (input, origin) = (&inputs.inputs[part.input], &inputs.origins[part.origin]);
    match (part.kind, &input.recipe) {
        (PartKind::Table(table), Some((recipe, companion))) => {
            let context = RecipeContext { recipe, companion: companion.as_ref(), names };
            let table = &recipe.tables[table];
            let mut reader = RecipeReader::new(context, table, (part.origin, origin), output, Some(explanation));
            match readers::read(&input.path, &input.scan, table.sheet.as_deref(), &mut reader) {
                Ok(()) => reader.finish(),
                Err(broken) => output.faults.push(origin.file_fault(Reason::Unreadable, broken.line, broken.detail)),
            }
            explanation.next_table();
        }
        (PartKind::Recipe, Some((recipe, _))) => read_recipe_rows(recipe, part.origin, inputs, output),
        _ => read_canonical(input, part.origin, inputs, output),
    }
}

/// Reads a canonical file.
fn read_canonical(input: &ScannedFile, origin: usize, inputs: &ScannedFiles, output: &mut CopyWriter) {
    let place = &inputs.origins[origin];
    let reading = CellSyntax::of(&input.scan.written);
    let mut canonical = CanonicalReader::new(output, (origin, place), &input.file.constants, reading);
    let ended = readers::read(&input.path, &input.scan, None, &mut canonical);
    let headed = canonical.has_header();
    match ended {
        Err(broken) => output.faults.push(place.file_fault(Reason::Unreadable, broken.line, broken.detail)),
        Ok(()) if !headed && output.faults.is_empty() => {
            output.faults.push(place.file_fault(Reason::Missing, None, "the file has no header"));
        }
        Ok(()) => {}
    }
}

/// Writes the rows inside a recipe.
fn read_recipe_rows(recipe: &super::rows::recipe::Recipe, origin: usize, inputs: &ScannedFiles, output: &mut CopyWriter) {
    let place = &inputs.origins[origin];
    let dataset = output.dataset;
    for (row, line) in recipe.rows.get(dataset.name).into_iter().flatten().zip(1..) {
        let mut faults: Vec<Fault> = Vec::new();
        for name in row.keys().filter(|name| !dataset.columns().any(|field| field.name == *name)) {
            faults.push(place.file_fault(Reason::UnknownField, None, format!("`{name}` is not a field of {}", dataset.name)));
        }
        for field in dataset.columns() {
            let text = row.get(field.name).map(text).or_else(|| field.file_default.map(str::to_owned));
            match cell::check(dataset, field, text.as_deref()) {
                Ok(value) => output.write(value.as_deref()),
                Err(why) => {
                    output.write(None);
                    let text = text.as_deref().unwrap_or_default();
                    faults.push(place.value_fault(field, text, (line, field.name.to_owned(), text), why));
                }
            }
        }
        output.end_row(origin, line, None);
        faults.into_iter().for_each(|fault| output.faults.push(fault));
    }
}

/// The text of a TOML value, as it stands in a cell of CSV.
fn text(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join("|"),
        other => other.to_string(),
    }
}
