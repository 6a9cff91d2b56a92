//! Owns Parquet: typed columns, in row groups of bounded size.
//! Must not know HTTP, SQL or any one dataset.

mod checked_pages;

use std::io::{self, Write};
use std::mem;
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel};
use parquet::column::writer::{ColumnWriter, get_column_writer, get_typed_column_writer_mut};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type};
use parquet::errors::Result;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{Type, TypePtr};

use self::checked_pages::CheckedPages;
use super::{About, RowWriter, list};
use crate::parquet_checksum::{self, CREATED_BY, FileChecksum};
use crate::query::model::period;
use crate::query::{Column, Kind, RowView};

/// A row group ends after this many rows or bytes of cells. Both bound the memory of the writer.
const GROUP_ROWS: usize = 16_384;
const GROUP_BYTES: usize = 3 << 20;

/// How many levels of a column the library gets at once. It bounds how many texts are allocated at the same time.
const BATCH: usize = 4096;

/// Writes Parquet, one row group after another. Memory is constant except for the footer, which lists the row groups.
///
/// Decimals are doubles, as analysis tools expect. Doubles keep the 15 significant digits that published figures have at
/// most. Lists are lists of texts. JSON is text with the logical type JSON.
pub struct ParquetWriter {
    file: SerializedFileWriter<Vec<u8>>,
    columns: Vec<Buffer>,
    rows: usize,
    bytes: usize,
    /// Over all bytes that are written out.
    checksum: FileChecksum,
}

/// One column of the current row group.
struct Buffer {
    column: Column,
    values: ColumnValues,
    /// The definition levels: see [`Buffer::present`].
    defined: Vec<i16>,
    /// The repetition levels of a list: 1 if the element continues the row before it.
    repeated: Vec<i16>,
}

/// The values that are not null, by physical type.
enum ColumnValues {
    Booleans(Vec<bool>),
    Integers(Vec<i64>),
    Doubles(Vec<f64>),
    Days(Vec<i32>),
    /// All texts in one allocation, with the end of each.
    Texts(String, Vec<usize>),
}

impl ParquetWriter {
    /// A writer for rows of these columns.
    ///
    /// # Errors
    /// Returns an error if the columns make no valid Parquet schema.
    pub fn new(about: &About) -> io::Result<Self> {
        let fields = about.columns.iter().map(field).collect::<Result<_>>()?;
        let schema = Type::group_type_builder(about.dataset.name).with_fields(fields).build()?;
        let notes = [
            ("dataset", about.dataset.name.to_owned()),
            ("release", about.release.to_string()),
            ("published_at", about.published_at.clone()),
            ("licences", serde_json::to_string(&about.licences[..])?),
            ("pinned", about.pinned.clone()),
        ];
        let notes = notes.map(|(key, value)| KeyValue::new(key.to_owned(), value)).to_vec();
        // Row groups are small. Statistics and offsets of single pages would only make the footer larger.
        let properties = WriterProperties::builder()
            .set_created_by(CREATED_BY.to_owned())
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_dictionary_enabled(true)
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_offset_index_disabled(true)
            .set_key_value_metadata(Some(notes))
            .build();
        let file = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties))?;
        Ok(Self {
            file,
            columns: about.columns.iter().map(Buffer::new).collect(),
            rows: 0,
            bytes: 0,
            checksum: FileChecksum::default(),
        })
    }

    /// Ends the row group, if there is one, and writes all finished bytes.
    fn flush(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.rows > 0 {
            let properties = Arc::clone(self.file.properties());
            let columns = self.file.schema_descr().columns().to_vec();
            let mut group = self.file.next_row_group()?;
            for (buffer, column) in self.columns.iter_mut().zip(columns) {
                let mut pages = Vec::new();
                let mut writer = get_column_writer(column, Arc::clone(&properties), Box::new(CheckedPages { out: &mut pages }));
                buffer.write(&mut writer)?;
                let closed = writer.close()?;
                group.append_column(&Bytes::from(pages), closed)?;
            }
            group.close()?;
            (self.rows, self.bytes) = (0, 0);
        }
        self.file.flush()?;
        // The library counts its own bytes, so its buffer can be taken.
        let bytes = mem::take(self.file.inner_mut());
        self.checksum.update(&bytes);
        out.write_all(&bytes)
    }
}

