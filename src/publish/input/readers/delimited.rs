//! Owns the reading of delimited text (RFC 4180 and its variants) in bounded memory.
//! Must not know how the delimiter and the encoding are detected.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use encoding_rs_io::DecodeReaderBytesBuilder;

use super::error::ReadError;
use super::file_format::DelimitedText;
use super::limits::{RECORD_BYTES, RECORD_CELLS};
use super::record::Record;
use super::sink::RecordSink;

/// The size of the input buffer, in bytes.
const CHUNK: usize = 256 * 1024;

/// Reads the records of a file. A record with a cell that is not valid in the encoding goes to the sink as an error.
///
/// # Errors
/// Returns an error if the rest of the file cannot be read: a row without an end, or with too many cells.
pub fn read(path: &Path, text: &DelimitedText, sink: &mut dyn RecordSink) -> Result<(), ReadError> {
    let file = File::open(path).map_err(|error| ReadError::file(error.to_string()))?;
    if text.encoding == encoding_rs::UTF_8 {
        return Records::new(file, text).read(sink);
    }
    Records::new(DecodeReaderBytesBuilder::new().encoding(Some(text.encoding)).build(file), text).read(sink)
}

struct Records<R> {
    reader: R,
    csv: Reader,
    input: Vec<u8>,
    /// The part of the input buffer that is not parsed yet.
    rest: std::ops::Range<usize>,
    ended: bool,
    /// Whether the parser is inside a row.
    begun: bool,
    line: u64,
    /// The last parsed byte.
    last: u8,
    output: Vec<u8>,
    ends: Vec<usize>,
}

impl<R: Read> Records<R> {
    fn new(reader: R, text: &DelimitedText) -> Self {
        let csv = ReaderBuilder::new().delimiter(text.delimiter).quote(text.quote).build();
        let (input, output, ends) = (vec![0; CHUNK], vec![0; 4096], vec![0; 64]);
        Self { reader, csv, input, rest: 0..0, ended: false, begun: false, line: 1, last: 0, output, ends }
    }

    fn read(mut self, sink: &mut dyn RecordSink) -> Result<(), ReadError> {
        self.skip_mark()?;
        let mut record = Record::default();
        loop {
            self.skip_blank_lines()?;
            let line = self.line;
            let Some((bytes, cells)) = self.record(line)? else { return Ok(()) };
            record.begin(line);
            match std::str::from_utf8(&self.output[..bytes]) {
                Ok(text) if aligned(text, &self.ends[..cells]) => record.fill(text, &self.ends[..cells]),
                _ => {
                    self.tell_bytes(line, cells, sink);
                    continue;
                }
            }
            if sink.record(&record).is_break() {
                return Ok(());
            }
        }
    }

    /// Parses one record and returns its numbers of bytes and cells. Returns None at the end of the file.
    fn record(&mut self, line: u64) -> Result<Option<(usize, usize)>, ReadError> {
        let (mut bytes, mut cells) = (0, 0);
        loop {
            if self.rest.is_empty() && !self.ended {
                self.more()?;
            }
            // A row without a line ending ends with the file, unless the line ending would belong to a quoted cell.
            let ending = self.ended && self.begun;
            let input = if ending { b"\n" } else { &self.input[self.rest.clone()] };
            let (result, read, written, ended) = self.csv.read_record(input, &mut self.output[bytes..], &mut self.ends[cells..]);
            if ending && matches!(result, ReadRecordResult::InputEmpty) {
                return Err(ReadError::line(line, "a quotation mark in this row is not closed before the end of the file"));
            }
            if !ending {
                self.pass(read);
            }
            self.begun = (self.begun || read > 0) && !matches!(result, ReadRecordResult::Record);
            bytes += written;
            cells += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull if self.output.len() < RECORD_BYTES => {
                    let doubled = (self.output.len() * 2).min(RECORD_BYTES);
                    self.output.resize(doubled, 0);
                }
                ReadRecordResult::OutputFull => {
                    let megabytes = RECORD_BYTES >> 20;
                    let detail = format!("a row of more than {megabytes} MiB begins here: a quotation mark is not closed");
                    return Err(ReadError::line(line, detail));
                }
                ReadRecordResult::OutputEndsFull if self.ends.len() < RECORD_CELLS => {
                    let doubled = (self.ends.len() * 2).min(RECORD_CELLS);
                    self.ends.resize(doubled, 0);
                }
                ReadRecordResult::OutputEndsFull => {
                    return Err(ReadError::line(line, format!("the row has more than {RECORD_CELLS} cells")));
                }
                ReadRecordResult::Record => return Ok(Some((bytes, cells))),
                ReadRecordResult::End => return Ok(None),
            }
        }
    }

    /// Counts the lines in parsed input. A line ends with LF, CR or CRLF.
    fn pass(&mut self, read: usize) {
        let consumed = &self.input[self.rest.start..self.rest.start + read];
        let mut endings = memchr::memchr2_iter(b'\n', b'\r', consumed).filter(|at| {
            let before = at.checked_sub(1).map_or(self.last, |before| consumed[before]);
            consumed[*at] == b'\r' || before != b'\r'
        });
        self.line += u64::try_from(endings.by_ref().count()).unwrap_or_default();
        self.last = consumed.last().copied().unwrap_or(self.last);
        self.rest.start += read;
    }

    fn more(&mut self) -> Result<(), ReadError> {
        let read = self.reader.read(&mut self.input).map_err(|error| ReadError::line(self.line, error.to_string()))?;
        self.ended = read == 0;
        self.rest = 0..read;
        Ok(())
    }

    /// Skips the byte order mark, which is not part of the first cell.
    fn skip_mark(&mut self) -> Result<(), ReadError> {
        self.more()?;
        if self.input[self.rest.clone()].starts_with("\u{feff}".as_bytes()) {
            self.rest.start += 3;
        }
        Ok(())
    }

    /// Skips blank lines, which are not records. Skipping them here keeps the line numbers right.
    fn skip_blank_lines(&mut self) -> Result<(), ReadError> {
        loop {
            match self.input[self.rest.clone()].first() {
                Some(b'\n' | b'\r') => self.pass(1),
                Some(_) => return Ok(()),
                None if self.ended => return Ok(()),
                None => self.more()?,
            }
        }
    }

    fn tell_bytes(&self, line: u64, cells: usize, sink: &mut dyn RecordSink) {
        let mut start = 0;
        for (at, end) in self.ends[..cells].iter().enumerate() {
            if let Err(error) = std::str::from_utf8(&self.output[start..*end]) {
                let byte = self.output[start + error.valid_up_to()];
                let detail = format!("the byte {byte:#04x} is not UTF-8, as the rest of the file is");
                sink.broken(ReadError { line: Some(line), cell: Some(at), detail });
            }
            start = *end;
        }
    }
}

/// Whether every cell ends at a character boundary. Two invalid cells together can be valid UTF-8.
fn aligned(text: &str, ends: &[usize]) -> bool {
    ends.iter().all(|end| text.is_char_boundary(*end))
}
