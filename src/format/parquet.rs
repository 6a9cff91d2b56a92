//! Owns the Parquet of rows: columns with real types, in row groups of bounded size.
//! Must not know HTTP, SQL or any one dataset.

use std::io::{self, Write};
use std::mem;
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{Type, TypePtr};

use super::{About, RowWriter};
use crate::query::{Column, Kind, Row, period};

/// A row group ends after so many rows ...
const GROUP_ROWS: usize = 50_000;

/// ... or so many bytes of cells, whichever comes first: the memory of the writer follows from these two.
const GROUP_BYTES: usize = 8 << 20;

/// So many levels of a column are handed over at once, lest all texts of a row group be allocated one by one.
const BATCH: usize = 4096;

/// Writes Parquet, one row group after another, in constant memory but for the footer, which says of each row
/// group where it stands.
///
/// Decimals are doubles, which is what programs that compute expect. Doubles keep 15 to 17 significant digits; the
/// figures of the service have fewer. Lists are lists of texts, JSON is text that says that it is JSON.
pub struct ParquetWriter {
    file: SerializedFileWriter<Vec<u8>>,
    columns: Vec<Buffer>,
    rows: usize,
    bytes: usize,
}

/// One column of the row group that is being gathered.
struct Buffer {
    column: Column,
    values: Values,
    /// For each level how much of the path to the value is there: see [`Buffer::present`].
    defined: Vec<i16>,
    /// For each level of a list whether it continues the row before it.
    repeated: Vec<i16>,
}

/// The values that are there, by physical type.
enum Values {
    Integers(Vec<i64>),
    Doubles(Vec<f64>),
    Days(Vec<i32>),
    /// All texts in one allocation, with where each ends.
    Texts(String, Vec<usize>),
}

impl ParquetWriter {
    /// A writer for rows of these columns.
    ///
    /// # Errors
    /// When the columns make no Parquet schema.
    pub fn new(about: &About) -> io::Result<Self> {
        let fields = about.columns.iter().map(field).collect::<Result<_>>().map_err(fault)?;
        let schema = Type::group_type_builder(about.dataset.name).with_fields(fields).build().map_err(fault)?;
        let note = |key: &str, value: String| KeyValue::new(key.to_owned(), value);
        let notes = vec![
            note("dataset", about.dataset.name.to_owned()),
            note("release", about.release.to_string()),
            note("published_at", about.published_at.clone()),
            note("licence", super::LICENCE.to_owned()),
            note("pinned", about.pinned.clone()),
        ];
        // Row groups are small: statistics and offsets of their pages would only make the footer grow.
        let properties = WriterProperties::builder()
            .set_created_by("reperes".to_owned())
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_dictionary_enabled(true)
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_offset_index_disabled(true)
            .set_key_value_metadata(Some(notes))
            .build();
        let file = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties)).map_err(fault)?;
        Ok(Self { file, columns: about.columns.iter().map(Buffer::new).collect(), rows: 0, bytes: 0 })
    }

    fn flush(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.rows > 0 {
            let mut group = self.file.next_row_group().map_err(fault)?;
            for buffer in &mut self.columns {
                let mut writer = group.next_column().map_err(fault)?.expect("each column of the rows is one of the file");
                buffer.write(writer.untyped()).map_err(fault)?;
                writer.close().map_err(fault)?;
            }
            group.close().map_err(fault)?;
            (self.rows, self.bytes) = (0, 0);
        }
        self.drain(out)
    }

    /// Hands over what is finished. The writer counts its bytes itself, so taking them away from it does no harm.
    fn drain(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.file.flush()?;
        let finished = self.file.inner_mut();
        out.write_all(finished)?;
        finished.clear();
        Ok(())
    }
}

impl RowWriter for ParquetWriter {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.drain(out)
    }

    fn row(&mut self, out: &mut dyn Write, row: &Row) -> io::Result<()> {
        let mut cells = row.cells();
        for buffer in &mut self.columns {
            let cell = cells.next().flatten();
            buffer.push(cell)?;
            self.bytes += cell.map_or(0, str::len);
        }
        self.rows += 1;
        if self.rows >= GROUP_ROWS || self.bytes >= GROUP_BYTES { self.flush(out) } else { Ok(()) }
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.flush(out)?;
        self.file.finish().map_err(fault)?;
        self.drain(out)
    }
}

impl Buffer {
    fn new(column: &Column) -> Self {
        let values = match column.kind {
            Kind::Integer { .. } | Kind::Timestamp => Values::Integers(Vec::new()),
            Kind::Decimal => Values::Doubles(Vec::new()),
            Kind::Date | Kind::PeriodBound { .. } => Values::Days(Vec::new()),
            _ => Values::Texts(String::new(), Vec::new()),
        };
        Self { column: column.clone(), values, defined: Vec::new(), repeated: Vec::new() }
    }

    /// The level of a value that is there: an optional value is one more than nothing, and a value of a list one
    /// more than the list, which has that one level even where it is empty.
    fn present(&self) -> i16 {
        i16::from(!self.column.required) + i16::from(self.column.is_list())
    }

