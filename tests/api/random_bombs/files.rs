//! Owns the random files: workbooks, sheets, tables, documents and messages that lie about what is in them. None has a row that could be
//! published.
//! Must not know how they are sent.

use reperes::query::model::cube::DATAFLOW;

use super::Chance;
use crate::bombs::{HEADER, archive, ods, parquet, xlsx};

/// What a file does, its name, and its bytes.
type File = (String, &'static str, Vec<u8>);

/// A file of a format.
pub fn of(format: &str, chance: &mut Chance) -> File {
    match format {
        "xlsx" => workbook(chance),
        "ods" => sheet(chance),
        "csv" => table(chance),
        "json" => json(chance),
        "parquet" => columns(chance),
        _ => message(chance),
    }
}

/// Entities of entities, and a reference to the last.
fn entities(chance: &mut Chance) -> (String, String) {
    let (depth, fan) = (2 + chance.below(12), 2 + chance.below(12));
    let each = (1..=depth).map(|at| format!("<!ENTITY l{at} \"{}\">", format!("&l{};", at - 1).repeat(fan)));
    (format!("<!DOCTYPE a [<!ENTITY l0 \"ha\">{}]>", each.collect::<String>()), format!("&l{depth};"))
}

/// Makes the archive say that one of its parts has another size.
fn lying_size(chance: &mut Chance, mut archive: Vec<u8>) -> Vec<u8> {
    let signatures: [(&[u8], usize); 2] = [(b"PK\x01\x02", 24), (b"PK\x03\x04", 22)];
    let (signature, offset) = chance.pick(&signatures);
    let at = archive.windows(4).position(|four| four == signature).expect("an archive has parts") + offset;
    let size = u32::try_from(chance.next() >> 32).expect("32 bits");
    archive[at..at + 4].copy_from_slice(&size.to_le_bytes());
    archive
}

fn workbook(chance: &mut Chance) -> File {
    let cell = |text: &str| format!("<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>{text}</t></is></c></row>");
    let (number, lie) = (chance.size(18), chance.lie());
    let (what, bytes) = match chance.below(11) {
        0 => ("rows", xlsx("", &"<row><c><v>1</v></c></row>".repeat(number))),
        1 => ("cells of a row", xlsx("", &format!("<row>{}</row>", "<c><v>1</v></c>".repeat(number)))),
        2 => ("bytes of a cell", xlsx("", &cell(&"x".repeat(number * 32)))),
        3 => {
            let (head, last) = entities(chance);
            ("entities", xlsx(&head, &cell(&last)))
        }
        4 => ("nested elements", xlsx("", &"<row>".repeat(number))),
        5 => ("a row far away", xlsx("", &format!("<row r=\"{lie}\"><c r=\"XFD{lie}\"><v>1</v></c></row>"))),
        6 => ("a size of the sheet", xlsx(&format!("<!-- --><dimension ref=\"A1:XFD{lie}\"/>"), &cell("x"))),
        7 => ("a shared string", xlsx("", &format!("<row><c t=\"s\"><v>{lie}</v></c></row>"))),
        8 => ("bytes of an attribute", xlsx("", &format!("<row r=\"{}\"></row>", "1".repeat(number * 8)))),
        9 => {
            let names: Vec<String> = (0..number / 16).map(|at| format!("xl/{at}.xml")).collect();
            let mut parts: Vec<(&str, Vec<u8>)> = names.iter().map(|name| (name.as_str(), Vec::new())).collect();
            parts.push(("xl/workbook.xml", b"<workbook/>".to_vec()));
            ("parts", archive(&parts))
        }
        _ => ("another size of a part", lying_size(chance, xlsx("", &cell(&"x".repeat(number))))),
    };
    (format!("{what} ({number}, {lie})"), "a.xlsx", bytes)
}

fn sheet(chance: &mut Chance) -> File {
    let (number, lie) = (chance.size(18), chance.lie());
    let row = |cell: &str| format!("<table:table-row>{cell}</table:table-row>");
    let text = |inside: &str| {
        row(&format!("<table:table-cell office:value-type=\"string\"><text:p>{inside}</text:p></table:table-cell>"))
    };
    let kind = chance.pick(&["", " office:value-type=\"float\"", " office:value-type=\"string\"", " office:value-type=\"date\""]);
    let (rows, cells) = (chance.pick(&["1048576", "65536", "1000"]), chance.pick(&["16384", "1024", "100000000"]));
    let (what, bytes) = match chance.below(8) {
        0 => ("spaces", ods("", &text(&format!("a<text:s text:c=\"{lie}\"/>")))),
        1 => {
            let cell = format!("<table:table-cell{kind} office:value=\"1\" table:number-columns-repeated=\"{cells}\"/>");
            let repeated = row(&cell).replacen("row>", &format!("row table:number-rows-repeated=\"{rows}\">"), 1);
            ("repeats of a value", ods("", &repeated))
        }
        2 => {
            let cell = format!("<table:table-cell{kind} office:value=\"1\" table:number-columns-repeated=\"{lie}\"/>");
            ("repeats that nobody has", ods("", &row(&cell)))
        }
        3 => {
            let (head, last) = entities(chance);
            ("entities", ods(&head, &text(&last)))
        }
        4 => ("nested elements", ods("", &chance.pick(&["<table:table-row>", "<text:p>", "<a>"]).repeat(number))),
        5 => ("rows", ods("", &text("x").repeat(number / 2 + 2))),
        6 => ("bytes of a cell", ods("", &text(&"x".repeat(number * 32)))),
        _ => ("another size of a part", lying_size(chance, ods("", &text(&"x".repeat(number))))),
    };
    (format!("{what} ({number}, {lie}, {rows} × {cells}{kind})"), "a.ods", bytes)
}

fn table(chance: &mut Chance) -> File {
    let number = chance.size(20);
    let csv = |lines: String| format!("{HEADER}\n{lines}").into_bytes();
    let (what, bytes) = match chance.below(9) {
        0 => ("bytes of a record", csv("x".repeat(number * 8))),
        1 => ("lines in quotes", csv(format!("\"{}", "x,\n".repeat(number)))),
        2 => ("names of columns", (0..number / 4).map(|at| format!("m{at},")).collect::<String>().into_bytes()),
        3 => ("bytes of a name", format!("{}\n1\n", "m".repeat(number * 4)).into_bytes()),
        4 => ("faults", csv("x,x,x,x,x\n".repeat(number / 8 + 1))),
        5 => ("rows", csv((0..number / 4 + 1).map(|at| format!("COM-{at},comune,Ici,2026,essai\n")).collect())),
        6 => ("cells of a row", csv(",".repeat(number))),
        7 => ("zero bytes", [format!("{HEADER}\n").as_bytes(), &vec![0; number]].concat()),
        _ => ("random bytes", (0..number / 4).map(|_| chance.next().to_le_bytes()[0]).collect()),
    };
    (format!("{what} ({number})"), "a.csv", bytes)
}

fn json(chance: &mut Chance) -> File {
    let number = chance.size(20);
    let geometry = |inside: &str| {
        format!(
            "{{\"type\":\"FeatureCollection\",\"features\":[{{\"type\":\"Feature\",\"properties\":{{}},\"geometry\":{inside}}}]}}"
        )
    };
    let members = |count: usize| (0..count).map(|at| format!("\"m{at}\":1")).collect::<Vec<_>>().join(",");
    let (what, file, text) = match chance.below(10) {
        0 => ("nested lists", "a.json", "[".repeat(number)),
        1 => ("nested objects", "a.json", format!("[{}", "{\"a\":".repeat(number / 4))),
        2 => ("members", "a.json", format!("[{{{}}}]", members(number / 8))),
        3 => ("bytes of a text", "a.json", format!("[{{\"code\":\"{}\"}}]", "x".repeat(number * 8))),
        4 => ("digits of a number", "a.json", format!("[{{\"population\":1{}}}]", "0".repeat(number))),
        5 => ("an exponent", "a.json", format!("[{{\"population\":1e{}}}]", chance.lie())),
        6 => ("bytes of a line", "a.ndjson", format!("{{\"code\":\"{}\"}}\n", "x".repeat(number * 8))),
        7 => ("escapes", "a.ndjson", format!("{{\"code\":\"{}\"}}\n", "\\u0000".repeat(number))),
        8 => (
            "nested coordinates",
            "a.geojson",
            geometry(&format!("{{\"type\":\"Polygon\",\"coordinates\":{}", "[".repeat(number))),
        ),
        _ => {
            let positions = vec!["[1,2]"; number / 4 + 1].join(",");
            ("positions", "a.geojson", geometry(&format!("{{\"type\":\"Polygon\",\"coordinates\":[[{positions}]]}}")))
        }
    };
    (format!("{what} ({number})"), file, text.into_bytes())
}

fn columns(chance: &mut Chance) -> File {
    let (number, names) = (chance.size(20), HEADER.split(',').collect::<Vec<_>>());
    let row = ["COM-1", "comune", "Ici", "2026", "essai"];
    let (what, bytes) = match chance.below(6) {
        0 => ("equal rows", parquet(&names, &row, number)),
        1 => ("equal rows of long texts", parquet(&["code"], &[&"x".repeat(number / 8 + 1)], 2_000)),
        2 => {
            let many: Vec<String> = (0..number / 512 + 2).map(|at| format!("m{at}")).collect();
            let many: Vec<&str> = many.iter().map(String::as_str).collect();
            ("columns", parquet(&many, &vec!["x"; many.len()], 3))
        }
        3 => ("bytes of a name", parquet(&[&"m".repeat(number)], &["x"], 3)),
        4 => {
            let mut bytes = parquet(&names, &row, 100);
            let at = bytes.len() - 8;
            bytes[at..at + 4].copy_from_slice(&u32::try_from(chance.next() >> 32).expect("32 bits").to_le_bytes());
            ("another length of the footer", bytes)
        }
        _ => {
            let mut bytes = parquet(&names, &row, 100);
            let end = bytes.len() - 8;
            for _ in 0..1 + chance.below(4) {
                bytes[end - 1 - chance.below(200)] = chance.next().to_le_bytes()[0];
            }
            ("a damaged footer", bytes)
        }
    };
    (format!("{what} ({number})"), "a.parquet", bytes)
}

fn message(chance: &mut Chance) -> File {
    let number = chance.size(18);
    let head = "STRUCTURE[;],STRUCTURE_ID,ACTION,INDICATOR,REF_AREA,TIME_PERIOD,BREAKDOWN,NATURE,SOURCE,OBS_VALUE,OBS_STATUS[]";
    let line = |area: &str, statuses: &str| format!("dataflow,{DATAFLOW},R,a,{area},2020,_T,observed,essai,1,{statuses}\n");
    let (what, text) = match chance.below(5) {
        0 => ("columns", format!("STRUCTURE[;],STRUCTURE_ID,ACTION,{}\n", "X,".repeat(number))),
        1 => ("rows", format!("{head}\n{}", line("COM-1", "A").repeat(number / 2 + 1))),
        2 => ("statuses", format!("{head}\n{}", line("COM-1", &"A;".repeat(number * 4)))),
        3 => ("bytes of a code", format!("{head}\n{}", line(&"x".repeat(number * 16), "A"))),
        _ => ("names beside a code", format!("{head}\n{}", line(&format!("COM-1{}", ": x".repeat(number)), "A"))),
    };
    (format!("{what} ({number})"), "a.csv", text.into_bytes())
}
