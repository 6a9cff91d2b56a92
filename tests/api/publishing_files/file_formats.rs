//! The same rows in every file format and encoding: after the first publication, every other format changes nothing.

use std::sync::LazyLock;

use reperes::datasets::REGISTRY;
use reperes::publication::{Outcome, Report};
use serde_json::json;

use super::writers::{self, ENCODINGS, Table};
use super::{contents, faults, folder, manifest_of, publish_bytes, with_references};
use crate::harness::{TestServer, get, keep_for_all_tests, publish};

const LONG: &str = "Une très longue note : « œuvre », coûts de 5 € — l'État, les départements et les communes s'y engagent. ";

fn table(dataset: &str, header: &[&'static str], rows: &[&[&'static str]]) -> Table {
    let dataset = REGISTRY.iter().copied().find(|one| one.name == dataset).expect("a dataset");
    Table { dataset, header: header.to_vec(), rows: rows.iter().map(|row| row.to_vec()).collect() }
}

/// A table of communes: leading zeros, letters in codes, ligatures, quotation marks, lists, coordinates.
fn communes() -> Table {
    table(
        "territories",
        &["code", "kind", "name", "population", "postal_codes", "longitude", "latitude", "geography_year", "source_code", "note"],
        &[
            &["COM-01004", "commune", "Ambérieu-en-Bugey", "15000", "01500|01501", "5.3525", "-45.96", "2026", "essai", ""],
            &[
                "COM-2A004",
                "commune",
                "Ajaccio; la \"cité\", dite | l'Impériale\tbelle",
                "",
                "20000",
                "",
                "",
                "2026",
                "essai",
                "0012",
            ],
            &["COM-99001", "commune", "Œuilly-sur-€ & <Cie>", "0", "", "", "", "2026", "essai", "Première ligne\ndeuxième ligne"],
        ],
    )
}

/// A table of funding: decimals, dates, periods, and texts of thousands of characters.
fn flows() -> Table {
    let long: &'static str = Box::leak(LONG.repeat(80).trim_end().to_owned().into_boxed_str());
    table(
        "funding",
        &["code", "title", "payer_code", "territory_code", "stage", "period", "amount_eur", "decided_on", "source_code", "note"],
        &[
            &["f-1", "Été à 12,5 %", "etat", "COM-01001", "paid", "2019-01-01/2019-10-31", "1000.25", "2019-03-31", "essai", ""],
            &["f-2", "1,5;2,5;3,5", "etat", "DEP-2A", "announced", "2019-Q3", "-3", "1999-12-31", "essai", long],
        ],
    )
}

/// A database in which both tables are published as plain CSV. No test changes it.
fn published() -> &'static str {
    static URL: LazyLock<String> = LazyLock::new(|| {
        let url = keep_for_all_tests(with_references);
        for table in [communes(), flows()] {
            let report = publish_bytes(&url, table.dataset.name, table.text(',', "\n").as_bytes()).expect("the rows are right");
            assert_eq!(report.outcome, Outcome::Published);
        }
        url
    });
    &URL
}

/// Publishes rows that the database already has.
fn again(table: &Table, bytes: &[u8], how: &str) -> Report {
    let report = publish_bytes(published(), table.dataset.name, bytes).unwrap_or_else(|error| panic!("{how}: {error}"));
    assert_eq!((report.outcome, report.release), (Outcome::Unchanged, None), "{how}: {report}");
    let counts = &report.datasets[0];
    let rows = u64::try_from(table.rows.len()).expect("a few");
    assert_eq!((counts.added, counts.changed, counts.withdrawn, counts.unchanged), (0, 0, 0, rows), "{how}");
    assert!(report.warnings.is_empty(), "{how}: {report}");
    report
}

#[test]
fn csv_in_every_encoding_delimiter_and_line_ending_has_the_same_rows() {
    for table in [communes(), flows()] {
        let mut endings = ["\n", "\r\n", "\r"].into_iter().cycle();
        for encoding in ENCODINGS {
            for delimiter in [',', ';', '\t', '|'] {
                let ending = endings.next().expect("one of three");
                let bytes = writers::encoded(&table.text(delimiter, ending), encoding);
                again(&table, &bytes, &format!("{} in {encoding}, {delimiter:?}, {ending:?}", table.dataset.name));
            }
        }
        let text = table.text(';', "\n");
        again(&table, text.trim_end().as_bytes(), "without the last line's ending");
        again(
            &table,
            format!("\n\n{}\n\n", text.replace('\n', "\r\n").replace("ligne\r\nd", "ligne\nd")).as_bytes(),
            "with blank lines",
        );
    }
}