impl RowWriter for ParquetWriter {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.flush(out)
    }

    fn row(&mut self, out: &mut dyn Write, row: RowView<'_>) -> io::Result<()> {
        for (buffer, cell) in self.columns.iter_mut().zip(row.cells()) {
            buffer.push(cell)?;
            self.bytes += cell.map_or(0, str::len);
        }
        self.rows += 1;
        if self.rows >= GROUP_ROWS || self.bytes >= GROUP_BYTES { self.flush(out) } else { Ok(()) }
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.flush(out)?;
        self.file
            .append_key_value_metadata(KeyValue::new(parquet_checksum::NAME.to_owned(), parquet_checksum::UNKNOWN.to_owned()));
        self.file.finish()?;
        let mut footer = mem::take(self.file.inner_mut());
        self.checksum.update(&footer);
        let place =
            parquet_checksum::place(&footer).ok_or_else(|| io::Error::other("the footer has no place for the checksum"))?;
        footer[place].copy_from_slice(self.checksum.value().as_bytes());
        out.write_all(&footer)
    }
}

impl Buffer {
    fn new(column: &Column) -> Self {
        let values = match column.kind {
            Kind::Boolean => ColumnValues::Booleans(Vec::new()),
            Kind::Integer { .. } | Kind::Timestamp => ColumnValues::Integers(Vec::new()),
            Kind::Decimal => ColumnValues::Doubles(Vec::new()),
            Kind::Date | Kind::PeriodBound { .. } => ColumnValues::Days(Vec::new()),
            _ => ColumnValues::Texts(String::new(), Vec::new()),
        };
        Self { column: column.clone(), values, defined: Vec::new(), repeated: Vec::new() }
    }

    /// The definition level of a value that is not null: one level if the column is optional, one more if it is a list, and
    /// one more if its items can be empty. An empty item has the level below, an empty list the level below that of items.
    fn present(&self) -> i16 {
        self.listed() + i16::from(self.column.has_empty_items())
    }

    /// The definition level of an item of a list, be it empty or not.
    fn listed(&self) -> i16 {
        i16::from(!is_never_null(&self.column)) + i16::from(self.column.is_list())
    }

    fn push(&mut self, cell: Option<&str>) -> io::Result<()> {
        let fits = match (cell, &mut self.values, self.column.kind) {
            (None, ..) if self.column.is_list() => return self.push_list("[]"),
            (None, ..) => !self.column.required,
            (Some(text), ..) if self.column.is_list() => return self.push_list(text),
            (Some(text), ColumnValues::Integers(values), Kind::Timestamp) => {
                chrono::DateTime::parse_from_rfc3339(text).map(|time| values.push(time.timestamp_micros())).is_ok()
            }
            (Some(text), ColumnValues::Booleans(values), _) => text.parse().map(|value| values.push(value)).is_ok(),
            (Some(text), ColumnValues::Integers(values), _) => text.parse().map(|value| values.push(value)).is_ok(),
            (Some(text), ColumnValues::Doubles(values), _) => text.parse().map(|value| values.push(value)).is_ok(),
            (Some(text), ColumnValues::Days(values), _) => {
                period::day(text).map(|day| values.push(day.to_epoch_days())).is_some()
            }
            (Some(text), ColumnValues::Texts(texts, ends), _) => {
                append(texts, ends, text);
                true
            }
        };
        self.level(cell.map_or(0, |_| self.present()), 0);
        if fits { Ok(()) } else { Err(self.unfit(cell)) }
    }

    fn push_list(&mut self, text: &str) -> io::Result<()> {
        let items = list::items(text).map_err(|_| self.unfit(Some(text)))?;
        if items.is_empty() {
            self.level(self.listed() - 1, 0);
        }
        for (at, item) in items.iter().enumerate() {
            let defined = match (&mut self.values, item) {
                (ColumnValues::Texts(texts, ends), Some(item)) => {
                    append(texts, ends, item);
                    self.present()
                }
                _ if self.column.has_empty_items() => self.listed(),
                _ => return Err(self.unfit(Some(text))),
            };
            self.level(defined, i16::from(at > 0));
        }
        Ok(())
    }

    fn level(&mut self, defined: i16, repeated: i16) {
        self.defined.push(defined);
        self.repeated.push(repeated);
    }

