//! Owns the writing of one table in every file format: text in several encodings and with several delimiters, workbooks, JSON.
//! Must not know what the table means.

use std::io::{Cursor, Write};

use encoding_rs::WINDOWS_1252;
use reperes::query::{Dataset, Kind};
use rust_xlsxwriter::{Format, Workbook};
use serde_json::{Map, Value, json};
use zip::write::SimpleFileOptions;

/// A table of a dataset: a header of field names, and rows of canonical texts.
pub struct Table {
    pub dataset: &'static Dataset,
    pub header: Vec<&'static str>,
    pub rows: Vec<Vec<&'static str>>,
}

/// The encodings of texts.
pub const ENCODINGS: [&str; 7] =
    ["utf-8", "utf-8 with a mark", "windows-1252", "utf-16le", "utf-16le with a mark", "utf-16be", "utf-16be with a mark"];

/// A text in an encoding.
pub fn encoded(text: &str, encoding: &str) -> Vec<u8> {
    let marked = format!("\u{feff}{text}");
    let (kind, text) = match encoding.strip_suffix(" with a mark") {
        Some(kind) => (kind, marked.as_str()),
        None => (encoding, text),
    };
    match kind {
        "utf-8" => text.as_bytes().to_vec(),
        "utf-16le" => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        "utf-16be" => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        "windows-1252" => {
            let (bytes, _, lost) = WINDOWS_1252.encode(text);
            assert!(!lost, "the text has characters that Windows-1252 lacks");
            bytes.into_owned()
        }
        other => panic!("{other} is none of the encodings"),
    }
}

impl Table {
    fn kind(&self, column: usize) -> Kind {
        self.dataset.field(self.header[column]).expect("a field").kind
    }

    fn lines(&self) -> impl Iterator<Item = &[&'static str]> {
        std::iter::once(self.header.as_slice()).chain(self.rows.iter().map(Vec::as_slice))
    }

    /// The table as delimited text; cells are quoted where needed.
    pub fn text(&self, delimiter: char, ending: &str) -> String {
        let cell = |text: &str| match text.contains([delimiter, '"', '\n', '\r']) {
            true => format!("\"{}\"", text.replace('"', "\"\"")),
            false => text.to_owned(),
        };
        let line = |cells: &[&str]| cells.iter().map(|text| cell(text)).collect::<Vec<_>>().join(&delimiter.to_string());
        self.lines().map(|cells| line(cells) + ending).collect()
    }

    /// The table as an Excel workbook: codes are text cells, numbers are number cells, dates are date cells.
    pub fn xlsx(&self) -> Vec<u8> {
        let (mut book, day) = (Workbook::new(), Format::new().set_num_format("dd/mm/yyyy"));
        let sheet = book.add_worksheet();
        for (row, cells) in (0_u32..).zip(self.lines()) {
            for (column, text) in (0_u16..).zip(cells.iter()).filter(|(_, text)| !text.is_empty()) {
                let kind = if row == 0 { Kind::Text } else { self.kind(usize::from(column)) };
                let written = match kind {
                    Kind::Integer { .. } | Kind::Decimal => {
                        sheet.write_number(row, column, text.parse::<f64>().expect("a number"))
                    }
                    Kind::Boolean => sheet.write_boolean(row, column, *text == "true"),
                    Kind::Date => {
                        let date = rust_xlsxwriter::ExcelDateTime::parse_from_str(text).expect("a day");
                        sheet.write_datetime_with_format(row, column, date, &day)
                    }
                    _ => sheet.write_string(row, column, *text),
                };
                written.expect("a cell can be written");
            }
        }
        book.save_to_buffer().expect("the workbook can be written")
    }

    /// The table as a LibreOffice workbook (ODS).
    pub fn ods(&self) -> Vec<u8> {
        let cell = |column: usize, text: &str, head: bool| match (text, head, self.kind(column)) {
            ("", ..) => "<table:table-cell/>".to_owned(),
            (number, false, Kind::Integer { .. } | Kind::Decimal) => {
                format!(
                    "<table:table-cell office:value-type=\"float\" office:value=\"{number}\"><text:p>{number}</text:p></table:table-cell>"
                )
            }
            (truth, false, Kind::Boolean) => {
                format!(
                    "<table:table-cell office:value-type=\"boolean\" office:boolean-value=\"{truth}\"><text:p>VRAI</text:p></table:table-cell>"
                )
            }
            (day, false, Kind::Date) => {
                format!(
                    "<table:table-cell office:value-type=\"date\" office:date-value=\"{day}\"><text:p>le {day}</text:p></table:table-cell>"
                )
            }
            (text, ..) => {
                let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('\n', "</text:p><text:p>");
                format!("<table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>")
            }
        };
        let rows: String = self
            .lines()
            .enumerate()
            .map(|(row, cells)| {
                let cells: String = cells.iter().enumerate().map(|(at, text)| cell(at, text, row == 0)).collect();
                format!("<table:table-row>{cells}</table:table-row>")
            })
            .collect();
        ods(&rows)
    }

    /// The rows as JSON objects: numbers are JSON numbers, lists are arrays.
    pub fn objects(&self) -> Vec<Value> {
        let cell = |column: usize, text: &str| match self.kind(column) {
            _ if text.is_empty() => Value::Null,
            Kind::Boolean | Kind::Integer { .. } | Kind::Decimal => serde_json::from_str(text).expect("a number or a boolean"),
            Kind::TextList | Kind::ChoiceList(_) | Kind::References(_) => json!(text.split('|').collect::<Vec<_>>()),
            _ => json!(text),
        };
        let object = |cells: &Vec<&'static str>| -> Value {
            let members = cells.iter().enumerate().map(|(at, text)| (self.header[at].to_owned(), cell(at, text)));
            Value::Object(members.collect::<Map<_, _>>())
        };
        self.rows.iter().map(object).collect()
    }

    /// The rows as NDJSON, one object per line.
    pub fn ndjson(&self) -> Vec<u8> {
        self.objects().iter().map(|object| format!("{object}\n")).collect::<String>().into_bytes()
    }
}

/// An ODS workbook with one sheet of these rows in XML.
pub fn ods(rows: &str) -> Vec<u8> {
    let content = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><office:document-content \
         xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" \
         xmlns:table=\"urn:oasis:names:tc:opendocument:xmlns:table:1.0\" \
         xmlns:text=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\"><office:body><office:spreadsheet>\
         <table:table table:name=\"Feuille1\">{rows}</table:table></office:spreadsheet></office:body></office:document-content>"
    );
    zipped(&[
        ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
        (
            "META-INF/manifest.xml",
            "<?xml version=\"1.0\"?><manifest:manifest xmlns:manifest=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\"/>",
        ),
        ("content.xml", &content),
    ])
}

/// A ZIP archive of texts.
pub fn zipped(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        archive.start_file(*name, SimpleFileOptions::default()).expect("a part can be begun");
        archive.write_all(text.as_bytes()).expect("a part can be written");
    }
    archive.finish().expect("the archive can be ended").into_inner()
}
