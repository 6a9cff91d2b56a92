//! Owns the reading of one canonical CSV file into a staging table: headers, cells, digest, number of rows.
//! Canonical: UTF-8, commas, headers that are the names of the dataset's fields.
//! Must not know what is checked across rows.

use std::fs;
use std::io::{BufReader, Read};
use std::path::Path;

use bytes::Bytes;
use futures_util::SinkExt;
use sha2::{Digest, Sha256};

use super::cell;
use super::fault::{Faults, FileFault, PublishError};
use super::manifest::File;
use super::progress::Progress;
use crate::db::stage::Stage;
use crate::query::closest::closest;
use crate::query::dataset::KEY_SEPARATOR;
use crate::query::{Dataset, Field, Kind, Rows, period};

/// Bytes gathered before they are sent to the database.
const CHUNK: usize = 64 * 1024;

/// Where the values of a column come from.
enum Origin {
    Cell(usize),
    Constant(Option<String>),
    PeriodBound { cell: usize, end: bool },
    Empty,
}

/// Reads a file into the stage; faults are gathered, rows at fault left out.
///
/// # Errors
/// When the file cannot be read or the database fails.
pub async fn read(
    folder: &Path,
    (index, file): (usize, &File),
    dataset: &'static Dataset,
    stage: &Stage<'_, '_>,
    progress: &Progress,
    faults: &mut Faults,
) -> Result<(), PublishError> {
    let path = folder.join(&file.path);
    let unreadable =
        |error: &dyn std::fmt::Display| PublishError::Unreadable(format!("{} cannot be read: {error}", path.display()));
    if !matches!(dataset.rows, Rows::Published) {
        faults.push(FileFault::of_file(&file.path, format!("the dataset {} is not published from files", dataset.name)));
        return Ok(());
    }
    check_digest(&path, file, faults).map_err(|error| unreadable(&error))?;
    let opened = fs::File::open(&path).map_err(|error| unreadable(&error))?;
    let mut csv = csv::ReaderBuilder::new().flexible(true).from_reader(BufReader::new(opened));
    let headers = csv.headers().map_err(|error| unreadable(&error))?.clone();
    let Some(columns) = columns(dataset, file, &headers, faults) else {
        return Ok(());
    };
    let mut sink = std::pin::pin!(stage.copy().await?);
    let (mut record, mut chunk, mut rows, mut done) = (csv::StringRecord::new(), Vec::with_capacity(CHUNK * 2), 0_u64, 0);
    loop {
        match csv.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                let line = error.position().map(csv::Position::line);
                faults.push(FileFault {
                    line,
                    ..FileFault::of_file(&file.path, format!("the line cannot be read: {}", error.kind_text()))
                });
                break;
            }
        }
        rows += 1;
        let line = record.position().map_or(0, csv::Position::line);
        if record.len() != headers.len() {
            let detail = format!("the line has {} cells where the header has {}", record.len(), headers.len());
            faults.push(FileFault { line: Some(line), ..FileFault::of_file(&file.path, detail) });
            continue;
        }
        row(dataset, &columns, &record, (&file.path, line), &mut chunk, faults);
        chunk.extend_from_slice(format!("{index}\t{line}\n").as_bytes());
        if chunk.len() >= CHUNK {
            sink.send(Bytes::from(std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK * 2)))).await?;
            progress.advance(csv.position().byte() - done);
            done = csv.position().byte();
        }
    }
    sink.send(Bytes::from(chunk)).await?;
    sink.finish().await?;
    progress.advance(csv.position().byte() - done);
    if rows != file.rows {
        faults.push(FileFault::of_file(&file.path, format!("the file has {rows} rows where the manifest says {}", file.rows)));
    }
    Ok(())
}

