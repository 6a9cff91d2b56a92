//! Exports can be published: in the same database they change nothing, in any representation, and an empty database that they
//! fill exports the same bytes.

use std::net::SocketAddr;

use reperes::datasets::{REGISTRY, collections};
use reperes::publication::Outcome;
use reperes::query::{Dataset, Field, Format, Kind, Representation, RowOrigin, Side};

use super::{contents, folder, manifest_of, publish_bytes};
use crate::harness::four_releases::every_row;
use crate::harness::{TestServer, get, migrated, publish};

/// Texts that writers and readers of tables often handle wrongly.
const TEXTS: [&str; 4] = ["=1+1; \"œuvre\", 5 € | l'État\u{a0}\n\tfin", "'=déjà gardé", "  espaces  et\r\nretour", "-12,5"];

fn published() -> impl Iterator<Item = &'static Dataset> {
    REGISTRY.iter().copied().filter(|dataset| matches!(dataset.rows, RowOrigin::Published))
}

/// Whole HTTP responses, which a server that searches its output for status lines would misread.
const RESPONSES: [&str; 2] = [
    "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n",
    "HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\n\r\nHTTP/1.1 400 x\r\ncontent-length: 0\r\n",
];

/// The code of a row of a dataset.
fn code(dataset: &str, row: usize) -> String {
    // The code of a breakdown is a dimension and a member.
    format!("{dataset}{}{row}", if dataset == "breakdowns" { '.' } else { '-' })
}

/// The value of a field in a row. In row 2 the optional fields are empty.
fn value(dataset: &Dataset, field: &Field, row: usize, at: usize, texts: &[&str]) -> String {
    if !field.required && row == 2 {
        return String::new();
    }
    let text = match (field.kind, field.format) {
        (_, Some(Format::Siren)) => "356000000".to_owned(),
        (_, Some(Format::Siret)) => "35600000049837".to_owned(),
        (_, Some(Format::Rna)) => "W591000001".to_owned(),
        (_, Some(Format::Share)) => "0.250".to_owned(),
        (_, Some(Format::Length(most))) if most < 100 => texts[0].chars().take(most).collect(),
        (_, Some(Format::BoxSide(Side::West | Side::South, _))) => "0.00".to_owned(),
        (_, Some(Format::BoxSide(Side::East | Side::North, _))) => "1.0".to_owned(),
        (Kind::Code, _) => return code(dataset.name, row),
        (Kind::Reference(target) | Kind::References(target), _) => return code(target, row),
        (Kind::Choice(choices) | Kind::ChoiceList(choices), _) => choices[row % choices.len()].value.to_owned(),
        (Kind::Text, _) => texts[at % texts.len()].to_owned(),
        (Kind::TextList, _) => "01500|=a;b|2A".to_owned(),
        (Kind::Integer { minimum, maximum }, _) => minimum.max(2019).min(maximum).to_string(),
        (Kind::Boolean, _) => row.is_multiple_of(2).to_string(),
        (Kind::Decimal, _) => "-12.50".to_owned(),
        (Kind::Date, _) if field.name == "valid_until" => "2026-01-01".to_owned(),
        (Kind::Date, _) => "1999-12-31".to_owned(),
        (Kind::Timestamp, _) => "2026-03-01T08:00:00.000000Z".to_owned(),
        (Kind::Period, _) if dataset.has_open_periods() => "2019-05-25/..".to_owned(),
        (Kind::Period, _) => "2019-01-01/2019-10-31".to_owned(),
        (Kind::Json { array: false }, _) => r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}"#.to_owned(),
        (Kind::Json { array: true }, _) => "[]".to_owned(),
        (Kind::JoinedCode | Kind::PeriodBound { .. }, _) => panic!("{} is computed", field.name),
    };
    match dataset.key.contains(&field.name) {
        true => text.replace('~', ""),
        false => text,
    }
}

/// Two rows of a dataset: one with every field, one with the required fields only.
fn rows(dataset: &Dataset, texts: &[&str]) -> String {
    let fields: Vec<&Field> = dataset.columns().filter(|field| !field.is_computed()).collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(fields.iter().map(|field| field.name)).expect("a header");
    for row in [1, 2] {
        writer.write_record(fields.iter().enumerate().map(|(at, field)| value(dataset, field, row, at, texts))).expect("a row");
    }
    String::from_utf8(writer.into_inner().expect("the text")).expect("UTF-8")
}

