//! Refusals of workbooks: wrong contents of cells, and archives that unpack to too many bytes.

use std::io::Cursor;

use rust_xlsxwriter::Workbook;
use zip::{ZipArchive, ZipWriter};

use super::{faults_of_communes, unchanged_database};
use crate::publishing_files::publish_bytes;
use crate::publishing_files::writers::{ods, zipped};

const TYPES: &str = "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Override PartName=\"/xl/workbook.xml\" \
ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml\"/></Types>";

const RELATIONS: &str = "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" \
Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/KIND\" Target=\"TARGET\"/></Relationships>";

const BOOK: &str = "<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" \
xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets><sheet name=\"F\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>";

const SHEET: &str = "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>";

const END: &str = "</sheetData></worksheet>";

/// The header of the smallest sheet of communes.
fn header() -> String {
    row(1, &["code", "kind", "name", "geography_year", "source_code"])
}

fn row(number: u32, cells: &[&str]) -> String {
    let cell = |(letter, text): (char, &&str)| format!("<c r=\"{letter}{number}\" t=\"inlineStr\"><is><t>{text}</t></is></c>");
    format!("<row r=\"{number}\">{}</row>", ('A'..).zip(cells).map(cell).collect::<String>())
}

/// An Excel workbook, written as XML, with these rows in its sheet.
fn xlsx(sheet: &str, parts: &[(&str, &str)]) -> Vec<u8> {
    let relations = |kind: &str, target: &str| RELATIONS.replace("KIND", kind).replace("TARGET", target);
    let (ours, theirs) = (relations("officeDocument", "xl/workbook.xml"), relations("worksheet", "worksheets/sheet1.xml"));
    let sheet = format!("{SHEET}{sheet}{END}");
    let fixed = [
        ("[Content_Types].xml", TYPES),
        ("_rels/.rels", &ours),
        ("xl/workbook.xml", BOOK),
        ("xl/_rels/workbook.xml.rels", &theirs),
        ("xl/worksheets/sheet1.xml", &sheet),
    ];
    zipped(&[&fixed, parts].concat())
}

#[test]
fn archives_that_unpack_to_too_many_bytes_are_refused() {
    // More than a hundred sheets of ten megabytes: one is compressed, the others are copies of it.
    let sheet = zipped(&[("sheet", &"<row><c><v>1</v></c></row>".repeat(400_000))]);
    let mut copied = ZipArchive::new(Cursor::new(sheet)).expect("an archive");
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for number in 0..120 {
        let name = format!("xl/worksheets/sheet{number}.xml");
        archive.raw_copy_file_rename(copied.by_index_raw(0).expect("the part"), name.as_str()).expect("a copy");
    }
    let bomb = archive.finish().expect("the archive can be ended").into_inner();
    assert!(bomb.len() < 10 << 20, "{} bytes", bomb.len());
    let limits =
        "unpacks to more than a workbook of data does (1024 MiB in all, 64 MiB of texts, 8 MiB of styles, 1 MiB in one cell)";
    assert_eq!(faults_of_communes(&bomb), [format!("fichier: its part `xl/worksheets/sheet103.xml` {limits}")]);
    let long = "x".repeat(2 << 20);
    let boast = "<sst uniqueCount=\"99999999999999\"></sst>";
    let styles = format!("<styleSheet><cellXfs>{}</cellXfs></styleSheet>", "<xf/>".repeat(2 << 20));
    for (name, text) in [("xl/sharedStrings.xml", boast), ("xl/sharedStrings.xml", &long), ("xl/styles.xml", &styles)] {
        let listed = faults_of_communes(&xlsx(&header(), &[(name, text)]));
        assert_eq!(listed, [format!("fichier: its part `{name}` {limits}")]);
    }
    let endless = xlsx(&format!("{}<row r=\"2\">{}</row>", header(), "<c><v>1</v></c>".repeat(20_000)), &[]);
    assert_eq!(faults_of_communes(&endless), ["fichier:2: the row has more than 16 MiB or 16384 cells"]);
    let texts = format!("<sst><si><t>{}</t></si></sst>", "x".repeat(1_000_000));
    let same = "<c t=\"s\"><v>0</v></c>";
    let heavy = xlsx(&format!("{}<row r=\"2\">{}</row>", header(), same.repeat(100)), &[("xl/sharedStrings.xml", &texts)]);
    assert_eq!(faults_of_communes(&heavy), ["fichier:2: the row has more than 16 MiB or 16384 cells"]);
}

