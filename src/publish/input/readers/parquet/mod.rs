//! Owns the reading of Parquet: it assembles rows from columns, in batches.
//! Must not know the meaning of the columns, nor trust the sizes that a file states.

mod checksum;
mod column;
mod footer;
mod pages;
mod text;

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use parquet::basic::{ConvertedType, LogicalType, Repetition};
use parquet::column::reader::get_column_reader;
use parquet::errors::Result as Library;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData};
use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor};

use super::error::ReadError;
use super::limits::{RECORD_BYTES, RECORD_CELLS};
use super::parquet::column::{ColumnCells, ColumnShape, cells};
use super::parquet::pages::{Budget, GROUP_BYTES, Pages};
use super::record::{CellType, Record};
use super::sink::RecordSink;
use crate::problem::echo;

/// The first and last bytes of a file.
pub const MAGIC: &[u8; 4] = b"PAR1";

/// The most bytes of the footer, which is held in memory: enough for hundreds of row groups.
const FOOTER_BYTES: u64 = 16 << 20;

/// The rows in a batch.
const BATCH: usize = 1024;

/// Reads the rows of a file, after a record with the names of its columns. The line of a record is its number, from 1.
///
/// # Errors
/// Returns an error if the file is not Parquet, is incomplete, or has a column that no record can have.
pub fn read(path: &Path, sink: &mut dyn RecordSink) -> Result<(), ReadError> {
    let file = Arc::new(File::open(path).map_err(|error| ReadError::file(error.to_string()))?);
    let footer = inspect(&file)?;
    let metadata = caught(|| ParquetMetaDataReader::new().parse_and_finish(&*file))?;
    let made_by = metadata.file_metadata().created_by();
    if !checksum::holds(&file, &footer, made_by).map_err(|error| ReadError::file(error.to_string()))? {
        return Err(damaged(&"it is not what was written: its checksum is another, or missing"));
    }
    drop(footer);
    let schema = metadata.file_metadata().schema_descr();
    let columns = columns(schema)?;
    check(&metadata)?;
    let mut record = Record::default();
    record.begin(0);
    columns.iter().for_each(|(name, _)| record.push(name, CellType::Text));
    if sink.record(&record).is_break() {
        return Ok(());
    }
    let (mut line, mut text) = (0, String::new());
    for group in metadata.row_groups() {
        let rows = usize::try_from(group.num_rows()).map_err(|_| damaged(&"a row group has less than no rows"))?;
        let budget = Budget::default();
        let mut readers = caught(|| readers(&file, group, rows, &columns, &budget))?;
        let mut left = rows;
        while left > 0 {
            let batch = left.min(BATCH);
            for reader in &mut readers {
                budget.begin_batch();
                if caught(|| reader.read(batch))? != batch {
                    return Err(damaged(&"a column has fewer rows than its row group"));
                }
            }
            for _ in 0..batch {
                line += 1;
                let cell = row(line, &mut readers, (&mut record, &mut text));
                let flow = match cell {
                    Ok(()) => sink.record(&record),
                    Err(broken) => {
                        sink.broken(broken);
                        continue;
                    }
                };
                if flow.is_break() {
                    return Ok(());
                }
            }
            left -= batch;
        }
    }
    Ok(())
}

/// Assembles the next row.
fn row(line: u64, readers: &mut [Box<dyn ColumnCells>], (record, text): (&mut Record, &mut String)) -> Result<(), ReadError> {
    record.begin(line);
    let mut wrong = None;
    for (at, reader) in readers.iter_mut().enumerate() {
        text.clear();
        match reader.next(text) {
            Ok(form) => record.push(text, form),
            Err(detail) => wrong = wrong.or(Some(ReadError { line: Some(line), cell: Some(at), detail })),
        }
        if record.bytes() > RECORD_BYTES {
            wrong = wrong.or(Some(ReadError::line(line, format!("the row has more than {} MiB", RECORD_BYTES >> 20))));
            record.begin(line);
        }
    }
    wrong.map_or(Ok(()), Err)
}

