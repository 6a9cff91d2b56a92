//! Owns the parsing of the first sheet of a workbook from its XML, which shows types as well as values.
//! Must not know which rows were requested.

use std::io::{Cursor, Read};

use chrono::NaiveDate;
use reperes::query::Kind;
use serde_json::{Value, json};

use super::cells;

/// The XML of the first sheet of a workbook.
pub fn sheet(body: &[u8]) -> String {
    let mut sheet = String::new();
    let mut files = zip::ZipArchive::new(Cursor::new(body)).expect("a workbook is a zip");
    files.by_name("xl/worksheets/sheet1.xml").expect("a sheet").read_to_string(&mut sheet).expect("XML");
    sheet
}

/// The first sheet of a workbook, with its header line apart.
pub fn read(body: &[u8]) -> (Vec<String>, Vec<Vec<Value>>) {
    let sheet = sheet(body);
    assert!(!sheet.contains("<f>"), "no cell is a formula");
    let mut lines = sheet.split("<row ").skip(1).map(line);
    let names: Vec<String> =
        lines.next().expect("a header").iter().map(|name| name.as_str().expect("a name").to_owned()).collect();
    let rows = lines.map(|mut cells| {
        cells.resize(names.len(), Value::Null);
        cells
    });
    (names.clone(), rows.collect())
}

/// The cells of a row of a sheet; cells that the XML omits are empty.
fn line(xml: &str) -> Vec<Value> {
    let between = |text: &str, start: &str, end: &str| Some(text.split_once(start)?.1.split_once(end)?.0.to_owned());
    let mut cells = Vec::new();
    for cell in xml.split("<c ").skip(1) {
        let place = between(cell, "r=\"", "\"").expect("a place");
        let letters = place.bytes().take_while(u8::is_ascii_uppercase);
        let column = letters.fold(0, |column, letter| column * 26 + usize::from(letter - b'A') + 1);
        cells.resize(column, Value::Null);
        cells[column - 1] = match between(cell, "<is><t", "</t>") {
            Some(text) => {
                let text = text.split_once('>').expect("a text").1;
                // A carriage return in a workbook is `_x000D_` (ECMA-376 part 1, ST_Xstring).
                let text = text.replace("_x000D_", "\r");
                json!(text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&"))
            }
            None => between(cell, "<v>", "</v>").map_or(Value::Null, |number| rounded(number.parse().expect("a number"))),
        };
    }
    cells
}

/// A cell in the types of a sheet: a date is the number of days since 1899-12-30.
pub fn cell(cell: &str, kind: Kind) -> Value {
    let days = |day: NaiveDate| f64::from(day.to_epoch_days() + 25_569);
    match (kind, cells::plain(cell, kind).as_str()) {
        (_, "") => Value::Null,
        (Kind::Integer { .. } | Kind::Decimal, number) => rounded(number.parse().expect("a number")),
        (Kind::Boolean, truth) => rounded(f64::from(u8::from(truth == "true"))),
        (Kind::Date | Kind::PeriodBound { .. }, day) => rounded(days(day.parse().expect("a day"))),
        (Kind::Timestamp, text) => {
            let time = cells::instant(text).naive_utc();
            rounded(days(time.date()) + (time - time.date().and_hms_opt(0, 0, 0).expect("midnight")).as_seconds_f64() / 86_400.0)
        }
        (_, text) => json!(text),
    }
}

/// A number without the rounding error of fractions of a day.
fn rounded(number: f64) -> Value {
    json!((number * 1e7).round() / 1e7)
}
