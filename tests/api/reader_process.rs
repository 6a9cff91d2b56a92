//! The process that reads foreign files: what a file does to it is a refusal that names the limit, and leaves nothing behind.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use reperes::publish::ReaderLimits;
use serde_json::{Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::harness::{
    Form, SOURCES, Signal, TestServer, bundle, get, key, kill, migrated, publish, scratch, shared_within, text, until,
    until_exit, with_database,
};

/// The argument of the process.
const COMMAND: &str = "read-files";

/// A server whose publications are read within limits, and a key.
fn server(limits: ReaderLimits) -> (TestServer, String) {
    let url = migrated();
    publish(&url, &bundle(&[("sources", SOURCES)])).expect("the bundle is right");
    let token = key(&url, "tout", &["publish:*:*"], 1);
    (TestServer::with(&url, shared_within(&url, limits)), token)
}

/// A workbook whose table of shared strings states a number of strings that nobody has, behind a comment.
pub fn lying_workbook() -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let packaged = "http://schemas.openxmlformats.org/package/2006";
    let parts = [
        (
            "[Content_Types].xml",
            format!(
                "<Types xmlns=\"{packaged}/content-types\"><Default Extension=\"xml\" ContentType=\"application/xml\"/></Types>"
            ),
        ),
        (
            "_rels/.rels",
            format!(
                "<Relationships xmlns=\"{packaged}/relationships\"><Relationship Id=\"a\" Type=\"{relations}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns=\"{main}\" xmlns:r=\"{relations}\"><sheets><sheet name=\"a\" sheetId=\"1\" r:id=\"a\"/></sheets></workbook>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "<Relationships xmlns=\"{packaged}/relationships\"><Relationship Id=\"a\" Type=\"{relations}/worksheet\" Target=\"worksheets/sheet1.xml\"/>\
                 <Relationship Id=\"b\" Type=\"{relations}/sharedStrings\" Target=\"sharedStrings.xml\"/></Relationships>"
            ),
        ),
        ("xl/worksheets/sheet1.xml", format!("<worksheet xmlns=\"{main}\"><sheetData/></worksheet>")),
        (
            "xl/sharedStrings.xml",
            format!(
                "<!-- uniqueCount=\"1\" --><sst xmlns=\"{main}\" count=\"1\" uniqueCount=\"1000000000000\"><si><t>a</t></si></sst>"
            ),
        ),
    ];
    for (name, part) in parts {
        archive.start_file(name, SimpleFileOptions::default()).expect("a part can be added");
        archive.write_all(part.as_bytes()).expect("memory");
    }
    archive.finish().expect("the archive ends").into_inner()
}

/// A form that sends one file of a dataset.
pub fn sent(dataset: &str, file: &str, bytes: &[u8], token: &str) -> Form {
    let folder = scratch("envoi");
    fs::create_dir_all(&folder).expect("a folder can be made");
    fs::write(folder.join(file), bytes).expect("a file can be written");
    let head = "title = \"Essai\"\ndescription = \"Essai\"\npublisher = \"Repères\"\nlicence = \"etalab-2.0\"\n";
    let manifest = format!("{head}[[file]]\npath = \"{file}\"\ndataset = \"{dataset}\"\n");
    fs::write(folder.join("manifest.toml"), manifest).expect("a file can be written");
    Form::of(&folder).key(token)
}

/// The processes that read files, all or those of one parent, without zombies.
pub fn readers(parent: Option<u32>) -> BTreeSet<u32> {
    let processes = fs::read_dir("/proc").expect("the processes").flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let reads = |id: &u32| {
        let line = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        line.split(|byte| *byte == 0).nth(1) == Some(COMMAND.as_bytes())
    };
    let is_child = |id: &u32, parent: u32| {
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        status.lines().any(|line| line.split_whitespace().eq(["PPid:", &parent.to_string()]))
    };
    ids.filter(|id| reads(id) && parent.is_none_or(|parent| is_child(id, parent))).collect()
}

/// The number of staging tables.
pub fn staging_tables(url: &str) -> i64 {
    let tables = "SELECT count(*) FROM pg_class WHERE relname LIKE 'stage\\_%'";
    with_database(url, async |client| client.query_one(tables, &[]).await.expect("a count").get(0))
}

