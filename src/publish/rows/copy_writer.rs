//! Owns the writing of rows to a staging table: checked values become `COPY` text, sent in chunks, each row with its
//! location.
//! Must not know how the rows were read or checked.

use serde::{Deserialize, Serialize};

use crate::problem::{Fault, Reason};
use crate::publish::errors::Faults;
use crate::publish::input::readers::column_letters::letters;
use crate::publish::input::readers::record::Record;
use crate::publish::progress::Progress;
use crate::publish::rows::cell;
use crate::query::suggest::closest;
use crate::query::{Dataset, Field};

/// The bytes of a chunk.
const CHUNK: usize = 256 * 1024;

/// The origin of rows: a file, or one of its sheets.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FileOrigin {
    /// The file, as the manifest names it.
    pub file: String,
    /// The sheet, if it is named.
    pub sheet: Option<String>,
}

impl FileOrigin {
    /// A fault in a cell.
    pub fn fault(&self, reason: Reason, line: u64, column: impl Into<String>, value: &str, detail: impl Into<String>) -> Fault {
        Fault { column: Some(column.into()), ..self.file_fault(reason, Some(line), detail) }.value(value)
    }

    /// A fault in a cell whose text `text` is no value of a field; the file has it as `raw`.
    pub fn value_fault(&self, field: &Field, text: &str, (line, column, raw): (u64, String, &str), why: String) -> Fault {
        let fault = self.fault(cell::reason(field, text), line, column, raw, why);
        match field.choices() {
            Some(choices) if !text.is_empty() => {
                let words = choices.iter().map(|choice| choice.value);
                fault.allowed(words.clone()).closest(closest(text, words))
            }
            _ => fault,
        }
    }

    /// A fault of a line, or of the file as a whole.
    pub fn file_fault(&self, reason: Reason, line: Option<u64>, detail: impl Into<String>) -> Fault {
        Fault { sheet: self.sheet.clone(), line, ..Fault::of_file(reason, &self.file, detail) }
    }
}

/// Takes a chunk of `COPY` text. Returns false if nobody reads it any more.
pub type ChunkOutput = Box<dyn FnMut(&[u8]) -> bool>;

/// The writer for the rows of one dataset.
pub struct CopyWriter {
    /// The dataset.
    pub dataset: &'static Dataset,
    /// The faults so far.
    pub faults: Faults,
    /// The warnings so far.
    pub warnings: Faults,
    /// The progress of the publication.
    pub progress: Progress,
    chunk: Vec<u8>,
    /// The start of the unfinished row in the chunk.
    row: usize,
    /// The line of the last finished row.
    line: u64,
    output: ChunkOutput,
    stopped: bool,
}

impl CopyWriter {
    /// Makes a writer that passes chunks on.
    pub fn new(dataset: &'static Dataset, progress: Progress, output: ChunkOutput) -> Self {
        let (faults, warnings) = (Faults::default(), Faults::default());
        let chunk = Vec::with_capacity(CHUNK * 2);
        Self { dataset, faults, warnings, progress, chunk, row: 0, line: 0, output, stopped: false }
    }

    /// Writes one checked value of the row, in the order of the dataset's columns. None is a null.
    pub fn write(&mut self, value: Option<&str>) {
        escape(&mut self.chunk, value);
        self.chunk.push(b'\t');
    }

    /// Ends the row with its location: the origin, the line, and the cell of its value if a line gives several rows.
    pub fn end_row(&mut self, origin: usize, line: u64, cell: Option<usize>) {
        let cell = cell.map_or(-1, |cell| i64::try_from(cell).unwrap_or(-1));
        self.chunk.extend_from_slice(format!("{origin}\t{line}\t{cell}\n").as_bytes());
        (self.row, self.line) = (self.chunk.len(), line);
        if self.chunk.len() >= CHUNK {
            self.flush();
        }
    }

    /// Sends the chunk. If the receiver is gone, it has failed and reports its own error.
    pub fn flush(&mut self) {
        self.stopped = self.stopped || (!self.chunk.is_empty() && !(self.output)(&self.chunk));
        self.chunk.clear();
        self.row = 0;
    }

    /// Discards the unfinished row, so that the columns of the next one stay aligned. Returns the line of the last finished row.
    pub fn discard_row(&mut self) -> u64 {
        self.chunk.truncate(self.row);
        self.line
    }

    /// Warns of U+FFFD: characters were lost before the file was sent, and cannot be restored.
    pub fn warn_of_replacement_characters(&mut self, origin: &FileOrigin, record: &Record) {
        if record.has_replacement_character() {
            let cell = (0..record.len()).find(|cell| record.text(*cell).contains(char::REPLACEMENT_CHARACTER));
            let column = cell.map_or(String::new(), letters);
            let text = cell.map_or("", |cell| record.text(cell));
            let detail = "holds U+FFFD: characters were destroyed before the file was sent, and are published so";
            self.warnings.push(origin.fault(Reason::LostCharacters, record.line, column, text, detail));
        }
    }

    /// Whether the receiver is gone.
    pub fn is_stopped(&self) -> bool {
        self.stopped
    }
}

/// The column in a fault: the name of the field, with the letters of another column that has its value.
pub fn column_name(field: &str, cell: Option<usize>) -> String {
    match cell {
        Some(cell) => format!("{field} ({})", letters(cell)),
        None => field.to_owned(),
    }
}

/// Appends one value in the text format of `COPY`.
fn escape(out: &mut Vec<u8>, value: Option<&str>) {
    let Some(text) = value else {
        return out.extend_from_slice(b"\\N");
    };
    if !text.bytes().any(|byte| matches!(byte, b'\\' | b'\t' | b'\n' | b'\r')) {
        return out.extend_from_slice(text.as_bytes());
    }
    for byte in text.bytes() {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            other => out.push(other),
        }
    }
}
