//! Owns the rows on their way to a staging table: written in `COPY`'s text format, chunk by chunk, with their places.
//! Must not know how they were read.

use bytes::Bytes;
use tokio::sync::mpsc::Sender;

use crate::problem::FileFault;
use crate::publish::errors::Faults;
use crate::publish::input::readers::column_letters::letters;
use crate::publish::input::readers::record::Record;
use crate::publish::progress::Progress;
use crate::query::Dataset;

/// Bytes gathered before they are sent.
const CHUNK: usize = 256 * 1024;

/// Where rows come from: a file, or one of its sheets.
#[derive(Clone, Debug)]
pub struct FileOrigin {
    /// The file, as the manifest names it.
    pub file: String,
    /// The sheet, when it is named.
    pub sheet: Option<String>,
}

impl FileOrigin {
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
    pub fn file_fault(&self, line: Option<u64>, detail: impl Into<String>) -> FileFault {
        FileFault { sheet: self.sheet.clone(), line, ..FileFault::of_file(&self.file, detail) }
    }
}

/// The rows of one dataset on their way.
pub struct CopyWriter {
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

impl CopyWriter {
    /// The way to who receives the chunks.
    pub fn new(dataset: &'static Dataset, progress: Progress, sender: Sender<Bytes>) -> Self {
        let (faults, warnings) = (Faults::default(), Faults::default());
        Self { dataset, faults, warnings, progress, chunk: Vec::with_capacity(CHUNK * 2), sender, stopped: false }
    }

    /// Writes one checked value of the row, in the order of the dataset's columns. None is a null.
    pub fn write(&mut self, value: Option<&str>) {
        escape(&mut self.chunk, value);
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
    pub fn warn_of_replacement_characters(&mut self, origin: &FileOrigin, record: &Record) {
        if record.has_replacement_character() {
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

/// Appends one value in `COPY`'s text format.
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