/// The outcomes in the audit, the newest last.
pub fn outcomes(url: &str) -> Vec<String> {
    with_database(url, async |client| {
        let rows = client.query("SELECT outcome FROM audit ORDER BY id", &[]).await.expect("lines");
        rows.iter().map(|row| row.get(0)).collect()
    })
}

/// Refuses a publication because of a limit, and checks that nothing but a line in the audit is left.
fn refused(server: &TestServer, form: &Form, detail: &str) {
    let before = outcomes(&server.url).len();
    let problem = form.send(server.address).problem(422);
    assert_eq!(problem["error_count"], 1, "{problem:#}");
    let error = &problem["errors"][0];
    assert_eq!((&error["reason"], &error["location"]), (&json!("reader_limit"), &json!("file")), "{problem:#}");
    assert!(error["detail"].as_str().is_some_and(|text| text.contains(detail)), "{problem:#}");
    assert_eq!(outcomes(&server.url)[before..], ["refused"], "one line more in the audit");
    assert_eq!(staging_tables(&server.url), 0);
    assert_eq!(get(server.address, "/v1/releases?total=exact").json()["meta"]["total"]["value"], 1);
    assert_eq!(get(server.address, "/health/live").status, 200);
}

#[test]
fn a_workbook_that_asks_for_terabytes_ends_its_reader_only() {
    let (server, token) = server(ReaderLimits::default());
    refused(&server, &sent("territories", "a.xlsx", &lying_workbook(), &token), "512 MB of memory (REPERES_READER_MEMORY_MB)");
    let right = bundle(&[("territories", "code,kind,name,geography_year,source_code\nCOM-1,commune,Ici,2026,essai\n")]);
    assert_eq!(Form::of(&right).key(&token).send(server.address).status, 201, "the next publication is read");
}

#[test]
fn rows_and_bytes_of_rows_are_limited() {
    let rows = "code,kind,name,geography_year,source_code\nCOM-1,commune,Ici,2026,essai\nCOM-2,commune,Là,2026,essai\n";
    let (few, token) = server(ReaderLimits { rows: 1, ..ReaderLimits::default() });
    refused(&few, &sent("territories", "a.csv", rows.as_bytes(), &token), "1 rows (REPERES_READER_MAX_ROWS)");
    let (enough, token) = server(ReaderLimits { rows: 2, ..ReaderLimits::default() });
    assert_eq!(sent("territories", "a.csv", rows.as_bytes(), &token).send(enough.address).status, 201);
    let (small, token) = server(ReaderLimits { output: 1 << 20, ..ReaderLimits::default() });
    let long: String = (0..30).map(|at| format!("COM-{at},commune,Ici,2026,essai,{}\n", "x".repeat(4000))).collect();
    let long = format!("code,kind,name,geography_year,source_code,note\n{long}");
    assert_eq!(sent("territories", "a.csv", long.as_bytes(), &token).send(small.address).status, 201, "120 kB of one MiB");
    let (smaller, token) = server(ReaderLimits { output: 100_000, ..ReaderLimits::default() });
    refused(&smaller, &sent("territories", "a.csv", long.as_bytes(), &token), "MB of rows (REPERES_READER_OUTPUT_MB)");
}

/// A folder whose only file gives no byte until somebody writes to it.
fn endless() -> (PathBuf, PathBuf) {
    let folder = scratch("sans-fin");
    fs::create_dir_all(&folder).expect("a folder can be made");
    let file = folder.join("a.csv");
    assert!(Command::new("mkfifo").arg(&file).status().expect("mkfifo runs").success());
    (folder, file)
}

