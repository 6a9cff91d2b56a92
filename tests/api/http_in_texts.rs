//! Texts that look like HTTP: rows whose texts contain whole responses are unchanged in every dataset and in every
//! representation.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;

use reperes::datasets::{REGISTRY, collections};
use reperes::query::{Context, Dataset, Field, Format, Kind, Representation};
use serde_json::Value;

use crate::formats::{agree, cells};
use crate::harness::four_releases::{cell, code, every_row, published};
use crate::harness::{Reply, TestServer, get, publish, scratch};

/// The rows of each dataset, in the order of their codes, and the value of their free text fields.
const ROWS: [(&str, &str); 5] = [
    ("changes", "0\r\n\r\n"),
    ("comes", "0\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nautre"),
    ("goes", "HTTP/1.1 431 x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"),
    ("quits", "\r\n\r\n\r\n2\r\nxx\r\n0\r\n\r\n\r\n"),
    ("stays", "HTTP/1.1 400 x\r\ncontent-length: 0\r\n\r\n"),
];

/// The title, the description and the notes of the manifest; the release joins the description and the notes.
const TITLE: &str = "HTTP/1.1 400 x\r\ncontent-length: 0\r\n\r\n";

/// Whether a field takes any text.
fn is_free_text(dataset: &'static Dataset, field: &Field) -> bool {
    let long_enough = match field.format {
        None => true,
        Some(Format::Length(most)) => ROWS.iter().all(|(_, text)| text.chars().count() <= most),
        Some(_) => false,
    };
    let in_key = dataset.key_fields().any(|key| key.name == field.name);
    matches!(field.kind, Kind::Text | Kind::TextList) && long_enough && !in_key && !field.is_computed()
}

/// A bundle of every dataset.
fn bundle() -> PathBuf {
    let folder = scratch("http-in-texts");
    fs::create_dir_all(&folder).expect("a folder can be made");
    let title = serde_json::to_string(TITLE).expect("a text");
    let mut manifest =
        format!("title = {title}\ndescription = {title}\npublisher = \"Repères\"\nnotes = {title}\nlicence = \"etalab-2.0\"\n");
    for dataset in published() {
        let fields: Vec<&Field> = dataset.columns().filter(|field| !field.is_computed()).collect();
        let mut writer = csv::Writer::from_path(folder.join(format!("{}.csv", dataset.name))).expect("a file can be made");
        writer.write_record(fields.iter().map(|field| field.name)).expect("a header can be written");
        for (name, text) in ROWS {
            let value = |field: &&Field| match is_free_text(dataset, field) {
                true => text.to_owned(),
                false => cell(dataset, field, name, "1"),
            };
            writer.write_record(fields.iter().map(value)).expect("a row can be written");
        }
        writer.flush().expect("the file can be written");
        manifest.push_str(&format!("[[file]]\npath = \"{0}.csv\"\ndataset = \"{0}\"\n", dataset.name));
    }
    fs::write(folder.join("manifest.toml"), manifest).expect("a file can be written");
    folder
}

/// A response that must be complete.
fn whole(address: SocketAddr, target: &str) -> Reply {
    let reply = get(address, target);
    assert_eq!(reply.status, 200, "{target}: {}", reply.text());
    assert!(reply.whole, "{target} is not whole: {}", reply.text());
    reply
}

/// Checks that a row in JSON has exactly the texts that were published.
fn has_texts(row: &Value, dataset: &'static Dataset, text: &str, target: &str) {
    let fields: Vec<&Field> = dataset.columns().filter(|field| is_free_text(dataset, field)).collect();
    assert!(fields.iter().any(|field| field.name == "note"), "{} has no note", dataset.name);
    for field in fields {
        let found = if field.is_list() { &row[field.name][0] } else { &row[field.name] };
        assert_eq!(found.as_str(), Some(text), "{target}: {}", field.name);
    }
}

#[test]
fn texts_that_contain_http_responses_are_unchanged_in_every_dataset_and_representation() {
    let server = TestServer::empty();
    publish(&server.url, &bundle()).expect("the rows are right");
    let address = server.address;
    for dataset in published() {
        let target = format!("/v1/{}?limit=1000", dataset.name);
        let page = whole(address, &target).data();
        for (name, text) in ROWS {
            let code = code(dataset, name);
            let listed = page.as_array().expect("a list").iter().find(|row| row["code"] == code.as_str());
            has_texts(listed.unwrap_or_else(|| panic!("{target} lacks {code}: {page}")), dataset, text, &target);
            let item = format!("/v1/{}/{code}", dataset.name);
            has_texts(&whole(address, &item).data(), dataset, text, &item);
            let history = format!("{item}/history");
            has_texts(&whole(address, &history).data()[0], dataset, text, &history);
        }
        let changes = format!("/v1/changes?dataset={}&limit=1000", dataset.name);
        let listed = whole(address, &changes).data();
        assert_eq!(listed.as_array().map(Vec::len), Some(ROWS.len()), "{changes}");
        let lines = whole(address, &format!("/v1/changes?dataset={}&format=ndjson", dataset.name)).text();
        assert_eq!(lines.lines().count(), ROWS.len(), "{lines}");
        let (names, records) = cells::csv(&whole(address, &format!("/v1/changes?dataset={}&format=csv", dataset.name)).body);
        let at = |name: &str| names.iter().position(|one| one == name).expect("the column is there");
        for (name, text) in ROWS {
            let code = code(dataset, name);
            let change = listed.as_array().expect("a list").iter().find(|change| change["code"] == code.as_str());
            let change = change.unwrap_or_else(|| panic!("{changes} lacks {code}"));
            has_texts(&change["row"], dataset, text, &changes);
            let line = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("an object"));
            assert_eq!(line.filter(|line| line == change).count(), 1, "{lines}");
            let record = records.iter().find(|record| record[at("code")] == code).expect("the change is there");
            assert_eq!(record[at("note")], text, "{changes}");
        }
    }
    let release = whole(address, "/v1/releases/1").data();
    let notes = format!("{TITLE}\n\n{TITLE}");
    assert_eq!((release["title"].as_str(), release["notes"].as_str()), (Some(TITLE), Some(notes.as_str())));
    whole(address, "/v1/releases.atom");
    for dataset in
        collections().filter(|dataset| get(address, &format!("/v1/{}?limit=1", dataset.name)).data() != Value::Array(vec![]))
    {
        agree(address, Context::of(REGISTRY, dataset), &format!("/v1/{}", dataset.name), "");
        for representation in Representation::of(dataset).filter(|representation| representation.is_fixed()) {
            whole(address, &format!("/v1/{}?format={}", dataset.name, representation.name()));
        }
    }
    let files = whole(address, "/v1/files").data();
    for file in files.as_array().expect("a list") {
        let (href, format) = (file["href"].as_str().expect("an address"), file["format"].as_str().expect("a word"));
        let stored = whole(address, href);
        let dataset = published().find(|dataset| file["dataset"] == dataset.name);
        // A file has every row, also those that the list leaves out by default.
        let rest = dataset.map_or_else(String::new, every_row);
        let export = whole(address, &format!("/v1/{}?format={format}{rest}", file["dataset"].as_str().expect("a name")));
        assert!(format == "parquet" || stored.body == export.body, "{href} is not what the export gives");
    }
}