/// A server on a database in which every dataset has both rows.
fn server_with(texts: &[&str]) -> TestServer {
    let server = TestServer::empty();
    let tables: Vec<(String, String)> =
        published().map(|dataset| (format!("{}.csv", dataset.name), rows(dataset, texts))).collect();
    let manifest: String = published().map(|dataset| manifest_of(dataset.name, &format!("{}.csv", dataset.name))).collect();
    let files: Vec<(&str, &[u8])> = tables.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    publish(&server.url, &folder(&manifest, &files)).expect("the rows are right");
    server
}

fn export(address: SocketAddr, target: &str) -> Vec<u8> {
    let reply = get(address, target);
    assert!(reply.status == 200 && reply.whole, "{target}: {}", reply.text());
    reply.body
}

#[test]
fn publishing_an_export_changes_nothing() {
    publish_every_export(&server_with(&TEXTS));
}

#[test]
fn exports_of_rows_that_contain_http_responses_are_complete() {
    publish_every_export(&server_with(&RESPONSES));
}

/// Publishes the export of each dataset in each representation, and checks that no row changes.
fn publish_every_export(server: &TestServer) {
    let before = contents(&server.url);
    for dataset in published().filter(|dataset| dataset.public) {
        let collection = format!("/v1/{}", dataset.name);
        for query in [
            "format=csv",
            "format=csv-excel",
            "format=ndjson",
            "format=xlsx",
            "limit=2",
            "format=parquet",
            "format=geojson",
            "format=sdmx-csv",
            "format=sdmx-csv&labels=true",
        ] {
            let suits = |form: Representation| query.split('&').any(|part| part == format!("format={}", form.name()));
            if Representation::ALL.into_iter().any(|form| suits(form) && !form.suits(dataset)) {
                continue;
            }
            let target = format!("{collection}?{query}{}", every_row(dataset));
            let bytes = export(server.address, &target);
            let report = publish_bytes(&server.url, dataset.name, &bytes)
                .unwrap_or_else(|error| panic!("{target}: {error}\n{}", String::from_utf8_lossy(&bytes)));
            assert_eq!(report.outcome, Outcome::Unchanged, "{target}: {report}");
            assert_eq!((report.datasets[0].unchanged, report.files[0].rows), (2, 2), "{target}");
        }
        for code in [1, 2].map(|row| code(dataset.name, row)).iter().filter(|_| !dataset.has_joined_code()) {
            let page = export(server.address, &format!("{collection}?code={code}"));
            let report = publish_bytes(&server.url, dataset.name, &page).expect("the page is right");
            assert_eq!((report.outcome, report.datasets[0].unchanged), (Outcome::Unchanged, 1), "{code}");
        }
    }
    assert_eq!(contents(&server.url), before);
}

#[test]
fn an_empty_database_filled_with_exports_exports_the_same_bytes() {
    let server = server_with(&TEXTS);
    for query in ["format=csv", "format=csv-excel", "format=ndjson"] {
        let (mut manifest, mut files) = (String::new(), Vec::new());
        for dataset in published() {
            let bytes = match dataset.public {
                true => export(server.address, &format!("/v1/{}?{query}{}", dataset.name, every_row(dataset))),
                false => rows(dataset, &TEXTS).into_bytes(),
            };
            manifest.push_str(&manifest_of(dataset.name, dataset.name));
            files.push((dataset.name, bytes));
        }
        let files: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
        let other = TestServer::on(&migrated());
        publish(&other.url, &folder(&manifest, &files)).unwrap_or_else(|error| panic!("{query}: {error}"));
        for dataset in collections().filter(|dataset| matches!(dataset.rows, RowOrigin::Published)) {
            let target = format!("/v1/{}?format=csv{}", dataset.name, every_row(dataset));
            let (ours, theirs) = (export(other.address, &target), export(server.address, &target));
            assert_eq!(String::from_utf8_lossy(&ours), String::from_utf8_lossy(&theirs), "{target} after {query}");
        }
    }
}
