//! Keeps the contract of /v1: the present OpenAPI document is compared with the frozen one (`openapi/frozen.json`), and is
//! counted. Needs neither a server nor Postgres.

mod additions;
mod breakages;
mod compare;
mod counts;
mod edit;
mod schema;

use std::fs;

use serde_json::Value;

/// Reads a JSON document of the repository.
pub fn read(path: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))).expect("JSON")
}

/// The part of the changelog about its newest version.
fn newest_version(changelog: &str) -> &str {
    let rest = changelog.split_once("\n## ").expect("a version").1;
    rest.split_once("\n## ").map_or(rest, |(newest, _)| newest)
}

#[test]
fn every_breaking_change_since_the_frozen_document_has_a_line_in_the_changelog() {
    let changelog = fs::read_to_string("CHANGELOG.md").expect("the changelog");
    let told = newest_version(&changelog);
    let broken = compare::breaking(&read("openapi/frozen.json"), &read("openapi/openapi.json"));
    let untold: Vec<&String> = broken.iter().filter(|change| !told.contains(&format!("`{change}`"))).collect();
    assert!(
        untold.is_empty(),
        "these changes break clients of /v1 (docs/contract.md). Undo them; or, if the contract allows them, name each one in backticks \
         under the newest version of CHANGELOG.md:\n{untold:#?}"
    );
}

#[test]
fn only_the_newest_version_of_the_changelog_can_consent() {
    let changelog = "# Changelog\n\n## [1.1.0]\n\n- `GET /v1/x: removed`\n\n## [1.0.0]\n\n- `GET /v1/y: removed`\n";
    assert!(newest_version(changelog).contains("`GET /v1/x: removed`"));
    assert!(!newest_version(changelog).contains("`GET /v1/y: removed`"));
}
