//! Owns the reading of all rows of one dataset, on a thread of its own, into its staging table.
//! Must not know the checks that need all rows.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::SinkExt;
use tokio::sync::mpsc;

use super::errors::{Faults, PublishError};
use super::input::files::{Input, InputPart, Inputs, PartKind};
use super::input::readers;
use super::progress::Progress;
use super::rows::canonical::{CanonicalReader, CellSyntax};
use super::rows::cell;
use super::rows::copy_writer::CopyWriter;
use super::rows::recipe::{Explanation, RecipeContext, RecipeReader, TerritoryNames};
use crate::db::write::staging::Stage;
use crate::problem::{Fault, Reason};
use crate::query::Dataset;

/// The most chunks in the channel from the reader to the database.
const CHUNKS: usize = 4;

/// The result of reading, beside the staged rows.
pub struct LoadResult {
    /// The faults of the rows.
    pub faults: Faults,
    /// The warnings about the rows.
    pub warnings: Faults,
    /// The explanation of the first rows that recipes read.
    pub explanation: String,
}

/// Reads all rows of a dataset into its staging table.
///
/// # Errors
/// Returns an error if the database fails. Faults of the files are part of the result.
pub async fn read(
    inputs: &Arc<Inputs>,
    (dataset, parts): (&'static Dataset, &[InputPart]),
    stage: &Stage<'_, '_>,
    names: &Arc<TerritoryNames>,
    progress: &Progress,
    explain: usize,
) -> Result<LoadResult, PublishError> {
    let (sender, mut receiver) = mpsc::channel::<Bytes>(CHUNKS);
    let (inputs, parts, names) = (Arc::clone(inputs), parts.to_vec(), Arc::clone(names));
    let output = CopyWriter::new(dataset, progress.clone(), sender);
    let reader = tokio::task::spawn_blocking(move || read_all(&inputs, &parts, &names, output, explain));
    let mut sink = std::pin::pin!(stage.copy().await?);
    while let Some(chunk) = receiver.recv().await {
        sink.send(chunk).await?;
    }
    let read = reader.await.map_err(|_| PublishError::Unreadable("the reading of the files was aborted".to_owned()))?;
    sink.finish().await?;
    Ok(read)
}

/// Reads all rows of a dataset to the writer, which it consumes.
pub fn read_all(
    inputs: &Inputs,
    parts: &[InputPart],
    names: &TerritoryNames,
    mut output: CopyWriter,
    explain: usize,
) -> LoadResult {
    let mut explanation = Explanation::new(explain);
    for part in parts {
        let (input, origin) = (&inputs.inputs[part.input], &inputs.origins[part.origin]);
        match (part.kind, &input.recipe) {
            (PartKind::Table(table), Some((recipe, companion))) => {
                let context = RecipeContext { recipe, companion: companion.as_ref(), names };
                let table = &recipe.tables[table];
                let mut reader = RecipeReader::new(context, table, (part.origin, origin), &mut output, Some(&mut explanation));
                match readers::read(&input.path, &input.scan, table.sheet.as_deref(), &mut reader) {
                    Ok(()) => reader.finish(),
                    Err(broken) => output.faults.push(origin.file_fault(Reason::Unreadable, broken.line, broken.detail)),
                }
                explanation.next_table();
            }
            (PartKind::Recipe, Some((recipe, _))) => read_recipe_rows(recipe, part.origin, inputs, &mut output),
            _ => read_canonical(input, part.origin, inputs, &mut output),
        }
    }
    output.flush();
    LoadResult { faults: output.faults, warnings: output.warnings, explanation: explanation.into_text() }
}

/// Reads a canonical file.
fn read_canonical(input: &Input, origin: usize, inputs: &Inputs, output: &mut CopyWriter) {
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
fn read_recipe_rows(recipe: &super::rows::recipe::Recipe, origin: usize, inputs: &Inputs, output: &mut CopyWriter) {
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
