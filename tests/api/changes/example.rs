//! The example program for agencies, run as they run it: its copy equals what the service exports.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::history::{history, withdraw};
use crate::harness::{SOURCES, TestServer, bundle, get, publish, root_directory, territories};

/// Prints the rows of a copy, a line each, in the order of their codes.
const PRINT: &str = "import sqlite3, sys
for dataset, row in sqlite3.connect(sys.argv[1]).execute('SELECT dataset, row FROM rows ORDER BY dataset, code'):
    print(dataset, row)";

/// Whether Python is installed. Only the example needs it, not the service.
fn python() -> bool {
    Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Runs the example and returns its exit code and its output.
fn sync(server: &TestServer, copy: &Path, more: &[&str]) -> (i32, String) {
    let mut command = Command::new("python3");
    command.arg("examples/sync.py").arg(format!("http://{}", server.address)).arg(copy).args(more);
    let output = command.output().expect("Python runs");
    let said = String::from_utf8_lossy(if output.status.success() { &output.stdout } else { &output.stderr }).trim().to_owned();
    (output.status.code().expect("it ends by itself"), said)
}

fn rows(copy: &Path) -> Vec<(String, Value)> {
    let output = Command::new("python3").args(["-c", PRINT]).arg(copy).output().expect("Python runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let row = |line: &str| {
        let (dataset, row) = line.split_once(' ').expect("two columns");
        (dataset.to_owned(), serde_json::from_str(row).expect("an object"))
    };
    text.lines().map(row).collect()
}

/// The recorded withdrawals of a copy.
fn withdrawn(copy: &Path) -> Vec<String> {
    let print = "import sqlite3, sys
for row in sqlite3.connect(sys.argv[1]).execute('SELECT * FROM withdrawn ORDER BY dataset, code'):
    print(*row)";
    let output = Command::new("python3").args(["-c", print]).arg(copy).output().expect("Python runs");
    String::from_utf8(output.stdout).expect("UTF-8").lines().map(str::to_owned).collect()
}

fn export(server: &TestServer, dataset: &str, filters: &str) -> Vec<(String, Value)> {
    let text = get(server.address, &format!("/v1/{dataset}?format=ndjson&{filters}")).text();
    text.lines().map(|line| (dataset.to_owned(), serde_json::from_str(line).expect("an object"))).collect()
}

#[test]
fn the_example_applies_a_publication_and_a_withdrawal() {
    if !python() {
        return;
    }
    let server = TestServer::empty();
    let copy = root_directory().join("copy.sqlite");
    let one = ["--dataset", "territories"];
    assert_eq!(sync(&server, &copy, &one).0, 1, "nothing is published yet");
    let first = territories(&[("COM-1", "Ici", "10"), ("COM-2", "Là", "20"), ("COM-3", "Là-bas", "")]);
    publish(&server.url, &bundle(&[("sources", SOURCES), ("territories", &first)])).expect("the bundle is right");
    let said = sync(&server, &copy, &one);
    assert_eq!(said, (0, "in step with release 1: 3 changes since release 0".to_owned()));
    assert_eq!(rows(&copy), export(&server, "territories", ""));
    for _ in 0..2 {
        assert_eq!(sync(&server, &copy, &one), (0, "in step with release 1: nothing new".to_owned()));
    }
    let second = territories(&[("COM-1", "Ici", "11"), ("COM-4", "Ailleurs", "40")]);
    publish(&server.url, &bundle(&[("territories", &second)])).expect("the bundle is right");
    assert_eq!(sync(&server, &copy, &one), (0, "in step with release 2: 2 changes since release 1".to_owned()));
    assert_eq!(rows(&copy), export(&server, "territories", ""));
    let small = root_directory().join("small.sqlite");
    let filtered = ["--dataset", "territories", "--where", "population__gt=15"];
    assert_eq!(sync(&server, &small, &filtered).0, 0);
    withdraw(&server.url, "territories", &["COM-2"], "Fusion", Some("COM-1"));
    assert_eq!(sync(&server, &copy, &one), (0, "in step with release 3: 1 changes since release 2".to_owned()));
    let kept = rows(&copy);
    assert_eq!(kept, export(&server, "territories", ""));
    assert_eq!(kept.iter().map(|(_, row)| &row["code"]).collect::<Vec<_>>(), ["COM-1", "COM-3", "COM-4"]);
    let shrunk = territories(&[("COM-4", "Ailleurs", "4")]);
    publish(&server.url, &bundle(&[("territories", &shrunk)])).expect("the bundle is right");
    assert_eq!(sync(&server, &small, &filtered), (0, "in step with release 4: 2 changes since release 2".to_owned()));
    assert_eq!(rows(&small), []);
    // COM-4 only left the selection: the copy does not tell of a withdrawal.
    assert_eq!(withdrawn(&small), ["territories COM-2 3 Fusion COM-1"]);
    let (code, said) = sync(&server, &copy, &["--dataset", "actors"]);
    assert!(code == 1 && said.contains("take another file"), "{said}");
}

/// Applies changes with an operation of a later service to a copy, and prints the error if there is one.
const APPLY: &str = "import json, sqlite3, sys
sys.path.insert(0, 'examples')
import sync
base, path, selection = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
copy = sqlite3.connect(path, isolation_level=None)
for change in json.loads(sys.argv[4]):
    copy.execute('INSERT INTO pending (change) VALUES (?)', (json.dumps(change),))
try:
    sync.apply(base, copy, selection, 1)
except sync.Failed as error:
    print(error)";

#[test]
fn the_example_reads_a_row_again_when_it_does_not_know_the_operation() {
    if !python() {
        return;
    }
    let server = TestServer::empty();
    let first = territories(&[("COM-1", "Ici", "10"), ("COM-2", "Là", "20"), ("COM-3", "Là-bas", "30")]);
    publish(&server.url, &bundle(&[("sources", SOURCES), ("territories", &first)])).expect("the bundle is right");
    let copy = root_directory().join("unknown.sqlite");
    let filtered = ["--dataset", "territories", "--where", "population__gt=15"];
    assert_eq!(sync(&server, &copy, &filtered).0, 0);
    let before = rows(&copy);
    assert_eq!(before.len(), 2);
    let change = |dataset: &str, code: &str| serde_json::json!({"release": 1, "dataset": dataset, "op": "merge", "code": code, "row": null, "reason": null, "successor_code": null});
    let apply = |changes: Value| {
        let mut command = Command::new("python3");
        command.args(["-c", APPLY, &format!("http://{}", server.address)]).arg(&copy);
        command.arg(r#"{"dataset": "territories", "population__gt": "15"}"#).arg(changes.to_string());
        let output = command.output().expect("Python runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    // The service has the one row in the selection and not the other: the copy ends as the collection is.
    assert_eq!(apply(serde_json::json!([change("territories", "COM-2"), change("territories", "COM-1")])), "");
    assert_eq!(rows(&copy), before);
    let said = apply(serde_json::json!([change("contours", "COM-2")]));
    assert!(said.starts_with("the operation merge of contours COM-2 is unknown"), "{said}");
    assert_eq!(rows(&copy), before);
}

#[test]
fn the_example_copies_all_rows_or_those_that_a_filter_selects() {
    if !python() {
        return;
    }
    let (server, newest) = history();
    let everything = root_directory().join("everything.sqlite");
    let (code, said) = sync(&server, &everything, &[]);
    assert!(code == 0 && said.starts_with(&format!("in step with release {newest}: ")), "{said}");
    let kept = rows(&everything);
    for dataset in ["territories", "measures", "observations", "indicators", "actors", "sources"] {
        let own: Vec<_> = kept.iter().filter(|(name, _)| name == dataset).cloned().collect();
        let mut expected = export(&server, dataset, "");
        expected.sort_by(|a, b| a.1["code"].as_str().cmp(&b.1["code"].as_str()));
        assert_eq!(own, expected, "{dataset}");
    }
    let (code, said) = sync(&server, &root_directory().join("within.sqlite"), &["--within", "DEP-91"]);
    assert_eq!(code, 0, "{said}");
    let some = root_directory().join("some.sqlite");
    let (code, said) = sync(&server, &some, &["--dataset", "observations", "--within", "DEP-91", "--where", "qualifier=exact"]);
    assert_eq!(code, 0, "{said}");
    let mut expected = export(&server, "observations", "within=DEP-91&qualifier=exact");
    expected.sort_by(|a, b| a.1["code"].as_str().cmp(&b.1["code"].as_str()));
    assert_eq!(rows(&some), expected);
    let (code, said) = sync(&server, &root_directory().join("wrong.sqlite"), &["--where", "kind=commune"]);
    assert!(code == 2 && said.contains("kind: `kind` is not a parameter"), "{said}");
}