    fn unfit(&self, cell: Option<&str>) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, format!("the column {} cannot hold {cell:?}", self.column.name))
    }

    /// Writes and clears the values. Their memory is reused for the next row group.
    fn write(&mut self, writer: &mut ColumnWriter<'_>) -> Result<()> {
        let present = self.present();
        // The library takes no levels if every value has the same one.
        let defined = (present > 0).then_some(&self.defined[..]);
        match &mut self.values {
            ColumnValues::Booleans(values) => numbers::<BoolType>(writer, values, defined)?,
            ColumnValues::Integers(values) => numbers::<Int64Type>(writer, values, defined)?,
            ColumnValues::Doubles(values) => numbers::<DoubleType>(writer, values, defined)?,
            ColumnValues::Days(values) => numbers::<Int32Type>(writer, values, defined)?,
            ColumnValues::Texts(texts, ends) => {
                let (mut level, mut value, mut start) = (0, 0, 0);
                while level < self.defined.len() {
                    // A batch must end with a whole row.
                    let more = self.repeated[level..].iter().skip(BATCH).position(|&repeated| repeated == 0);
                    let until = more.map_or(self.defined.len(), |more| level + BATCH + more);
                    let count = self.defined[level..until].iter().filter(|&&defined| defined == present).count();
                    // Copies: the statistics keep the smallest and the largest text until the end of the file.
                    let copy = |&end: &usize| ByteArray::from(&texts[mem::replace(&mut start, end)..end]);
                    let batch: Vec<ByteArray> = ends[value..value + count].iter().map(copy).collect();
                    let repeated = self.column.is_list().then_some(&self.repeated[level..until]);
                    let defined = defined.map(|levels| &levels[level..until]);
                    get_typed_column_writer_mut::<ByteArrayType>(writer).write_batch(&batch, defined, repeated)?;
                    (level, value) = (until, value + count);
                }
                texts.clear();
                ends.clear();
            }
        }
        self.defined.clear();
        self.repeated.clear();
        Ok(())
    }
}

fn numbers<T: DataType>(writer: &mut ColumnWriter<'_>, values: &mut Vec<T::T>, defined: Option<&[i16]>) -> Result<()> {
    get_typed_column_writer_mut::<T>(writer).write_batch(values, defined, None).map(|_| values.clear())
}

fn append(texts: &mut String, ends: &mut Vec<usize>, text: &str) {
    texts.push_str(text);
    ends.push(texts.len());
}

/// Whether each row has a value in the column. A list without elements is empty, not null.
fn is_never_null(column: &Column) -> bool {
    column.required || column.is_list()
}

/// The field of the schema that holds a column.
fn field(column: &Column) -> Result<TypePtr> {
    let repetition = if is_never_null(column) { Repetition::REQUIRED } else { Repetition::OPTIONAL };
    let leaf = |name: &str, physical, logical, repetition| {
        Type::primitive_type_builder(name, physical).with_logical_type(logical).with_repetition(repetition).build().map(Arc::new)
    };
    if column.is_list() {
        // The format prescribes these three levels and their names.
        let repeated = if column.has_empty_items() { Repetition::OPTIONAL } else { Repetition::REQUIRED };
        let item = leaf("element", Physical::BYTE_ARRAY, Some(LogicalType::String), repeated)?;
        let items = Type::group_type_builder("list").with_repetition(Repetition::REPEATED).with_fields(vec![item]).build()?;
        let list = Type::group_type_builder(&column.name).with_logical_type(Some(LogicalType::List));
        return list.with_repetition(repetition).with_fields(vec![Arc::new(items)]).build().map(Arc::new);
    }
    let (physical, logical) = match column.kind {
        Kind::Boolean => (Physical::BOOLEAN, None),
        Kind::Integer { .. } => (Physical::INT64, None),
        Kind::Decimal => (Physical::DOUBLE, None),
        Kind::Date | Kind::PeriodBound { .. } => (Physical::INT32, Some(LogicalType::Date)),
        Kind::Timestamp => (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MICROS))),
        Kind::Json { .. } => (Physical::BYTE_ARRAY, Some(LogicalType::Json)),
        _ => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
    };
    leaf(&column.name, physical, logical, repetition)
}
