//! `verify` passes on an intact database, and finds and names every damage.

use serde_json::Value;

use super::{published, report, run};
use crate::harness::{database, owner, root_directory, with_database};

/// Runs a statement on a database as its owner, with the triggers of a table disabled.
fn damage(url: &str, table: &str, statement: &str) {
    let all =
        format!("BEGIN; ALTER TABLE {table} DISABLE TRIGGER USER; {statement}; ALTER TABLE {table} ENABLE TRIGGER USER; COMMIT");
    with_database(&owner(url), async |client| client.batch_execute(&all).await.expect("the owner may do it"));
}

fn found(report: &Value, check: &str, dataset: &str, code: Option<&str>) -> bool {
    let faults = report["faults"].as_array().expect("a list");
    faults
        .iter()
        .any(|fault| fault["check"] == check && fault["dataset"] == dataset && code.is_none_or(|code| fault["code"] == code))
}

#[test]
fn an_intact_database_passes_and_equal_databases_have_equal_digests() {
    let (one, other) = (published(), published());
    let said = run(&one, &["verify"]);
    assert_eq!((said.code, said.out.ends_with("\nsound\n")), (Some(0), true), "{}{}", said.out, said.err);
    let (mine, theirs) = (report(&one), report(&other));
    assert_eq!(mine["digests"], theirs["digests"]);
    let digests = mine["digests"].as_array().expect("a list");
    assert_eq!(digests.len(), 2);
    assert_ne!(digests[0]["sha256"], digests[1]["sha256"]);
    assert_eq!(digests[0]["datasets"]["territories"]["rows"], 2);
    assert_eq!(digests[1]["datasets"]["territories"]["rows"], 3);
}

#[test]
fn the_digest_is_computed_as_documented() {
    use sha2::{Digest, Sha256};
    let hex = |text: &str| Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let report = report(&published());
    let sources = "code\tessai\nkind\tdocument\nlicence\tetalab-2.0\npublisher\tRepères\ntitle\tEssai\n\n";
    let digest = &report["digests"][0];
    assert_eq!(digest["datasets"]["sources"]["sha256"], hex(sources));
    let parts = digest["datasets"].as_object().expect("an object");
    let lines: String = parts
        .iter()
        .map(|(name, part)| format!("{name} {} {}\n", part["rows"], part["sha256"].as_str().expect("a digest")))
        .collect();
    assert_eq!(digest["sha256"], hex(&lines));
}

