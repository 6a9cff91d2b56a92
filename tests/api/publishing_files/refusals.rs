//! Files that are refused: every fault is listed with its position, and nothing is changed.

mod command_line;
mod documents;
mod values;
mod workbooks;

use std::sync::LazyLock;

use super::writers::zipped;
use super::{contents, faults, publish_bytes, refused, with_references};
use crate::harness::keep_for_all_tests;

/// The header of the smallest file of communes.
const HEAD: &str = "code,kind,name,population,geography_year,source_code\n";

const FLOWS: &str =
    "indicator_code,territory_code,period,breakdown_code,nature,value,qualifier,statuses,geography_year,source_code\n";

/// A database that refuses the files of these tests and must stay unchanged.
fn unchanged_database() -> &'static str {
    static URL: LazyLock<String> = LazyLock::new(|| keep_for_all_tests(with_references));
    &URL
}

/// The faults of a file of communes, which must change nothing.
fn faults_of_communes(bytes: &[u8]) -> Vec<String> {
    let before = contents(unchanged_database());
    let listed = faults(publish_bytes(unchanged_database(), "territories", bytes));
    assert_eq!(contents(unchanged_database()), before);
    listed
}

fn commune(number: usize) -> String {
    format!("COM-{number:05},commune,Ici,{number},2026,essai\n")
}

#[test]
fn a_file_that_is_not_a_table_is_refused_with_its_format() {
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";
    let page = b"<!DOCTYPE html>\n<html><head><title>Erreur 404</title></head><body><p>Introuvable, h\xe9las</p></body></html>\n";
    for (bytes, expected) in [
        (&b""[..], "fichier: the file is empty"),
        (&b"\n\r\n\n"[..], "fichier: the file has no header"),
        (HEAD.as_bytes(), "fichier: the file gives no rows"),
        (HEAD.trim_end().as_bytes(), "fichier: the file gives no rows"),
        (b"[]", "fichier: the file has no header"),
        (b"{\"data\":[]}", "fichier: the file has no header"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            "fichier: the file is a workbook of Excel 97 to 2003, which is not read; save it as .xlsx",
        ),
        (png, "fichier: the file is an image, which is not read"),
        (page, "fichier: the file is a web page, which is not read; was the right address asked?"),
        (b"%PDF-1.7\n", "fichier: the file is a PDF, which is not read"),
        (b"\x1f\x8b\x08\0", "fichier: the file is compressed; unpack it first"),
        (b"PK\x03\x04 and then nothing", "fichier: the workbook cannot be read: invalid Zip archive: Could not find EOCD"),
        (b"42", "fichier:1: `42` is not a field of territories"),
        (b"{\"rows\":\n[]}", "fichier: the file is not a JSON array of rows: it has no member `data` at line 2 column 3"),
    ] {
        let listed = faults_of_communes(bytes);
        assert_eq!(listed[0], expected, "{listed:?}");
        assert!(listed.len() == 1 || expected.contains("`42`"), "{listed:?}");
    }
    assert_eq!(
        faults_of_communes(&zipped(&[("lettre.docx", "bonjour")])),
        ["fichier: the workbook cannot be read: File not found '_rels/.rels'"]
    );
}

#[test]
fn invalid_bytes_are_found_far_into_a_file() {
    let mut text = HEAD.replace("name,", "name,note,").into_bytes();
    for number in 0..60_000 {
        text.extend_from_slice(format!("COM-{number:05},commune,Là,une note assez longue,1,2026,essai\n").as_bytes());
    }
    assert!(text.len() > 3_000_000);
    let right = text.len();
    text.extend_from_slice(b"COM-2A001,commune,\xc9vry,,1,2026,essai\nCOM-2A002,commune,Ici,\xff\xfe,1,2026,essai\n");
    text.extend_from_slice(b"COM-2A003,commune,a\0b,,1,2026,essai\nCOM-2A004,commune,\xe2\x82,,1,2026,essai\n");
    assert_eq!(
        faults_of_communes(&text),
        [
            "fichier:60002: name: the byte 0xc9 is not UTF-8, as the rest of the file is",
            "fichier:60003: note: the byte 0xff is not UTF-8, as the rest of the file is",
            "fichier:60004: name `a\u{fffd}b`: holds a NUL character",
            "fichier:60005: name: the byte 0xe2 is not UTF-8, as the rest of the file is",
        ]
    );
    text.truncate(right);
    text.extend_from_slice("COM-2A001,commune,\"Ici,,1,2026,essai\n".as_bytes());
    text.extend_from_slice(&b"COM-2A002,commune,Ici,,1,2026,essai\n".repeat(700_000));
    assert!(text.len() > 28_000_000);
    assert_eq!(
        faults_of_communes(&text),
        ["fichier:60002: a row of more than 16 MiB begins here: a quotation mark is not closed"]
    );
}

#[test]
fn an_unclosed_quotation_mark_is_refused_with_its_line() {
    let rest = commune(2) + &commune(3);
    let unclosed = "fichier:3: a quotation mark in this row is not closed before the end of the file";
    let head = "code,kind,population,geography_year,source_code,name\nCOM-00001,commune,1,2026,essai,Ici\n";
    assert_eq!(faults_of_communes(format!("{head}COM-00002,commune,1,2026,essai,\"Ici\n{rest}").as_bytes()), [unclosed]);
    assert_eq!(faults_of_communes(format!("{head}COM-00002,commune,1,2026,essai,\"").as_bytes()), [unclosed]);
    assert_eq!(faults_of_communes(format!("{head}COM-00002,commune,1,2026,essai,\"\"\"").as_bytes()), [unclosed]);
}

#[test]
fn wrong_rows_and_headers_are_reported_with_their_lines() {
    assert_eq!(
        faults_of_communes(
            format!("{HEAD}{}COM-2,commune,Ici,1,2026\n\n{}COM-3,commune,\"I\nci\",1,2026,essai,\n", commune(1), commune(4))
                .as_bytes()
        ),
        ["fichier:3: the line has 5 cells where the header has 6", "fichier:6: the line has 7 cells where the header has 6"]
    );
    for (ending, name) in [("\r", "CR"), ("\r\n", "CRLF"), ("\n", "LF")] {
        let text = format!("{HEAD}{}COM-00002,commune,\"Deux\nlignes\",1,2026,essai\n,commune,Ici,1,2026,essai\n", commune(1));
        let listed = faults_of_communes(text.replace('\n', ending).as_bytes());
        assert_eq!(listed, ["fichier:5: code: is empty, and every row must have a value"], "{name}");
    }
    assert_eq!(
        faults_of_communes(b"code;kind;nane;name;name;;geography_year;region_cod\nCOM-1;commune;a;b;c;;2026;\n"),
        [
            "fichier:1: `nane` is not a field of territories; did you mean `name`?",
            "fichier:1: the column `name` is given twice",
            "fichier:1: a column has no name",
            "fichier:1: `region_cod` is not a field of territories; did you mean `region_code`?",
            "fichier:1: the column `source_code` is missing",
        ]
    );
    let wide: Vec<String> = (0..10_000).map(|column| format!("c{column}")).collect();
    let (listed, count) = refused(publish_bytes(unchanged_database(), "territories", format!("{}\n", wide.join(",")).as_bytes()));
    assert_eq!((listed.len(), count), (100, 10_005));
    assert_eq!(listed[99], "fichier:1: `c99` is not a field of territories");
    let wider = ",".repeat(20_000);
    assert_eq!(faults_of_communes(format!("{HEAD}{wider}\n").as_bytes()), ["fichier:2: the row has more than 16384 cells"]);
}