/// The command that publishes a file.
fn publisher(url: &str, file: &Path, settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reperes"));
    command.args(["publish", "--dataset", "territories", "--json", text(file)]).env("DATABASE_URL", url).env("RUST_LOG", "off");
    command.envs(settings.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.env("REPERES_BUNDLES", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/bundles"));
    command
}

#[test]
fn the_command_line_has_the_same_limits() {
    let url = migrated();
    publish(&url, &bundle(&[("sources", SOURCES)])).expect("the bundle is right");
    let (_, file) = endless();
    let output = publisher(&url, &file, &[("REPERES_READER_WALL_S", "1")]).output().expect("the program runs");
    let report: Value = serde_json::from_slice(&output.stdout).expect("the report is JSON");
    assert_eq!(report["errors"][0]["reason"], "reader_limit");
    let detail = report["errors"][0]["detail"].as_str().expect("a sentence");
    assert!(detail.contains("1 s (REPERES_READER_WALL_S)"), "{detail}");
    let busy = scratch("occupe").with_extension("csv");
    let line = |at: u32| format!("COM-{at},commune,Saint-Éloi-de-la-Forêt,2026,essai,{}\n", "é".repeat(60));
    let lines: String = (0..400_000).map(line).collect();
    fs::write(&busy, format!("code,kind,name,geography_year,source_code,note\n{lines}")).expect("a file can be written");
    let output = publisher(&url, &busy, &[("REPERES_READER_CPU_S", "1")]).output().expect("the program runs");
    fs::remove_file(&busy).expect("it is there");
    let report: Value = serde_json::from_slice(&output.stdout).expect("the report is JSON");
    let detail = report["errors"][0]["detail"].as_str().expect("a sentence");
    assert!(detail.contains("1 s of processor time (REPERES_READER_CPU_S)"), "{detail}");
    assert_eq!(outcomes(&url)[1..], ["refused", "refused"]);
}

#[test]
fn a_reader_ends_with_the_process_that_started_it() {
    let url = migrated();
    let (_, file) = endless();
    let mut publishing = publisher(&url, &file, &[]).spawn().expect("the program starts");
    let parent = publishing.id();
    until("the reader starts", || !readers(Some(parent)).is_empty());
    let reader = readers(Some(parent)).pop_first().expect("it waits for the file");
    // It waits for the file by now, and nothing but the end of its parent can end it.
    std::thread::sleep(Duration::from_millis(200));
    kill(parent, Signal::KILL);
    until_exit("the publisher is killed", &mut publishing);
    until("the reader ends", || !readers(None).contains(&reader));
}

#[test]
fn a_reader_opens_no_file_that_the_publication_does_not_name() {
    let url = migrated();
    publish(&url, &bundle(&[("sources", SOURCES)])).expect("the bundle is right");
    let (folder, secret) = (scratch("dossier"), scratch("secret").with_extension("csv"));
    fs::create_dir_all(&folder).expect("a folder can be made");
    fs::write(&secret, "code,kind,name,geography_year,source_code\nCOM-1,commune,Ici,2026,essai\n")
        .expect("a file can be written");
    std::os::unix::fs::symlink(&secret, folder.join("b.csv")).expect("a link can be made");
    let head = "title = \"Essai\"\ndescription = \"Essai\"\npublisher = \"Repères\"\nlicence = \"etalab-2.0\"\n";
    let manifest = format!("{head}[[file]]\npath = \"b.csv\"\ndataset = \"territories\"\n");
    fs::write(folder.join("manifest.toml"), manifest).expect("a file can be written");
    let mut child = Command::new(env!("CARGO_BIN_EXE_reperes"));
    child.arg(COMMAND).env_clear().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = child.spawn().expect("the program starts");
    // As the publication of a received folder asks: the manifest is in it, and nothing outside is named.
    let request = json!({
        "request": {"manifest": "Folder", "folder": folder, "recipes": null, "received": ["b.csv"], "explain": 0},
        "limits": ReaderLimits::default(),
    });
    let bytes = request.to_string().into_bytes();
    let mut input = child.stdin.take().expect("its input");
    let length = u32::try_from(bytes.len()).expect("it is short").to_le_bytes();
    input.write_all(&[&[1][..], &length, &bytes].concat()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    drop(input);
    let answer = String::from_utf8_lossy(&output.stdout[5..]).into_owned();
    fs::remove_file(&secret).expect("it is there");
    let answer: Value = serde_json::from_str(&answer).expect("the answer is JSON");
    let landlock = fs::read_to_string("/sys/kernel/security/lsm").is_ok_and(|list| list.contains("landlock"));
    match answer.pointer("/Ready/unprotected") {
        // A system without Landlock says so.
        Some(missing) => assert!(!landlock && missing.to_string().contains("landlock"), "{answer:#}"),
        None => {
            assert!(answer["Refused"]["faults"][0]["detail"].as_str().is_some_and(|why| why.contains("denied")), "{answer:#}")
        }
    }
}
