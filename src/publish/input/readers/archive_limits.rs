//! Owns the limits of workbooks, which are ZIP archives: a small archive can unpack to gigabytes, and readers hold
//! parts of it in memory.
//! Must not know the meaning of the cells, nor how they are read.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;

use super::error::ReadError;
use super::file_format::WorkbookKind;

/// The most bytes of all unpacked parts: about a million and a half rows.
const UNPACKED: u64 = 1 << 30;

/// The most bytes of the large parts that readers hold in memory: the shared strings of XLSX, the cells of ODS, and
/// what is not XML.
const HELD: u64 = 64 << 20;

/// The most bytes of the other parts that readers hold in memory, such as styles, which take more memory than they have
/// bytes.
const OTHER: u64 = 8 << 20;

/// The most bytes of XML between two tags. A cell has at most 32,767 characters.
const UNTAGGED: usize = 1 << 20;

/// The most cells in the sheets of an ODS, with repetitions.
const ODS_CELLS: u64 = 750_000;

/// Folders of XLSX whose parts are streamed or not read at all.
const STREAMED: [&str; 5] = ["/worksheets/", "/pivotCache/", "/drawings/", "/charts/", "/externalLinks/"];

fn unreadable(error: &dyn std::error::Error) -> ReadError {
    ReadError::file(format!("the workbook cannot be read: {error}"))
}

/// Unpacks all parts once and discards them: the sizes that an archive states cannot be trusted.
///
/// # Errors
/// Returns an error if the file is not an archive, or exceeds a limit.
pub fn inspect(path: &Path, kind: WorkbookKind) -> Result<(), ReadError> {
    let file = File::open(path).map_err(|error| ReadError::file(error.to_string()))?;
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| unreadable(&error))?;
    let (mut unpacked, mut held, mut other, mut buffer) = (0, 0, 0, vec![0; 64 * 1024]);
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).map_err(|error| unreadable(&error))?;
        let name = part.name().map_err(|error| unreadable(&error))?.into_owned();
        let xml = name.ends_with(".xml") || name.ends_with(".rels");
        let large = name.ends_with("sharedStrings.xml") || name == "content.xml" || !xml;
        let streamed = kind == WorkbookKind::Xlsx && xml && STREAMED.iter().any(|folder| name.contains(folder));
        let (mut untagged, mut first) = (0, true);
        loop {
            let read = part.read(&mut buffer).map_err(|error| unreadable(&error))?;
            if read == 0 {
                break;
            }
            let bytes = u64::try_from(read).unwrap_or(u64::MAX);
            unpacked += bytes;
            match (streamed, large) {
                (true, _) => {}
                (false, true) => held += bytes,
                (false, false) => other += bytes,
            }
            if xml {
                untagged = match memchr::memrchr(b'<', &buffer[..read]) {
                    Some(tag) => read - tag,
                    None => untagged + read,
                };
            }
            let too_many_strings = first && name.ends_with("sharedStrings.xml") && announced_strings(&buffer[..read]) > HELD;
            first = false;
            if unpacked > UNPACKED || held > HELD || other > OTHER || untagged > UNTAGGED || too_many_strings {
                return Err(too_much(&name));
            }
        }
    }
    if kind == WorkbookKind::Ods {
        let content = archive.by_name("content.xml").map_err(|error| unreadable(&error))?;
        if count_cells(BufReader::new(content))? > ODS_CELLS {
            return Err(ReadError::file(format!("the workbook has more than {ODS_CELLS} cells; save it as .xlsx or .csv")));
        }
    }
    Ok(())
}

fn too_much(name: &str) -> ReadError {
    ReadError::file(format!(
        "its part `{}` unpacks to more than a workbook of data does ({} MiB in all, {} MiB of texts, {} MiB of styles, 1 MiB in one cell)",
        crate::problem::echo(name),
        UNPACKED >> 20,
        HELD >> 20,
        OTHER >> 20
    ))
}

/// The number of strings that the table of shared strings states. Readers allocate that many before they read any.
fn announced_strings(head: &[u8]) -> u64 {
    const NAME: &[u8] = b"uniqueCount=";
    let Some(at) = memchr::memmem::find(head, NAME) else { return 0 };
    let digits = head[at + NAME.len()..].iter().skip(1).take_while(|byte| byte.is_ascii_digit());
    digits.fold(0_u64, |number, digit| number.saturating_mul(10).saturating_add(u64::from(digit - b'0')))
}

/// Estimates the number of cells in the sheets of an ODS, with repetitions. Empty cells at the end of a row or of a
/// sheet do not count.
fn count_cells(content: impl BufRead) -> Result<u64, ReadError> {
    let mut xml = quick_xml::Reader::from_reader(content);
    let config = xml.config_mut();
    (config.expand_empty_elements, config.check_end_names) = (true, false);
    let (mut all, mut buffer) = (0_u64, Vec::new());
    let (mut rows, mut filled_rows, mut width, mut own) = (0_u64, 0_u64, 0_u64, 0_u64);
    let (mut repeated, mut columns, mut filled) = (1, 0_u64, 0_u64);
    loop {
        buffer.clear();
        match xml.read_event_into(&mut buffer).map_err(|error| unreadable(&error))? {
            Event::Start(tag) => match tag.name().0 {
                "table:table-row" => (repeated, columns, filled) = (repetitions(&tag, "table:number-rows-repeated"), 0, 0),
                "table:table-cell" | "table:covered-table-cell" => {
                    columns = columns.saturating_add(repetitions(&tag, "table:number-columns-repeated"));
                    let has = |name| matches!(tag.try_get_attribute(name), Ok(Some(_)));
                    if has("office:value-type") || has("table:formula") {
                        filled = columns;
                    }
                }
                "text:p" => filled = columns,
                _ => {}
            },
            Event::End(tag) => match tag.name().0 {
                "table:table-row" => {
                    rows = rows.saturating_add(repeated);
                    if filled > 0 {
                        (filled_rows, width) = (rows, width.max(filled));
                        own = own.saturating_add(filled);
                    }
                }
                "table:table" => {
                    // Readers hold the rows twice: before and after they repeat them.
                    all = all.saturating_add(own.max(filled_rows.saturating_mul(width)));
                    (rows, filled_rows, width, own) = (0, 0, 0, 0);
                }
                _ => {}
            },
            Event::Eof => return Ok(all),
            _ => {}
        }
    }
}

/// The number of repetitions of a row or a cell. An unreadable number counts as 1; the reader reports it.
fn repetitions(tag: &BytesStart<'_>, name: &str) -> u64 {
    let said = tag.try_get_attribute(name).ok().flatten();
    let text = said.and_then(|said| said.normalized_value(XmlVersion::Implicit1_0).ok()?.parse().ok());
    text.unwrap_or(1)
}