/// Writes one row; a value at fault is written as null, since faults stop the publication later on.
fn row(
    dataset: &'static Dataset,
    columns: &[(&'static Field, Origin)],
    record: &csv::StringRecord,
    place: (&str, u64),
    chunk: &mut Vec<u8>,
    faults: &mut Faults,
) {
    for (field, origin) in columns {
        let computed;
        let value = match origin {
            Origin::Empty => None,
            Origin::Constant(text) => text.as_deref(),
            Origin::PeriodBound { cell, end } => {
                computed = period_bound(&record[*cell], *end);
                computed.as_deref()
            }
            Origin::Cell(at) => match cell::read(field, &record[*at]) {
                Ok(Some(text))
                    if dataset.has_joined_code() && dataset.key.contains(&field.name) && text.contains(KEY_SEPARATOR) =>
                {
                    faults.push(cell_fault(
                        place,
                        field,
                        &record[*at],
                        format!("holds a `{KEY_SEPARATOR}`, which joins the parts of a code"),
                    ));
                    None
                }
                Ok(text) => {
                    computed = text;
                    computed.as_deref()
                }
                Err(why) => {
                    faults.push(cell_fault(place, field, &record[*at], why));
                    None
                }
            },
        };
        cell::write(chunk, value);
        chunk.push(b'\t');
    }
}

fn cell_fault((file, line): (&str, u64), field: &Field, value: &str, detail: String) -> FileFault {
    let (column, value) = (Some(field.name.to_owned()), Some(value.to_owned()));
    FileFault { line: Some(line), column, value, ..FileFault::of_file(file, detail) }
}

/// First or last day of a period; nothing for a text that is none, whose own cell is at fault.
fn period_bound(text: &str, end: bool) -> Option<String> {
    period::parse(text).map(|p| if end { p.end } else { p.start }.to_string())
}

/// Finds where each column of the table comes from; `None`, with the faults, when the header will not do.
fn columns(
    dataset: &'static Dataset,
    file: &File,
    headers: &csv::StringRecord,
    faults: &mut Faults,
) -> Option<Vec<(&'static Field, Origin)>> {
    let given: Vec<&'static Field> = dataset.columns().filter(|field| !field.is_computed()).collect();
    let mut wrong = Vec::new();
    for name in headers.iter().chain(file.constants.keys().map(String::as_str)) {
        if !given.iter().any(|field| field.name == name) {
            let near = closest(name, given.iter().map(|field| field.name));
            let meant = near.first().map_or(String::new(), |word| format!("; did you mean `{word}`?"));
            wrong.push(format!("`{}` is not a field of {}{meant}", crate::problem::echo(name), dataset.name));
        }
        if headers.iter().filter(|header| *header == name).count() + usize::from(file.constants.contains_key(name)) > 1 {
            wrong.push(format!("the column `{}` is given twice", crate::problem::echo(name)));
        }
    }
    let position = |name: &str| headers.iter().position(|header| header == name);
    let mut columns = Vec::new();
    for field in dataset.columns() {
        let origin = match (field.kind, position(field.name), file.constants.get(field.name)) {
            (Kind::PeriodBound { end }, _, _) => match (position("period"), file.constants.get("period")) {
                (Some(cell), _) => Origin::PeriodBound { cell, end },
                (None, Some(text)) => Origin::Constant(period_bound(text, end)),
                (None, None) => Origin::Empty,
            },
            (_, Some(at), _) => Origin::Cell(at),
            (_, None, Some(text)) => match cell::read(field, text) {
                Ok(text) => Origin::Constant(text),
                Err(why) => {
                    wrong.push(format!("the constant `{}` {why}", field.name));
                    continue;
                }
            },
            (_, None, None) if field.required => {
                wrong.push(format!("the column `{}` is missing", field.name));
                continue;
            }
            (_, None, None) => Origin::Empty,
        };
        columns.push((field, origin));
    }
    let right = wrong.is_empty();
    wrong.into_iter().for_each(|detail| faults.push(FileFault { line: Some(1), ..FileFault::of_file(&file.path, detail) }));
    right.then_some(columns)
}

fn check_digest(path: &Path, file: &File, faults: &mut Faults) -> std::io::Result<()> {
    let (mut opened, mut hasher, mut buffer) = (fs::File::open(path)?, Sha256::new(), vec![0; CHUNK]);
    loop {
        match opened.read(&mut buffer)? {
            0 => break,
            n => hasher.update(&buffer[..n]),
        }
    }
    let digest: String = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    if digest != file.sha256 {
        faults.push(FileFault::of_file(&file.path, format!("the file's SHA-256 is {digest}, not the manifest's")));
    }
    Ok(())
}

trait KindText {
    fn kind_text(&self) -> String;
}

impl KindText for csv::Error {
    /// The error without its position, which the fault gives already.
    fn kind_text(&self) -> String {
        match self.kind() {
            csv::ErrorKind::Utf8 { .. } => "it is not UTF-8".to_owned(),
            _ => self.to_string(),
        }
    }
}
