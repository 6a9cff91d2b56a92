//! Small files that ask for far more than their size: each ends with its reason, one reader process at most is the worse for it, and
//! the server neither grows nor stops.

use std::fs;
use std::io::{Cursor, Write};
use std::sync::Arc;

use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::harness::{Form, Program, SOURCES, bundle, get, key, migrated, publish, scratch, text, until};
use crate::reader_process::{lying_workbook, outcomes, readers, sent, staging_tables};

/// By how many bytes the server may grow, all bombs together.
pub const GROWTH: u64 = 64 << 20;

pub const HEADER: &str = "code,kind,name,geography_year,source_code";

/// A ZIP archive of parts.
pub fn archive(parts: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, part) in parts {
        archive.start_file(*name, SimpleFileOptions::default()).expect("a part can be added");
        archive.write_all(part).expect("memory");
    }
    archive.finish().expect("the archive ends").into_inner()
}

/// An ODS whose only table has this content.
pub fn ods(head: &str, table: &str) -> Vec<u8> {
    let content = format!(
        "<?xml version=\"1.0\"?>{head}<office:document-content xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" \
         xmlns:table=\"urn:oasis:names:tc:opendocument:xmlns:table:1.0\" xmlns:text=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\">\
         <office:body><office:spreadsheet><table:table table:name=\"a\">{table}</table:table></office:spreadsheet></office:body>\
         </office:document-content>"
    );
    archive(&[
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet".to_vec()),
        (
            "META-INF/manifest.xml",
            b"<manifest:manifest xmlns:manifest=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\"/>".to_vec(),
        ),
        ("content.xml", content.into_bytes()),
    ])
}

/// An XLSX whose only sheet has this content.
pub fn xlsx(head: &str, sheet: &str) -> Vec<u8> {
    let relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let packaged = "http://schemas.openxmlformats.org/package/2006/relationships";
    let workbook = format!(
        "<workbook xmlns=\"{main}\" xmlns:r=\"{relations}\"><sheets><sheet name=\"a\" sheetId=\"1\" r:id=\"a\"/></sheets></workbook>"
    );
    let related = format!(
        "<Relationships xmlns=\"{packaged}\"><Relationship Id=\"a\" Type=\"{relations}/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>"
    );
    let sheet = format!("{head}<worksheet xmlns=\"{main}\"><sheetData>{sheet}</sheetData></worksheet>");
    let root = format!(
        "<Relationships xmlns=\"{packaged}\"><Relationship Id=\"a\" Type=\"{relations}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
    );
    archive(&[
        ("_rels/.rels", root.into_bytes()),
        ("xl/workbook.xml", workbook.into_bytes()),
        ("xl/_rels/workbook.xml.rels", related.into_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.into_bytes()),
    ])
}

/// A Parquet file of as many equal rows as asked for.
fn equal_rows(rows: usize) -> Vec<u8> {
    parquet(&HEADER.split(',').collect::<Vec<_>>(), &["COM-1", "commune", "Ici", "2026", "essai"], rows)
}

/// A Parquet file of equal rows: the names of its columns, and a value for each.
pub fn parquet(names: &[&str], row: &[&str], rows: usize) -> Vec<u8> {
    let columns: String = names.iter().map(|name| format!("required binary {name} (UTF8); ")).collect();
    let schema = Arc::new(parse_message_type(&format!("message a {{ {columns} }}")).expect("a schema"));
    let mut file = SerializedFileWriter::new(Vec::new(), schema, Arc::new(WriterProperties::builder().build())).expect("a file");
    let mut group = file.next_row_group().expect("a group");
    for value in row {
        let mut column = group.next_column().expect("a column").expect("there is one for each value");
        let values = vec![ByteArray::from(*value); rows.min(100_000)];
        for at in (0..rows).step_by(values.len().max(1)) {
            let batch = &values[..values.len().min(rows - at)];
            column.typed::<ByteArrayType>().write_batch(batch, None, None).expect("memory");
        }
        column.close().expect("the column ends");
    }
    group.close().expect("the group ends");
    file.into_inner().expect("the file ends")
}