#[test]
fn workbooks_and_json_have_the_same_rows() {
    for table in [communes(), flows()] {
        again(&table, &table.xlsx(), "xlsx");
        again(&table, &table.ods(), "ods");
        again(&table, &table.ndjson(), "ndjson");
        let (mark, objects) = ("\u{feff}", table.objects());
        again(&table, &[mark.as_bytes(), &table.ndjson()].concat(), "ndjson with a mark");
        again(&table, json!(objects).to_string().as_bytes(), "an array");
        again(&table, serde_json::to_string_pretty(&objects).expect("JSON").as_bytes(), "an array on many lines");
        let page = json!({"data": objects, "meta": {"release": 7, "data": []}, "links": {"next": null}});
        again(&table, page.to_string().as_bytes(), "a page");
        again(&table, serde_json::to_string_pretty(&page).expect("JSON").as_bytes(), "a page on many lines");
    }
    let mut reversed = String::new();
    for object in communes().objects() {
        let members = object.as_object().expect("an object").iter().rev();
        let mut members: Vec<String> = members.map(|(name, value)| format!("{}:{value}", json!(name))).collect();
        if !reversed.is_empty() {
            members.rotate_left(3);
            members.retain(|member| !member.ends_with(":null"));
        }
        reversed.push_str(&format!("{{{}}}\n", members.join(",")));
    }
    again(&communes(), reversed.as_bytes(), "members in another order, nulls left out");
}

#[test]
fn published_values_are_returned_unchanged() {
    let server = TestServer::on(published());
    let row = get(server.address, "/v1/territories/COM-2A004").data();
    assert_eq!(row["name"], "Ajaccio; la \"cité\", dite | l'Impériale\tbelle");
    assert_eq!((&row["note"], &row["postal_codes"], &row["population"]), (&json!("0012"), &json!(["20000"]), &json!(null)));
    let row = get(server.address, "/v1/territories/COM-01004").data();
    assert_eq!((&row["longitude"], &row["latitude"]), (&json!(5.3525), &json!(-45.96)));
    assert_eq!(row["postal_codes"], json!(["01500", "01501"]));
    assert_eq!(get(server.address, "/v1/territories/COM-99001").data()["note"], "Première ligne\ndeuxième ligne");
    let flow = get(server.address, "/v1/funding/f-2").data();
    assert_eq!(flow["note"].as_str().map(|note| note.chars().count()), Some(LONG.chars().count() * 80 - 1));
    assert_eq!((&flow["period_start"], &flow["decided_on"]), (&json!("2019-07-01"), &json!("1999-12-31")));
}

#[test]
fn numbers_in_text_fields_are_refused_with_their_position() {
    let before = contents(published());
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    let header = ["code", "kind", "name", "postal_codes", "geography_year", "source_code"];
    for (column, name) in (0_u16..).zip(header) {
        sheet.write_string(0, column, name).expect("a cell");
    }
    let rows: [[Value; 6]; 2] = [
        ["COM-01005".into(), "commune".into(), 62.0.into(), 1500.0.into(), 2026.0.into(), "essai".into()],
        [1006.0.into(), "commune".into(), "Ici".into(), "01500".into(), "2026".into(), "essai".into()],
    ];
    for (row, cells) in (1_u32..).zip(rows) {
        for (column, cell) in (0_u16..).zip(cells) {
            match cell {
                Value::Text(text) => sheet.write_string(row, column, text),
                Value::Number(number) => sheet.write_number(row, column, number),
            }
            .expect("a cell");
        }
    }
    let lost = "is a number in the file, where texts are needed: leading zeros may be lost";
    assert_eq!(
        faults(publish_bytes(published(), "territories", &book.save_to_buffer().expect("a workbook"))),
        [
            format!("fichier:2: name `62`: {lost}"),
            format!("fichier:2: postal_codes `1500`: {lost}"),
            format!("fichier:3: code `1006`: {lost}"),
        ]
    );
    let json =
        r#"[{"code":"COM-01005","kind":"commune","name":62,"postal_codes":[1500],"geography_year":2026,"source_code":"essai"}]"#;
    assert_eq!(
        faults(publish_bytes(published(), "territories", json.as_bytes())),
        [
            format!("fichier:1: name `62`: {lost}"),
            "fichier:1: postal_codes `[1500]`: is JSON, where a text, a number or a list of texts is needed".to_owned(),
        ]
    );
    assert_eq!(contents(published()), before);
}

