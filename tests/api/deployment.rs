//! The files in `deploy` say nothing of metrics that the program does not have.

use std::collections::BTreeSet;
use std::fs;

use reperes::http::Bounds;

use crate::harness::get;
use crate::metrics::server;

/// The metrics that a text names.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("reperes_") || word.starts_with("process_")).map(str::to_owned).collect()
}

#[test]
fn alerts_and_boards_name_metrics_that_the_program_has() {
    let (server, admin) = server(Bounds::default());
    get(server.address, "/v1/territories?limit=1");
    let known = named(&get(admin, "/metrics").text());
    for file in ["deploy/prometheus/alerts.yml", "deploy/grafana/reperes.json"] {
        let text = fs::read_to_string(file).expect("the file is shipped");
        let asked = named(&text);
        assert!(asked.len() > 5, "{file} names {asked:?}");
        let part = |name: &str| ["_bucket", "_count", "_sum"].iter().find_map(|part| name.strip_suffix(part)).map(str::to_owned);
        let is_known = |name: &&String| known.contains(*name) || part(name).is_some_and(|name| known.contains(&name));
        let unknown: Vec<&String> = asked.iter().filter(|name| !is_known(name)).collect();
        assert!(unknown.is_empty(), "{file} names {unknown:?}");
    }
    let board: serde_json::Value =
        serde_json::from_str(&fs::read_to_string("deploy/grafana/reperes.json").expect("the file is shipped")).expect("JSON");
    assert!(board["panels"].as_array().is_some_and(|panels| panels.len() >= 12));
}