    fn push(&mut self, cell: Option<&str>) -> io::Result<()> {
        let Some(text) = cell else {
            if self.column.required {
                return Err(self.unfit("a required value is missing"));
            }
            self.level(0, 0);
            return Ok(());
        };
        if self.column.is_list() {
            return self.push_list(text);
        }
        let fits = match (&mut self.values, self.column.kind) {
            (Values::Integers(values), Kind::Timestamp) => {
                chrono::DateTime::parse_from_rfc3339(text).map(|time| values.push(time.timestamp_micros())).is_ok()
            }
            (Values::Integers(values), _) => text.parse().map(|value| values.push(value)).is_ok(),
            (Values::Doubles(values), _) => text.parse().map(|value| values.push(value)).is_ok(),
            (Values::Days(values), _) => period::day(text).map(|day| values.push(day.to_epoch_days())).is_some(),
            (Values::Texts(texts, ends), _) => {
                append(texts, ends, text);
                true
            }
        };
        self.level(self.present(), 0);
        if fits { Ok(()) } else { Err(self.unfit(text)) }
    }

    fn push_list(&mut self, text: &str) -> io::Result<()> {
        let items: Vec<String> = serde_json::from_str(text).map_err(|_| self.unfit(text))?;
        let present = self.present();
        if items.is_empty() {
            self.level(present - 1, 0);
        }
        for (at, item) in items.iter().enumerate() {
            if let Values::Texts(texts, ends) = &mut self.values {
                append(texts, ends, item);
            }
            self.level(present, i16::from(at > 0));
        }
        Ok(())
    }

    fn level(&mut self, defined: i16, repeated: i16) {
        self.defined.push(defined);
        self.repeated.push(repeated);
    }

    fn unfit(&self, text: &str) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, format!("column {}: {text} does not fit its type", self.column.name))
    }

    /// Writes the values and forgets them, keeping their memory for the next row group.
    fn write(&mut self, writer: &mut ColumnWriter<'_>) -> Result<()> {
        let present = self.present();
        // The library wants no levels where there is but one.
        let defined = (present > 0).then_some(&self.defined[..]);
        match (&mut self.values, writer) {
            (Values::Integers(values), ColumnWriter::Int64ColumnWriter(writer)) => {
                writer.write_batch(values, defined, None)?;
                values.clear();
            }
            (Values::Doubles(values), ColumnWriter::DoubleColumnWriter(writer)) => {
                writer.write_batch(values, defined, None)?;
                values.clear();
            }
            (Values::Days(values), ColumnWriter::Int32ColumnWriter(writer)) => {
                writer.write_batch(values, defined, None)?;
                values.clear();
            }
            (Values::Texts(texts, ends), ColumnWriter::ByteArrayColumnWriter(writer)) => {
                let (mut level, mut value, mut start) = (0, 0, 0);
                while level < self.defined.len() {
                    // A row stays whole.
                    let more = self.repeated[level..].iter().skip(BATCH).position(|&repeated| repeated == 0);
                    let until = more.map_or(self.defined.len(), |more| level + BATCH + more);
                    let count = self.defined[level..until].iter().filter(|&&defined| defined == present).count();
                    let batch: Vec<ByteArray> = ends[value..value + count]
                        .iter()
                        .map(|&end| ByteArray::from(&texts[mem::replace(&mut start, end)..end]))
                        .collect();
                    let repeated = self.column.is_list().then_some(&self.repeated[level..until]);
                    writer.write_batch(&batch, defined.map(|levels| &levels[level..until]), repeated)?;
                    (level, value) = (until, value + count);
                }
                texts.clear();
                ends.clear();
            }
            _ => return Err(ParquetError::General(format!("column {} is not of its type", self.column.name))),
        }
        self.defined.clear();
        self.repeated.clear();
        Ok(())
    }
}

fn append(texts: &mut String, ends: &mut Vec<usize>, text: &str) {
    texts.push_str(text);
    ends.push(texts.len());
}

/// The field of the schema that holds a column.
fn field(column: &Column) -> Result<TypePtr> {
    let repetition = if column.required { Repetition::REQUIRED } else { Repetition::OPTIONAL };
    let leaf = |name: &str, physical, logical, repetition| {
        Type::primitive_type_builder(name, physical).with_logical_type(logical).with_repetition(repetition).build().map(Arc::new)
    };
    if column.is_list() {
        // Three levels with these very names are what the format prescribes.
        let item = leaf("element", Physical::BYTE_ARRAY, Some(LogicalType::String), Repetition::REQUIRED)?;
        let items = Type::group_type_builder("list").with_repetition(Repetition::REPEATED).with_fields(vec![item]).build()?;
        let list = Type::group_type_builder(&column.name).with_logical_type(Some(LogicalType::List));
        return list.with_repetition(repetition).with_fields(vec![Arc::new(items)]).build().map(Arc::new);
    }
    let (physical, logical) = match column.kind {
        Kind::Integer { .. } => (Physical::INT64, None),
        Kind::Decimal => (Physical::DOUBLE, None),
        Kind::Date | Kind::PeriodBound { .. } => (Physical::INT32, Some(LogicalType::Date)),
        Kind::Timestamp => (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MICROS))),
        Kind::Json { .. } => (Physical::BYTE_ARRAY, Some(LogicalType::Json)),
        _ => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
    };
    leaf(&column.name, physical, logical, repetition)
}

fn fault(error: ParquetError) -> io::Error {
    io::Error::other(error)
}