/// A cell of a workbook.
enum Value {
    Text(&'static str),
    Number(f64),
}

impl From<&'static str> for Value {
    fn from(text: &'static str) -> Self {
        Self::Text(text)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

#[test]
fn dates_of_workbooks_are_read_as_dates_only_in_date_fields() {
    let header = ["code", "title", "payer_code", "territory_code", "stage", "period", "decided_on", "source_code"];
    let book = |title: f64, period: f64, decided: f64, dated: bool| {
        let mut book = rust_xlsxwriter::Workbook::new();
        let (sheet, day) = (book.add_worksheet(), rust_xlsxwriter::Format::new().set_num_format("dd/mm/yyyy"));
        for (column, name) in (0_u16..).zip(header) {
            sheet.write_string(0, column, name).expect("a cell");
        }
        for (column, text) in [(0, "f-3"), (1, "Titre"), (2, "etat"), (3, "DEP-01"), (4, "paid"), (5, "2020"), (7, "essai")] {
            sheet.write_string(1, column, text).expect("a cell");
        }
        for (column, number) in [(1, title), (5, period), (6, decided)].into_iter().filter(|(_, number)| *number > 0.0) {
            match dated {
                true => sheet.write_number_with_format(1, column, number, &day),
                false => sheet.write_number(1, column, number),
            }
            .expect("a cell");
        }
        book.save_to_buffer().expect("a workbook")
    };
    let url = with_references();
    let server = TestServer::on(&url);
    let decided = |bytes: &[u8]| {
        publish_bytes(&url, "funding", bytes).expect("the row is right");
        let row = get(server.address, "/v1/funding/f-3").data();
        (row["period"].as_str().expect("a period").to_owned(), row["decided_on"].as_str().expect("a day").to_owned())
    };
    assert_eq!(decided(&book(0.0, 0.0, 43_555.0, true)), ("2020".to_owned(), "2019-03-31".to_owned()));
    assert_eq!(decided(&book(0.0, 43_556.0, 61.0, true)), ("2019-04-01".to_owned(), "1900-03-01".to_owned()));
    assert_eq!(decided(&book(0.0, 2019.0, 43_557.0, false)), ("2019".to_owned(), "2019-04-02".to_owned()));
    let before = contents(&url);
    let wrong = |bytes: &[u8]| faults(publish_bytes(&url, "funding", bytes)).concat();
    assert_eq!(wrong(&book(43_555.0, 0.0, 0.0, true)), "fichier:2: title `2019-03-31`: is a date, where title is not");
    assert_eq!(
        wrong(&book(0.0, 0.0, 43_555.5, true)),
        "fichier:2: decided_on `2019-03-31T12:00:00Z`: is not a day of the calendar, such as 2019-06-30"
    );
    assert_eq!(wrong(&book(0.0, 0.0, 12.0, false)), "fichier:2: decided_on `12`: is a number that stands for no day");
    assert_eq!(contents(&url), before);
}

#[test]
fn a_declared_csv_dialect_is_used() {
    let table = communes();
    let text =
        table.text(';', "\n").replace("\"\"", "''").replace('"', "'").replace("''cité''", "\"cité\"").replace("l'Imp", "l''Imp");
    let manifest = |dialect: &str| format!("{}[file.dialect]\n{dialect}\n", manifest_of("territories", "fichier"));
    let bytes = writers::encoded(&text, "windows-1252");
    let right =
        folder(&manifest("format = \"csv\"\nencoding = \"cp1252\"\ndelimiter = \";\"\nquote = \"'\""), &[("fichier", &bytes)]);
    assert_eq!(publish(published(), &right).expect("the rows are right").outcome, Outcome::Unchanged);
    for (dialect, fault) in [
        ("format = \"xslx\"", "fichier: `xslx` is not a format that can be read; closest: xlsx"),
        ("encoding = \"utf8mb4\"", "fichier: `utf8mb4` is not an encoding; usual ones: utf-8, windows-1252, utf-16le"),
        ("delimiter = \"·\"", "fichier: `·` cannot be the delimiter: that is one ASCII character"),
    ] {
        let listed = faults(publish(published(), &folder(&manifest(dialect), &[("fichier", &bytes)])));
        assert!(listed.len() == 1 && listed[0].starts_with(fault), "{listed:?}");
    }
}
