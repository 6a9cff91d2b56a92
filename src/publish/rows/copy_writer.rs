//! Owns the rows on their way to a staging table: written in `COPY`'s text format, chunk by chunk, with their places.
//! Must not know how they were read.

use std::borrow::Cow;

use bytes::Bytes;
use tokio::sync::mpsc::Sender;

use super::cell;
use crate::publish::errors::{Faults, FileFault};
use crate::publish::input::readers::{Record, letters};
use crate::publish::progress::Progress;
use crate::query::model::dataset::KEY_SEPARATOR;
use crate::query::{Dataset, Field};

/// Bytes gathered before they are sent.
const CHUNK: usize = 256 * 1024;

/// Where rows come from: a file, or one of its sheets.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The file, as the manifest names it.
    pub file: String,
    /// The sheet, when it is named.
    pub sheet: Option<String>,
}

impl Origin {
    /// A fault at a place of this origin.
    pub fn fault(&self, line: u64, column: impl Into<String>, value: &str, detail: impl Into<String>) -> FileFault {
        FileFault {
            sheet: self.sheet.clone(),
            line: Some(line),
            column: Some(column.into()),
            value: Some(value.to_owned()),
            ..FileFault::of_file(&self.file, detail)
        }
    }

    /// A fault of the origin as a whole.
    pub fn whole(&self, line: Option<u64>, detail: impl Into<String>) -> FileFault {
        FileFault { sheet: self.sheet.clone(), line, ..FileFault::of_file(&self.file, detail) }
    }
}

/// The rows of one dataset on their way.
pub struct Output {
    /// The dataset.
    pub dataset: &'static Dataset,
    /// What is wrong so far.
    pub faults: Faults,
    /// What is worth a look so far.
    pub warnings: Faults,
    /// How much is read.
    pub progress: Progress,
    chunk: Vec<u8>,
    sender: Sender<Bytes>,
    stopped: bool,
}

impl Output {
    /// The way to who receives the chunks.
    pub fn new(dataset: &'static Dataset, progress: Progress, sender: Sender<Bytes>) -> Self {
        let (faults, warnings) = (Faults::default(), Faults::default());
        Self { dataset, faults, warnings, progress, chunk: Vec::with_capacity(CHUNK * 2), sender, stopped: false }
    }

    /// Writes one value of the row at hand, in the order of the dataset's columns. A value at fault is written as null,
    /// since faults stop the publication later on.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn value(&mut self, field: &'static Field, text: Option<&str>) -> Result<(), String> {
        let checked = self.check(field, text);
        cell::write(&mut self.chunk, checked.as_ref().map_or(None, |value| value.as_deref()));
        self.chunk.push(b'\t');
        checked.map(|_| ())
    }

    /// Checks one value and gives it as it is written.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check<'t>(&self, field: &'static Field, text: Option<&'t str>) -> Result<Option<Cow<'t, str>>, String> {
        let joined = self.dataset.has_joined_code() && self.dataset.key.contains(&field.name);
        match text {
            Some(text) if joined && text.contains(KEY_SEPARATOR) => {
                Err(format!("holds a `{KEY_SEPARATOR}`, which joins the parts of a code"))
            }
            Some(text) => cell::read(field, text),
            None if field.required => Err("is empty, and every row must have a value".to_owned()),
            None => Ok(None),
        }
    }

    /// Writes a value that needs no check.
    pub fn computed(&mut self, text: Option<&str>) {
        cell::write(&mut self.chunk, text);
        self.chunk.push(b'\t');
    }

    /// Ends the row at hand, with its place: the origin, the line, and the cell that its value stands in.
    pub fn end_row(&mut self, origin: usize, line: u64, cell: Option<usize>) {
        let cell = cell.map_or(-1, |cell| i64::try_from(cell).unwrap_or(-1));
        self.chunk.extend_from_slice(format!("{origin}\t{line}\t{cell}\n").as_bytes());
        if self.chunk.len() >= CHUNK {
            self.flush();
        }
    }

    /// Sends what is written. A receiver that is gone has failed, and says so itself.
    pub fn flush(&mut self) {
        let chunk = std::mem::replace(&mut self.chunk, Vec::with_capacity(CHUNK * 2));
        self.stopped = self.stopped || (!chunk.is_empty() && self.sender.blocking_send(Bytes::from(chunk)).is_err());
    }

    /// Warns of characters that were destroyed before the file was sent: what they were can no longer be known.
    pub fn warn_of_destroyed(&mut self, origin: &Origin, record: &Record) {
        if record.is_destroyed() {
            let cell = (0..record.len()).find(|cell| record.text(*cell).contains(char::REPLACEMENT_CHARACTER));
            let column = cell.map_or(String::new(), letters);
            let text = cell.map_or("", |cell| record.text(cell));
            let detail = "holds U+FFFD: characters were destroyed before the file was sent, and are published so";
            self.warnings.push(origin.fault(record.line, column, text, detail));
        }
    }

    /// Whether nobody receives any more.
    pub fn is_stopped(&self) -> bool {
        self.stopped
    }
}

/// The name of a column in a fault: that of the field, and where the value stands when that is another.
pub fn column_name(field: &str, cell: Option<usize>) -> String {
    match cell {
        Some(cell) => format!("{field} ({})", letters(cell)),
        None => field.to_owned(),
    }
}