/// Checks the start and the end of the file before the library allocates what they state. Returns the footer.
fn inspect(mut file: &File) -> Result<Vec<u8>, ReadError> {
    let unread = |error: std::io::Error| ReadError::file(error.to_string());
    let length = file.seek(SeekFrom::End(0)).map_err(unread)?;
    let not_whole =
        || ReadError::file("the file does not begin and end as Parquet does (`PAR1`): it is something else, or not whole");
    let (mut head, mut tail) = ([0; 4], [0; 8]);
    if length < 12 {
        return Err(not_whole());
    }
    file.rewind().and_then(|()| file.read_exact(&mut head)).map_err(unread)?;
    file.seek(SeekFrom::End(-8)).and_then(|_| file.read_exact(&mut tail)).map_err(unread)?;
    let [a, b, c, d, magic @ ..] = tail;
    if head != *MAGIC || magic != *MAGIC {
        return Err(not_whole());
    }
    match u64::from(u32::from_le_bytes([a, b, c, d])) {
        said if said > length - 12 => Err(damaged(&"its footer says that it is longer than the file")),
        said if said > FOOTER_BYTES => {
            Err(ReadError::file(format!("the footer has more than {} MiB; write fewer row groups", FOOTER_BYTES >> 20)))
        }
        said => {
            let mut bytes = vec![0; usize::try_from(said).unwrap_or_default()];
            let start = i64::try_from(said).unwrap_or_default() + 8;
            file.seek(SeekFrom::End(-start)).and_then(|_| file.read_exact(&mut bytes)).map_err(unread)?;
            if footer::is_sound(&bytes) { Ok(bytes) } else { Err(damaged(&"its footer is not one")) }
        }
    }
}

/// Rejects files with row groups or codecs that cannot be read, before any row is read.
fn check(metadata: &ParquetMetaData) -> Result<(), ReadError> {
    let most = i64::try_from(GROUP_BYTES).unwrap_or(i64::MAX);
    for group in metadata.row_groups() {
        if group.columns().iter().map(|chunk| chunk.uncompressed_size()).fold(0, i64::saturating_add) > most {
            let limit = GROUP_BYTES >> 20;
            return Err(ReadError::file(format!(
                "a row group has more than {limit} MiB; write the file with smaller row groups"
            )));
        }
        if let Some(chunk) = group.columns().iter().find(|chunk| !pages::is_readable(chunk.compression())) {
            let codec = chunk.compression_codec();
            let detail = format!("the file is packed with {codec:?}, which is not read; SNAPPY, GZIP, ZSTD and UNCOMPRESSED are");
            return Err(ReadError::file(detail));
        }
    }
    Ok(())
}

/// The columns, with the layout of their values.
fn columns(schema: &SchemaDescriptor) -> Result<Vec<(String, ColumnShape)>, ReadError> {
    if schema.num_columns() > RECORD_CELLS {
        return Err(ReadError::file(format!("the file has more than {RECORD_CELLS} columns")));
    }
    let shaped = |(at, column): (usize, &Arc<ColumnDescriptor>)| {
        let root = schema.get_column_root(at);
        let name = root.name().to_owned();
        let is_list = column.max_rep_level() == 1;
        let info = root.get_basic_info();
        let says_list = info.converted_type() == ConvertedType::LIST || info.logical_type_ref() == Some(&LogicalType::List);
        let alone = root.is_primitive() || (is_list && says_list && column.path().parts().len() <= 3);
        let meaning = text::meaning(column).filter(|_| alone && column.max_rep_level() <= 1);
        let Some(meaning) = meaning else {
            let detail = format!(
                "the column `{}` is of a type that no field has; texts, numbers, days, instants and lists of them are read",
                echo(&name)
            );
            return Err(ReadError::file(detail));
        };
        let present = column.max_def_level();
        let optional = column.self_type().get_basic_info().repetition() == Repetition::OPTIONAL;
        Ok((name, ColumnShape { meaning, is_list, present, element: present - i16::from(is_list && optional) }))
    };
    schema.columns().iter().enumerate().map(shaped).collect()
}

/// Opens readers for the columns of a row group.
fn readers(
    file: &Arc<File>,
    group: &RowGroupMetaData,
    rows: usize,
    columns: &[(String, ColumnShape)],
    budget: &Budget,
) -> Library<Vec<Box<dyn ColumnCells>>> {
    let reader = |(chunk, (_, shape)): (&_, &(String, ColumnShape))| {
        let pages = Pages::new(file, chunk, rows, budget)?;
        Ok(cells(get_column_reader(chunk.column_descr_ptr(), Box::new(pages)), *shape))
    };
    group.columns().iter().zip(columns).map(reader).collect()
}

/// Calls the library. For a damaged file it may panic as well as return an error.
fn caught<T>(call: impl FnOnce() -> Library<T>) -> Result<T, ReadError> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(result) => result.map_err(|error| damaged(&error)),
        Err(_) => Err(damaged(&"it contradicts itself")),
    }
}

fn damaged(why: &dyn std::fmt::Display) -> ReadError {
    ReadError::file(format!("the Parquet file cannot be read: {why}"))
}
