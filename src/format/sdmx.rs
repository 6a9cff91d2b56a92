//! Owns SDMX-CSV 2.0 (SDMX 3.0): the data message of the dataflow of observations.
//! Must not know how a client asks for labels.

use std::io::{self, Write};
use std::mem;

use super::csv::Line;
use super::{About, RowWriter, list};
use crate::query::model::period;
use crate::query::{Labels, Row};

/// The dataflow, as agency, code and version.
const DATAFLOW: &str = "REPERES:OBSERVATIONS(1.0)";

/// The statuses that say of a missing value that there is none to be had, and not that it was forgotten.
const INTENTIONALLY_MISSING: &[u8] = b"HKLMOQ";

/// How the cells of a component are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    AsIs,
    Time,
    Measure,
    List,
}

/// One component of the data structure, and the columns that it comes from.
struct Component {
    id: &'static str,
    name: &'static str,
    column: &'static str,
    label: Option<&'static str>,
    form: Form,
    optional: bool,
}

const fn dimension(id: &'static str, name: &'static str, column: &'static str, label: Option<&'static str>) -> Component {
    Component { id, name, column, label, form: Form::AsIs, optional: false }
}

const fn attribute(id: &'static str, name: &'static str, column: &'static str) -> Component {
    Component { id, name, column, label: None, form: Form::AsIs, optional: true }
}

const COMPONENTS: &[Component] = &[
    dimension("INDICATOR", "Indicateur", "indicator_code", Some("indicator_label")),
    dimension("REF_AREA", "Territoire", "territory_code", Some("territory_label")),
    Component { form: Form::Time, ..dimension("TIME_PERIOD", "Période", "period", None) },
    dimension("BREAKDOWN", "Ventilation", "breakdown", None),
    dimension("NATURE", "Nature", "nature", None),
    dimension("SOURCE", "Source", "source_code", Some("source_label")),
    Component { form: Form::Measure, ..dimension("OBS_VALUE", "Valeur", "value", None) },
    Component { form: Form::List, ..attribute("OBS_STATUS[]", "Statut", "statuses") },
    attribute("UNIT_MEASURE", "Unité", "unit"),
    attribute("QUALIFIER", "Réserve", "qualifier"),
    attribute("ROUNDING", "Arrondi", "rounding"),
    attribute("GEOGRAPHY_YEAR", "Année de la géographie", "geography_year"),
    attribute("SOURCE_LOCATION", "Emplacement dans la source", "source_location"),
    attribute("COMMENT_OBS", "Note", "note"),
];

/// A component that the rows have, with the positions of its columns.
struct Placed {
    component: &'static Component,
    at: usize,
    label: Option<usize>,
}

/// Writes observations as SDMX-CSV.
pub struct SdmxWriter {
    placed: Vec<Placed>,
    statuses: Option<usize>,
    labels: Labels,
    title: &'static str,
    line: Line,
    scratch: Vec<u8>,
    converted: Vec<u8>,
}

impl SdmxWriter {
    /// A writer of rows with these columns. An attribute without a column is left out of the message.
    ///
    /// # Errors
    /// Of the kind `InvalidInput`, when a dimension or the measure has no column.
    pub fn new(about: &About, labels: Labels) -> io::Result<Self> {
        let mut placed = Vec::with_capacity(COMPONENTS.len());
        for component in COMPONENTS {
            let at = match about.position(component.column) {
                Some(at) => at,
                None if component.optional => continue,
                None => about.needed(component.column)?,
            };
            placed.push(Placed { component, at, label: component.label.and_then(|name| about.position(name)) });
        }
        let (statuses, title) = (about.position("statuses"), about.dataset.title);
        Ok(Self { placed, statuses, labels, title, line: Line::new(b','), scratch: Vec::new(), converted: Vec::new() })
    }

    /// Adds a code and what it is called, as the option `labels` wants it.
    fn named(&mut self, code: &[u8], name: Option<&str>) {
        match (self.labels, name) {
            (Labels::Both, Some(name)) => {
                self.scratch.clear();
                for part in [code, b": ", name.as_bytes()] {
                    self.scratch.extend_from_slice(part);
                }
                self.line.cell(&self.scratch);
            }
            (Labels::Name, name) => {
                self.line.cell(code);
                self.line.cell(name.unwrap_or_default().as_bytes());
            }
            _ => self.line.cell(code),
        }
    }
}

impl RowWriter for SdmxWriter {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.line.cell(b"STRUCTURE[;]");
        self.line.cell(b"STRUCTURE_ID");
        if self.labels == Labels::Name {
            self.line.cell(b"STRUCTURE_NAME");
        }
        self.line.cell(b"ACTION");
        for at in 0..self.placed.len() {
            let component = self.placed[at].component;
            self.named(component.id.as_bytes(), Some(component.name));
        }
        self.line.end(out)
    }

    fn row(&mut self, out: &mut dyn Write, row: &Row) -> io::Result<()> {
        self.line.cell(b"dataflow");
        self.named(DATAFLOW.as_bytes(), Some(self.title));
        // The rows replace what the reader has: they are observations as a whole, not changes to them.
        self.line.cell(b"R");
        // Taken out for the time of the row, since the cells made in it are lent to a method that changes the rest.
        let mut converted = mem::take(&mut self.converted);
        for index in 0..self.placed.len() {
            let Placed { component, at, label } = self.placed[index];
            let text = row.cell(at).unwrap_or_default();
            converted.clear();
            let cell = match component.form {
                Form::Measure if text.is_empty() && is_missing(self.statuses.and_then(|at| row.cell(at))) => b"NaN".as_slice(),
                Form::Time if write_interval(&mut converted, text)? => &converted,
                Form::List => {
                    list::join(&mut converted, text, b';')?;
                    &converted
                }
                _ => text.as_bytes(),
            };
            self.named(cell, label.and_then(|at| row.cell(at)));
        }
        self.converted = converted;
        self.line.end(out)
    }

    fn end(&mut self, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

/// Writes an interval of two days as its first day and its length, the only form of interval that SDMX has.
/// Says whether the text was one.
fn write_interval(out: &mut Vec<u8>, text: &str) -> io::Result<bool> {
    let Some((first, last)) = text.split_once('/').and_then(|(first, last)| Some((period::day(first)?, period::day(last)?)))
    else {
        return Ok(false);
    };
    write!(out, "{first}/P{}D", (last - first).num_days() + 1)?;
    Ok(true)
}

/// Whether a list of statuses says that a value is missing on purpose. Codes have one letter.
fn is_missing(statuses: Option<&str>) -> bool {
    statuses.is_some_and(|list| list.bytes().any(|byte| INTENTIONALLY_MISSING.contains(&byte)))
}
