//! Owns one column of a Parquet row group: it reads values in batches and returns them cell by cell.
//! Must not know the other columns.

use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::DataType;
use parquet::errors::Result;

use super::text::{ValueText, ValueType};
use crate::publish::input::readers::limits::RECORD_BYTES;
use crate::publish::input::readers::record::CellType;

/// The separator of texts in a list, as in CSV.
const LIST_SEPARATOR: char = '|';

/// The layout of a column's values in its rows.
#[derive(Clone, Copy, Debug)]
pub struct ColumnShape {
    /// The type of the values.
    pub meaning: ValueType,
    /// Whether each row has a list of values.
    pub is_list: bool,
    /// The definition level of a value that is not null.
    pub present: i16,
    /// The definition level from which a list has an element, which may be null.
    pub element: i16,
}

/// A column that is read in batches and returned cell by cell.
pub trait ColumnCells {
    /// Reads the next batch of at most `rows` rows. Returns their number.
    ///
    /// # Errors
    /// Returns an error of the library.
    fn read(&mut self, rows: usize) -> Result<usize>;

    /// Appends the text of the next row's cell and returns its type. After an error the next call returns the cell of
    /// the next row.
    ///
    /// # Errors
    /// Returns what is wrong with the cell.
    fn next(&mut self, out: &mut String) -> std::result::Result<CellType, String>;
}

/// Makes the reader for the cells of a column.
pub fn cells(reader: ColumnReader, shape: ColumnShape) -> Box<dyn ColumnCells> {
    match reader {
        ColumnReader::BoolColumnReader(reader) => TypedCells::boxed(reader, shape),
        ColumnReader::Int32ColumnReader(reader) => TypedCells::boxed(reader, shape),
        ColumnReader::Int64ColumnReader(reader) => TypedCells::boxed(reader, shape),
        ColumnReader::Int96ColumnReader(reader) => TypedCells::boxed(reader, shape),
        ColumnReader::FloatColumnReader(reader) => TypedCells::boxed(reader, shape),
        ColumnReader::DoubleColumnReader(reader) => TypedCells::boxed(reader, shape),
        ColumnReader::ByteArrayColumnReader(reader) => TypedCells::boxed(reader, shape),
        ColumnReader::FixedLenByteArrayColumnReader(reader) => TypedCells::boxed(reader, shape),
    }
}

struct TypedCells<T: DataType> {
    reader: ColumnReaderImpl<T>,
    shape: ColumnShape,
    values: Vec<T::T>,
    /// The definition levels; empty if no value can be null.
    defined: Vec<i16>,
    /// The repetition levels of a list: 0 starts a new row.
    repeated: Vec<i16>,
    level: usize,
    value: usize,
}

impl<T: DataType + 'static> TypedCells<T>
where
    T::T: ValueText,
{
    fn boxed(reader: ColumnReaderImpl<T>, shape: ColumnShape) -> Box<dyn ColumnCells> {
        let (values, defined, repeated) = (Vec::new(), Vec::new(), Vec::new());
        Box::new(Self { reader, shape, values, defined, repeated, level: 0, value: 0 })
    }

    /// The next definition level, and its value if there is one.
    fn step(&mut self) -> (i16, Option<&T::T>) {
        let defined = if self.shape.present == 0 { 0 } else { self.defined.get(self.level).copied().unwrap_or(0) };
        self.level += 1;
        if defined < self.shape.present {
            return (defined, None);
        }
        self.value += 1;
        (defined, self.values.get(self.value - 1))
    }

    fn list(&mut self, out: &mut String) -> std::result::Result<CellType, String> {
        let (start, meaning, element) = (out.len(), self.shape.meaning, self.shape.element);
        let (mut count, mut wrong) = (0_usize, None);
        loop {
            let (defined, value) = self.step();
            if defined >= element && wrong.is_none() {
                if count > 0 {
                    out.push(LIST_SEPARATOR);
                }
                count += 1;
                wrong = match value {
                    Some(value) => value.append(meaning, out).err(),
                    None => Some("has an element that is null".to_owned()),
                };
                if out.len() - start > RECORD_BYTES {
                    wrong = Some(format!("has more than {} MiB", RECORD_BYTES >> 20));
                }
            }
            if self.repeated.get(self.level).is_none_or(|repeated| *repeated == 0) {
                return wrong.map_or(Ok(CellType::Text), Err);
            }
        }
    }
}

impl<T: DataType> ColumnCells for TypedCells<T>
where
    T::T: ValueText,
    T: 'static,
{
    fn read(&mut self, rows: usize) -> Result<usize> {
        (self.level, self.value) = (0, 0);
        self.values.clear();
        self.defined.clear();
        self.repeated.clear();
        let (mut read, mut last) = (0, usize::MAX);
        // A batch may end at the end of a page.
        while read < rows && last > 0 {
            (last, ..) =
                self.reader.read_records(rows - read, Some(&mut self.defined), Some(&mut self.repeated), &mut self.values)?;
            read += last;
        }
        Ok(read)
    }

    fn next(&mut self, out: &mut String) -> std::result::Result<CellType, String> {
        if self.shape.is_list {
            return self.list(out);
        }
        let meaning = self.shape.meaning;
        match self.step() {
            (_, Some(value)) => value.append(meaning, out),
            _ => Ok(CellType::Text),
        }
    }
}
