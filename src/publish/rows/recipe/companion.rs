//! Owns the second file of a recipe, whose rows are joined to those of the first by a key. It is held in memory.
//! Must not know the meaning of its columns.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;

use super::field_rule;
use super::field_rules::FieldRule;
use super::header::Header;
use super::model::CompanionJoin;
use crate::publish::errors::PublishError;
use crate::publish::input::readers;
use crate::publish::input::readers::error::ReadError;
use crate::publish::input::readers::record::Record;
use crate::publish::input::readers::sink::RecordSink;

/// The most bytes of memory for a second file.
const BYTES: usize = 128 << 20;

/// A second file.
pub struct Companion {
    /// Its header.
    pub header: Header,
    rows: HashMap<String, Record>,
}

impl Companion {
    /// Reads a second file. Its first row is its header.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read, lacks the key column, or has a key twice.
    pub fn read(path: &Path, join: &CompanionJoin) -> Result<Self, PublishError> {
        let named = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let unreadable = |why: String| PublishError::Unreadable(format!("the second file {named} cannot be read: {why}"));
        let at = |broken: ReadError| unreadable(broken.line.map_or(String::new(), |n| format!("line {n}: ")) + &broken.detail);
        let scan = readers::detect::scan(path, &join.dialect).map_err(at)?;
        let mut gathered = CompanionRecords { records: Vec::new(), bytes: 0, broken: None };
        readers::read(path, &scan, None, &mut gathered).map_err(at)?;
        if let Some(broken) = gathered.broken {
            return Err(at(broken));
        }
        let mut records = gathered.records.into_iter();
        let header = Header::new(&records.next().into_iter().collect::<Vec<_>>());
        let column = key_column(&join.their, &header).map_err(unreadable)?;
        let mut rows = HashMap::new();
        for record in records {
            let key = field_rule::convert(&join.their, record.text(column)).map_err(unreadable)?;
            let line = record.line;
            if rows.insert(key.clone(), record).is_some() {
                return Err(unreadable(format!("line {line}: the key `{key}` stands in it twice")));
            }
        }
        Ok(Self { header, rows })
    }

    /// Finds the row with a key.
    pub fn row(&self, key: &str) -> Option<&Record> {
        self.rows.get(key)
    }
}

/// Finds the column of a key.
///
/// # Errors
/// Returns an error if there is none, or if the rule asks for too much.
pub fn key_column(rule: &FieldRule, header: &Header) -> Result<usize, String> {
    field_rule::check(rule)?;
    match (&rule.column, &rule.letter) {
        (Some(name), _) => header.column(name),
        (None, Some(letters)) => super::header::letter(letters),
        (None, None) => Err("the key of a second file is a column".to_owned()),
    }
}

struct CompanionRecords {
    records: Vec<Record>,
    bytes: usize,
    broken: Option<ReadError>,
}

impl RecordSink for CompanionRecords {
    fn record(&mut self, record: &Record) -> ControlFlow<()> {
        if record.is_blank() {
            return ControlFlow::Continue(());
        }
        self.bytes += record.memory_size();
        if self.bytes > BYTES {
            let megabytes = BYTES >> 20;
            self.broken = Some(ReadError::line(record.line, format!("a second file takes at most {megabytes} MiB of memory")));
            return ControlFlow::Break(());
        }
        self.records.push(record.clone());
        ControlFlow::Continue(())
    }

    fn broken(&mut self, broken: ReadError) {
        self.broken.get_or_insert(broken);
    }
}
