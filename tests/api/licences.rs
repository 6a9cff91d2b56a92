//! Licences of answers: those of the sources that the rows of the dataset name at the release, in every envelope.

use std::io::Cursor;

use calamine::{Reader, Xlsx};
use serde_json::{Value, json};

use crate::harness::{SOURCES, TestServer, bundle, get, publish, territories};

const UNSTATED: &str = "Information publique, sans licence indiquée";

const ACTORS: &str = "code,kind,name,role,source_code\netat,state,État,financeur,autre\n";

#[test]
fn an_answer_names_the_licences_of_the_sources_of_its_dataset_at_its_release() {
    let server = TestServer::empty();
    let one = |files: &[(&str, &str)]| _ = publish(&server.url, &bundle(files)).expect("the bundle is right");
    let other = format!("{SOURCES}autre,document,Autre,Repères,\"{UNSTATED}\"\n");
    one(&[("sources", &other), ("territories", &territories(&[("COM-1", "Ici", "10")]))]);
    one(&[("actors", ACTORS)]);
    one(&[("sources", &SOURCES.replace("etalab-2.0", "odbl-1.0"))]);
    let cases = [
        ("/v1/territories?release=1", json!(["etalab-2.0"])),
        ("/v1/territories?release=2", json!(["etalab-2.0"])),
        ("/v1/territories", json!(["odbl-1.0"])),
        ("/v1/territories?code=COM-1&fields=code", json!(["odbl-1.0"])),
        ("/v1/territories/COM-1", json!(["odbl-1.0"])),
        ("/v1/territories/COM-1?release=2", json!(["etalab-2.0"])),
        ("/v1/territories/COM-1/history", json!(["odbl-1.0"])),
        ("/v1/territories/COM-1/profile?release=1", json!(["etalab-2.0"])),
        ("/v1/actors?release=1", json!([])),
        ("/v1/actors", json!([UNSTATED])),
        ("/v1/observations", json!([])),
        ("/v1/sources?release=1", json!([UNSTATED, "etalab-2.0"])),
        ("/v1/sources/autre", json!([UNSTATED, "odbl-1.0"])),
        ("/v1/releases", json!(["etalab-2.0"])),
        ("/v1/releases/latest", json!(["etalab-2.0"])),
        ("/v1/changes?dataset=territories&until=1", json!(["etalab-2.0"])),
        ("/v1/changes?dataset=territories,actors", json!([UNSTATED, "odbl-1.0"])),
        // What lies in what is computed from territories and memberships.
        ("/v1/changes?dataset=containments", json!(["odbl-1.0"])),
    ];
    for (target, licences) in cases {
        for _ in 0..2 {
            let meta = get(server.address, target).json()["meta"].clone();
            assert_eq!(meta["licences"], licences, "{target}");
            assert!(meta.get("licence").is_none(), "{target}: {meta}");
        }
    }
    let collection = get(server.address, "/v1/territories?format=geojson&release=1").json();
    assert_eq!((&collection["licences"], &collection["licence"]), (&json!(["etalab-2.0"]), &Value::Null));
    let about = |target: &str| {
        let mut book = Xlsx::new(Cursor::new(get(server.address, target).body)).expect("a workbook");
        let sheet = book.worksheet_range("À propos").expect("the sheet");
        let line = sheet.rows().find(|row| row[0] == "Licences").expect("a line");
        line[1].to_string()
    };
    assert_eq!(about("/v1/sources?format=xlsx"), format!("{UNSTATED} ; odbl-1.0"));
    assert_eq!(about("/v1/files/1/sources.xlsx"), format!("{UNSTATED} ; etalab-2.0"));
    assert_eq!(about("/v1/files/2/territories.xlsx"), "etalab-2.0");
}