#[test]
fn every_kind_of_damage_is_found_and_named() {
    let row = "INSERT INTO territories (code, kind, name, status, geography_year, source_code, first_release, last_release)";
    let cases = [
        ("territories", "DELETE FROM territories WHERE code = 'COM-90001'", "counts", "territories", None),
        (
            "territories",
            "UPDATE territories SET source_code = 'nowhere' WHERE code = 'COM-90001'",
            "reference",
            "territories",
            Some("COM-90001"),
        ),
        ("sources", "UPDATE sources SET first_release = 2", "reference", "territories", Some("COM-90001")),
        (
            "territories",
            "DROP INDEX territories_current; INSERT INTO territories SELECT (jsonb_populate_record(t, '{\"first_release\": 2}')).* FROM territories t WHERE code = 'COM-90001'",
            "key",
            "territories",
            Some("COM-90001"),
        ),
        ("territories", "DROP INDEX territories_current", "protection", "territories", None),
        (
            "territories",
            "UPDATE territories SET first_release = 9 WHERE code = 'COM-90003'",
            "span",
            "territories",
            Some("COM-90003"),
        ),
        (
            "territories",
            "UPDATE territories SET last_release = 2 WHERE code = 'COM-90003'",
            "span",
            "territories",
            Some("COM-90003"),
        ),
        (
            "containments",
            "UPDATE containments SET population_share = 0.5 WHERE part_code = 'COM-90001'",
            "derived",
            "containments",
            Some("COM-90002~COM-90001"),
        ),
        (
            "containments",
            "DELETE FROM containments WHERE part_code = 'COM-90003'",
            "derived",
            "containments",
            Some("COM-90002~COM-90003"),
        ),
        ("releases", "UPDATE releases SET added = added + 1 WHERE number = 1", "counts", "releases", Some("1")),
        ("releases", "DELETE FROM releases WHERE number = 1", "releases", "releases", Some("2")),
        ("sources", "CREATE TABLE stage_sources (code text)", "staging", "-", Some("public.stage_sources")),
        (
            "release_files",
            "INSERT INTO release_files VALUES (9, 'actors.csv', 'actors', repeat('0', 64), 1, 1, '{code}')",
            "files",
            "release_files",
            Some("9/actors.csv"),
        ),
        (
            "release_files",
            "INSERT INTO release_files VALUES (1, 'actors.csv', 'actors', repeat('0', 64), 1, 1, '{code}', '2026-01-02'), \
             (1, 'actors.ndjson', 'actors', repeat('0', 64), 1, 1, '{code,kind}', '2026-01-03')",
            "files",
            "release_files",
            Some("1/actors.ndjson"),
        ),
        ("release_files", "DROP TRIGGER keep_record ON release_files", "protection", "release_files", None),
        (
            "withdrawals",
            "INSERT INTO withdrawals VALUES ('territories', 'COM-90001', 2, 'Essai', NULL)",
            "withdrawals",
            "territories",
            Some("COM-90001"),
        ),
        (
            "territories",
            &format!("{row} VALUES ('COM-90001', 'commune', 'Un', 'current', 2026, 'essai', 2, 1)"),
            "span",
            "territories",
            Some("COM-90001"),
        ),
    ];
    for (table, statement, check, dataset, code) in cases {
        let url = published();
        let constraint = "ALTER TABLE territories DROP CONSTRAINT territories_check";
        let statement = if statement.contains(", 2, 1)") { format!("{constraint}; {statement}") } else { statement.to_owned() };
        damage(&url, table, &statement);
        let report = report(&url);
        assert!(found(&report, check, dataset, code), "{statement}: {report:#}");
        assert_eq!(run(&url, &["verify"]).code, Some(3), "{statement}");
    }
}

#[test]
fn a_disabled_trigger_is_found() {
    let url = published();
    with_database(&owner(&url), async |client| {
        client.batch_execute("ALTER TABLE sources DISABLE TRIGGER keep_history").await.expect("the owner may do it");
    });
    let report = report(&url);
    assert!(found(&report, "protection", "sources", None), "{report:#}");
    assert_eq!(report["fault_count"], 1);
}

#[test]
fn a_changed_value_is_found_by_its_digest_and_by_its_file() {
    let url = database().replace("//reperes@", "//reperes_service@");
    assert_eq!(run(&url, &["migrate"]).code, Some(0));
    let before = run(&url, &["verify", "--json"]);
    assert_eq!(before.code, Some(0), "{}{}", before.out, before.err);
    let file = root_directory().join(format!("earlier-{}.json", url.rsplit('/').next().expect("a name")));
    std::fs::write(&file, &before.out).expect("a file can be written");
    damage(&url, "territories", "UPDATE territories SET population = 1 WHERE code = 'COM-59350'");
    let after = run(&url, &["verify", "--json", "--against", file.to_str().expect("a path")]);
    assert_eq!(after.code, Some(3));
    let report: Value = serde_json::from_str(&after.out).expect("JSON");
    assert!(found(&report, "bundle", "territories", Some("COM-59350")), "{report:#}");
    let detail = |check: &str| {
        let faults = report["faults"].as_array().expect("a list");
        faults.iter().find(|fault| fault["check"] == check).map(|fault| fault["detail"].as_str().expect("a text").to_owned())
    };
    assert_eq!(detail("bundle").as_deref(), Some("differs from the bundled files in population (01-small)"));
    assert!(detail("digest").is_some_and(|detail| detail.starts_with("release 1: territories differs")), "{report:#}");
    assert_eq!(detail("chain").as_deref(), Some("what it holds of territories is not what it was made with"));
    assert_eq!(report["fault_count"], 3);
}

#[test]
fn verify_refuses_an_unknown_release_and_a_database_without_the_schema() {
    let url = published();
    let said = run(&url, &["verify", "--release", "9"]);
    assert_eq!((said.code, said.err.as_str()), (Some(1), "error: there is no release 9; the newest is 2\n"));
    assert_eq!(run(&url, &["verify", "--release", "0"]).code, Some(2));
    assert_eq!(run(&database(), &["verify"]).code, Some(1));
}
