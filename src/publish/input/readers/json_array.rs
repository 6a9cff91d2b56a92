//! Owns the reading of one JSON document: an array of objects, alone or as the member `data` of an object.
//! Must not know how an object becomes a record.

use std::cell::Cell;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::de::IoRead;

use super::error::ReadError;
use super::json::{JsonRows, Members};
use super::limits::RECORD_BYTES;
use super::sink::RecordSink;

/// Reads an array of objects, or an object whose member `data` is one. The line of a record is its number in the array.
///
/// # Errors
/// Returns an error if the file is not such a document.
pub fn read_array(path: &Path, sink: &mut dyn RecordSink) -> Result<(), ReadError> {
    read(path, sink, "a JSON array of rows", |rows, left, whole| Document(rows, left).deserialize(whole))
}

/// A parser of a whole document, within memory limits.
pub type Whole<'l> = serde_json::Deserializer<IoRead<Bounded<'l, BufReader<File>>>>;

/// Reads a document row by row. `rows_of` sets the cell to the number of bytes that the next row may have.
///
/// # Errors
/// Returns an error if the file is not the document that `what` describes.
pub fn read(
    path: &Path,
    sink: &mut dyn RecordSink,
    what: &str,
    rows_of: impl FnOnce(&mut JsonRows<'_>, &Cell<Option<usize>>, &mut Whole<'_>) -> serde_json::Result<()>,
) -> Result<(), ReadError> {
    let file = File::open(path).map_err(|error| ReadError::file(error.to_string()))?;
    let mut reader = BufReader::new(file);
    if reader.fill_buf().is_ok_and(|bytes| bytes.starts_with("\u{feff}".as_bytes())) {
        reader.consume(3);
    }
    let left = Cell::new(None);
    let mut deserializer = serde_json::Deserializer::from_reader(Bounded { reader, left: &left });
    let mut rows = JsonRows::new(sink);
    let read = rows_of(&mut rows, &left, &mut deserializer).and_then(|()| deserializer.end());
    match read {
        Err(_) if rows.is_stopped() => Ok(()),
        Err(error) => Err(ReadError::file(format!("the file is not {what}: {error}"))),
        Ok(()) => Ok(()),
    }
}

/// A reader that fails if a row, which is held in memory, exceeds its limit.
pub struct Bounded<'l, R> {
    reader: R,
    /// The bytes left for the current row; None outside of rows.
    left: &'l Cell<Option<usize>>,
}

impl<R: Read> Read for Bounded<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        if let Some(left) = self.left.get() {
            let megabytes = RECORD_BYTES >> 20;
            let left = left.checked_sub(read);
            self.left.set(Some(left.ok_or_else(|| io::Error::other(format!("a row has more than {megabytes} MiB")))?));
        }
        Ok(read)
    }
}

/// A document: an array of rows, or an object that has one.
struct Document<'r, 's>(&'r mut JsonRows<'s>, &'r Cell<Option<usize>>);

impl<'de> DeserializeSeed<'de> for Document<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Document<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of rows, or an object whose member `data` is one")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        loop {
            self.1.set(Some(RECORD_BYTES));
            let Some(members) = seq.next_element::<Members>()? else { break };
            let number = self.0.count() + 1;
            if self.0.take(number, members).is_break() {
                return Err(serde::de::Error::custom("stopped"));
            }
        }
        self.1.set(None);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut found = false;
        while let Some(name) = map.next_key::<String>()? {
            if name == "data" && !found {
                found = true;
                map.next_value_seed(Document(&mut *self.0, self.1))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        if found { Ok(()) } else { Err(serde::de::Error::custom("it has no member `data`")) }
    }
}