#[test]
fn repeated_cells_of_ods_are_counted_before_they_are_expanded() {
    let text = "office:value-type=\"string\"><text:p>x</text:p></table:table-cell>";
    let full = "fichier: the workbook has more than 750000 cells; save it as .xlsx or .csv";
    for rows in [
        format!("<table:table-row table:number-rows-repeated=\"1000000\"><table:table-cell {text}</table:table-row>"),
        format!("<table:table-row><table:table-cell table:number-columns-repeated=\"99999999999\" {text}</table:table-row>"),
        format!("<table:table-row><table:table-cell table:number-columns-repeated=\"16384\" {text}</table:table-row>").repeat(50),
        format!(
            "<table:table-row><table:table-cell {text}</table:table-row><table:table-row table:number-rows-repeated=\"1000000\">\
             <table:table-cell/></table:table-row><table:table-row><table:table-cell {text}</table:table-row>"
        ),
    ] {
        assert_eq!(faults_of_communes(&ods(&rows)), [full]);
    }
    // LibreOffice writes the rest of the sheet as empty rows that are repeated to its end.
    let cells: String = ["code", "kind", "name", "geography_year", "source_code"]
        .map(|name| format!("<table:table-cell office:value-type=\"string\"><text:p>{name}</text:p></table:table-cell>"))
        .concat();
    let rest = "<table:table-cell table:number-columns-repeated=\"16379\"/>";
    let usual = format!(
        "<table:table-row>{cells}{rest}</table:table-row><table:table-row table:number-rows-repeated=\"1048575\">\
         <table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row>"
    );
    assert_eq!(faults_of_communes(&ods(&usual)), ["fichier: the file gives no rows"]);
}

#[test]
fn a_sheet_with_one_cell_at_its_far_end_is_refused() {
    let far = "<row r=\"1048576\"><c r=\"XFD1048576\" t=\"inlineStr\"><is><t>x</t></is></c></row>";
    let missing = ["code", "kind", "name", "geography_year", "source_code"].map(|name| format!("the column `{name}` is missing"));
    let all = ["a column has no name".to_owned(), "`x` is not a field of territories".to_owned()].into_iter().chain(missing);
    let expected: Vec<String> = all.map(|detail| format!("fichier:1048576: {detail}")).collect();
    assert_eq!(faults_of_communes(&xlsx(far, &[])), expected);
    let beyond = header() + &row(7, &["COM-1", "commune", "Ici", "2026", "essai", "reste"]);
    assert_eq!(faults_of_communes(&xlsx(&beyond, &[])), ["fichier:7: the line has 6 cells where the header has 5"]);
    let twice = header() + &row(2, &["COM-1", "commune"]).replace("B2", "A2");
    assert_eq!(faults_of_communes(&xlsx(&twice, &[])), ["fichier:2: the cell A of the row is there twice, or no sheet's"]);
}

#[test]
fn errors_of_formulas_and_formulas_without_a_result_are_refused() {
    let wrong = |cell: &str| {
        let sheet = header() + &row(2, &["COM-1", "commune", "Ici", "2026", "essai"]);
        let old = "<c r=\"C2\" t=\"inlineStr\"><is><t>Ici</t></is></c>";
        assert!(sheet.contains(old));
        xlsx(&sheet.replace(old, cell), &[])
    };
    let error = "is the error of a formula, or a formula without its result";
    for (cell, shown) in [
        ("<c r=\"C2\" t=\"e\"><v>#REF!</v></c>", "#REF!"),
        ("<c r=\"C2\" t=\"e\"><f>1/0</f><v>#DIV/0!</v></c>", "#DIV/0!"),
        ("<c r=\"C2\"><f>A2&amp;B2</f></c>", "#?"),
        ("<c r=\"C2\"><f>A2&amp;B2</f><v></v></c>", "#?"),
    ] {
        assert_eq!(faults_of_communes(&wrong(cell)), [format!("fichier:2: name `{shown}`: {error}")], "{cell}");
    }
    let report = publish_bytes(
        &crate::publishing_files::with_references(),
        "territories",
        &wrong("<c r=\"C2\" t=\"str\"><f>A2</f><v>Là</v></c>"),
    );
    assert_eq!(report.expect("a formula's result is a value").datasets[0].added, 1);
}

#[test]
fn workbooks_without_the_sheet_or_with_a_wrong_one_are_refused() {
    let mut book = Workbook::new();
    book.add_worksheet();
    let empty = book.save_to_buffer().expect("a workbook");
    assert_eq!(faults_of_communes(&empty), ["fichier: the file has no header"]);
    let cut = &empty[..empty.len() / 2];
    let listed = faults_of_communes(cut);
    assert!(listed.len() == 1 && listed[0].starts_with("fichier: the workbook cannot be read: "), "{listed:?}");
    for parts in [
        &[("xl/workbook.xml", "<workbook")][..],
        &[("mimetype", "text/plain"), ("content.xml", "<a>")],
        &[("lettre.txt", "bonjour")],
    ] {
        let listed = faults_of_communes(&zipped(parts));
        assert!(listed.len() == 1 && listed[0].starts_with("fichier: the workbook cannot be read: "), "{listed:?}");
    }
    assert!(publish_bytes(unchanged_database(), "territories", &zipped(&[])).is_err());
}
