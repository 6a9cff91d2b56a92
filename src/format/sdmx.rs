//! Owns SDMX-CSV 2.0 (SDMX 3.0): the data message of the dataflow of observations.
//! Must not know how a client asks for labels.

use std::io::{self, Write};
use std::mem;

use super::csv::Line;
use super::{About, RowWriter, list};
use crate::query::RowView;
use crate::query::model::cube::{COMPONENTS, Component, DATAFLOW, Role, STATUSES};
use crate::query::model::period;

/// The statuses of a value that is missing on purpose. SDMX writes `NaN` for it, and an empty cell for others.
const INTENTIONALLY_MISSING: &[u8] = b"HKLMOQ";

/// Stands between a code and its name.
const LABEL_SEPARATOR: &str = ": ";

/// How the cells of a component are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CellForm {
    Unchanged,
    Time,
    Measure,
    List,
}

impl CellForm {
    fn of(component: &Component) -> Self {
        match component.role {
            Role::Measure => Self::Measure,
            _ if component.is_time() => Self::Time,
            _ if component.id.ends_with("[]") => Self::List,
            _ => Self::Unchanged,
        }
    }
}

/// A component that the rows have, with the positions of its columns.
struct PlacedComponent {
    component: &'static Component,
    form: CellForm,
    at: usize,
    label: Option<usize>,
}

/// Writes observations as SDMX-CSV.
pub struct SdmxWriter {
    placed: Vec<PlacedComponent>,
    statuses: Option<usize>,
    labels: bool,
    title: &'static str,
    line: Line,
    scratch: Vec<u8>,
    converted: Vec<u8>,
}

impl SdmxWriter {
    /// A writer of rows with these columns. The message leaves out attributes without a column.
    ///
    /// # Errors
    /// Returns an error of the kind `InvalidInput` if a dimension or the measure has no column.
    pub fn new(about: &About, labels: bool) -> io::Result<Self> {
        let mut placed = Vec::with_capacity(COMPONENTS.len());
        for component in &COMPONENTS {
            let at = match about.position(component.field) {
                Some(at) => at,
                None if component.role == Role::Attribute => continue,
                None => about.required(component.field)?,
            };
            let label = component.label_column().and_then(|name| about.position(&name));
            placed.push(PlacedComponent { component, form: CellForm::of(component), at, label });
        }
        let (statuses, title) = (about.position(STATUSES), about.dataset.title);
        Ok(Self { placed, statuses, labels, title, line: Line::new(b','), scratch: Vec::new(), converted: Vec::new() })
    }

    /// Adds a code; with labels, the code and the name, as `labels=both` of the standard.
    fn named(&mut self, code: &[u8], name: Option<&str>) {
        let Some(name) = name.filter(|_| self.labels) else { return self.line.cell(code) };
        self.scratch.clear();
        for part in [code, LABEL_SEPARATOR.as_bytes(), name.as_bytes()] {
            self.scratch.extend_from_slice(part);
        }
        self.line.cell(&self.scratch);
    }
}

impl RowWriter for SdmxWriter {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.line.cell(b"STRUCTURE[;]");
        self.line.cell(b"STRUCTURE_ID");
        self.line.cell(b"ACTION");
        for at in 0..self.placed.len() {
            let component = self.placed[at].component;
            self.named(component.id.as_bytes(), Some(component.title));
        }
        self.line.end(out)
    }

    fn row(&mut self, out: &mut dyn Write, row: RowView<'_>) -> io::Result<()> {
        self.line.cell(b"dataflow");
        self.named(DATAFLOW.as_bytes(), Some(self.title));
        // `R` (replace): each row is a whole observation, not a change to one.
        self.line.cell(b"R");
        // Taken out of `self`, since `named` borrows `self` and a cell of this buffer at the same time.
        let mut converted = mem::take(&mut self.converted);
        for index in 0..self.placed.len() {
            let PlacedComponent { form, at, label, .. } = self.placed[index];
            let text = row.cell(at).unwrap_or_default();
            converted.clear();
            let cell = match form {
                CellForm::Measure if text.is_empty() && is_missing(self.statuses.and_then(|at| row.cell(at))) => {
                    b"NaN".as_slice()
                }
                CellForm::Time if write_interval(&mut converted, text)? => &converted,
                CellForm::List => {
                    match label.filter(|_| self.labels).and_then(|at| row.cell(at)) {
                        Some(labels) => list::join_named(&mut converted, text, labels, (b';', LABEL_SEPARATOR))?,
                        None => list::join(&mut converted, text, b';')?,
                    }
                    &converted
                }
                _ => text.as_bytes(),
            };
            let name = label.filter(|_| form != CellForm::List).and_then(|at| row.cell(at));
            self.named(cell, name);
        }
        self.converted = converted;
        self.line.end(out)
    }

    fn end(&mut self, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

/// Writes an interval as its first day and its length, the only form of interval in SDMX. Returns `false`, and writes
/// nothing, if the text is no interval.
fn write_interval(out: &mut Vec<u8>, text: &str) -> io::Result<bool> {
    let Some((first, last)) = text.split_once('/').and_then(|(first, last)| Some((period::day(first)?, period::day(last)?)))
    else {
        return Ok(false);
    };
    write!(out, "{first}/P{}D", (last - first).num_days() + 1)?;
    Ok(true)
}

/// Whether a list of statuses has one of a value that is missing on purpose. Each status is one letter.
fn is_missing(statuses: Option<&str>) -> bool {
    statuses.is_some_and(|list| list.bytes().any(|byte| INTENTIONALLY_MISSING.contains(&byte)))
}