/// The bombs: a name for messages, a file name, and the bytes.
fn bombs() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let laughs: String = (1..10).map(|at| format!("<!ENTITY l{at} \"{}\">", format!("&l{};", at - 1).repeat(10))).collect();
    let laughs = format!("<!DOCTYPE a [<!ENTITY l0 \"ha\">{laughs}]>");
    let cell = |text: &str| format!("<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>{text}</t></is></c></row>");
    let spaces = "<table:table-row><table:table-cell office:value-type=\"string\"><text:p>a<text:s text:c=\"2000000000\"/></text:p></table:table-cell></table:table-row>";
    let repeated = "<table:table-row table:number-rows-repeated=\"1048576\"><table:table-cell office:value=\"1\" table:number-columns-repeated=\"16384\"/></table:table-row>";
    let typed = repeated.replace("office:value=", "office:value-type=\"float\" office:value=");
    let csv = |lines: String| format!("{HEADER}\n{lines}").into_bytes();
    let mut parts: Vec<(String, Vec<u8>)> = (0..5_000).map(|at| (format!("xl/{at}.xml"), Vec::new())).collect();
    parts.push(("xl/workbook.xml".to_owned(), b"<workbook/>".to_vec()));
    let parts: Vec<(&str, Vec<u8>)> = parts.iter().map(|(name, part)| (name.as_str(), part.clone())).collect();
    vec![
        ("a workbook that states a trillion strings", "a.xlsx", lying_workbook()),
        ("a workbook of a million rows", "a.xlsx", xlsx("", &"<row><c><v>1</v></c></row>".repeat(1_000_000))),
        ("a workbook with a cell of 10 MB", "a.xlsx", xlsx("", &cell(&"x".repeat(10 << 20)))),
        ("a workbook with entities of entities", "a.xlsx", xlsx(&laughs, &cell("&l9;"))),
        ("a workbook of 5,000 parts", "a.xlsx", archive(&parts)),
        ("a sheet with two billion spaces", "a.ods", ods("", spaces)),
        ("a sheet that repeats a value without a type", "a.ods", ods("", repeated)),
        ("a sheet that repeats a number", "a.ods", ods("", &typed)),
        ("a sheet with entities of entities", "a.ods", ods(&laughs, &spaces.replace("<text:s text:c=\"2000000000\"/>", "&l9;"))),
        ("a sheet of nested elements", "a.ods", ods("", &"<table:table-row>".repeat(200_000))),
        ("nested lists", "a.json", "[".repeat(1 << 20).into_bytes()),
        ("nested objects", "a.json", format!("[{}", "{\"a\":".repeat(1 << 18)).into_bytes()),
        ("an object of a hundred thousand members", "a.json", format!("[{{{}}}]", (0..100_000).map(|at| format!("\"m{at}\":1")).collect::<Vec<_>>().join(",")).into_bytes()),
        ("a line of 20 MB", "a.ndjson", format!("{{\"code\":\"{}\"}}\n", "x".repeat(20 << 20)).into_bytes()),
        ("nested coordinates", "a.geojson", format!("{{\"type\":\"FeatureCollection\",\"features\":[{{\"type\":\"Feature\",\"properties\":{{}},\"geometry\":{{\"type\":\"Polygon\",\"coordinates\":{}", "[".repeat(1 << 20)).into_bytes()),
        ("a record of 20 MB", "a.csv", csv("x".repeat(20 << 20))),
        ("a quote that never ends", "a.csv", csv(format!("\"{}", "x,\n".repeat(6 << 20)))),
        ("a header of a hundred thousand names", "a.csv", (0..100_000).map(|at| format!("m{at},")).collect::<String>().into_bytes()),
        ("a hundred thousand faults", "a.csv", csv("x,x,x,x,x\n".repeat(100_000))),
        ("more rows than are allowed", "a.csv", csv((0..300_000).map(|at| format!("COM-{at},commune,Ici,2026,essai\n")).collect())),
        ("two million equal rows", "a.parquet", equal_rows(2_000_000)),
    ]
}

/// Bytes of memory of a process: `VmRSS` now, `VmHWM` at most so far.
pub fn memory(process: u32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("the process runs");
    let line = status.lines().find(|line| line.starts_with(name)).expect("the system counts it");
    line.split_whitespace().nth(1).and_then(|kilobytes| kilobytes.parse::<u64>().ok()).expect("a number") << 10
}

/// A program whose readers may use little, on a database with the source `essai`.
pub struct Target {
    pub program: Program,
    /// The URL of its database.
    pub url: String,
    /// The token of a key that may publish everything.
    pub token: String,
    /// What is right, and is published before and after the bombs as ever.
    pub right: Form,
}

impl Target {
    /// Starts the program with further settings.
    pub fn start(settings: &[(&str, &str)]) -> Self {
        let (url, uploads) = (migrated(), scratch("bombes"));
        publish(&url, &bundle(&[("sources", SOURCES)])).expect("the bundle is right");
        let token = key(&url, "tout", &["publish:*:*"], 2);
        let limits = [
            ("DATABASE_URL", url.as_str()),
            ("REPERES_UPLOADS_DIR", text(&uploads)),
            ("REPERES_READER_MEMORY_MB", "256"),
            ("REPERES_READER_CPU_S", "20"),
            ("REPERES_READER_MAX_ROWS", "200000"),
            ("REPERES_PUBLISH_RATE_LIMIT", "0"),
        ];
        let program = Program::start(&[limits.as_slice(), settings].concat());
        let right = sent("territories", "a.csv", format!("{HEADER}\nCOM-1,commune,Ici,2026,essai\n").as_bytes(), &token);
        Self { program, url, token, right }
    }
}

#[test]
fn bombs_end_with_their_reason_and_the_server_goes_on() {
    let Target { mut program, url, token, right } = Target::start(&[]);
    let address = program.address();
    assert_eq!(right.clone().dry_run().send(address).status, 200);
    let (before, lines) = (memory(program.id(), "VmRSS"), outcomes(&url).len());
    let bombs = bombs();
    for (name, file, bytes) in &bombs {
        let size = bytes.len();
        let reply = sent("territories", file, bytes, &token).send(address);
        assert_eq!(reply.status, 422, "{name} ({size} bytes): {}", reply.text());
        let problem = reply.problem(422);
        assert!(problem["error_count"].as_u64().is_some_and(|count| count > 0), "{name}: {problem:#}");
        assert!(problem["errors"][0]["detail"].as_str().is_some_and(|text| text.len() > 20), "{name}: {problem:#}");
        assert_eq!(get(address, "/health/live").status, 200, "{name}");
        until("the reader is gone", || readers(Some(program.id())).is_empty());
        until("the staging tables are gone", || staging_tables(&url) == 0);
        println!("{name}: {size} bytes, {}", problem["errors"][0]["detail"]);
    }
    assert_eq!(outcomes(&url)[lines..], vec!["refused"; bombs.len()], "each has its line in the audit");
    let grown = memory(program.id(), "VmHWM").saturating_sub(before);
    println!("the server grew by {} MiB at most", grown >> 20);
    assert!(grown < GROWTH, "the server grew by {grown} bytes");
    assert_eq!(right.send(address).status, 201, "what is right is published as before");
}
