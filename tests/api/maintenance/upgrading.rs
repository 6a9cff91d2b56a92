//! A database that the first version made is migrated: what was published, proved and cited stays.

use std::fs;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::first_version::{answers, path, restored};
use super::{report, run};
use crate::harness::{SOURCES, TestServer, bundle, get, owner, publish, text, with_database};

/// What a migration after the last one may do: a new table, a column of published rows with its bounds, and an index.
const LATER: &str = "\
CREATE TABLE essai (id integer PRIMARY KEY);
ALTER TABLE events ADD COLUMN essai numeric DEFAULT 1;
SELECT bound_table('events');
CREATE INDEX events_essai ON events (essai);";

/// The tables of the schema, each with its number of rows.
fn tables(url: &str) -> Vec<(String, i64)> {
    with_database(&owner(url), async |client| {
        let names = client.query("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1", &[]).await;
        let mut all = Vec::new();
        for row in names.expect("tables") {
            let name: String = row.get(0);
            let count = client.query_one(&format!("SELECT count(*) FROM \"{name}\""), &[]).await.expect("a count");
            all.push((name, count.get(0)));
        }
        all
    })
}

/// The digests of releases and of the audit, as the database keeps them.
fn digests(url: &str) -> Vec<String> {
    with_database(&owner(url), async |client| {
        let all = "SELECT release || ' ' || fields || ' ' || parts || ' ' || encode(digest, 'hex') FROM release_digests \
                   UNION ALL SELECT 'audit ' || id || ' ' || encode(digest, 'hex') FROM audit ORDER BY 1";
        client.query(all, &[]).await.expect("digests").iter().map(|row| row.get(0)).collect()
    })
}

fn migrate(url: &str) {
    let said = run(url, &["migrate"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
}

/// `verify` finds nothing, and the digests are those that the first version reported.
fn assert_sound(url: &str) {
    let said = run(url, &["verify", "--against", text(&path("verify.json"))]);
    assert_eq!((said.code, said.out.ends_with("\nsound\n")), (Some(0), true), "{}{}", said.out, said.err);
}

/// Where an answer lacks something of an earlier one, or says something else. Members may be added.
fn missing(place: &str, before: &Value, now: &Value) -> Vec<String> {
    match (before, now) {
        (Value::Object(before), Value::Object(now)) => {
            let all = before.iter().map(|(name, value)| (format!("{place}.{name}"), value, now.get(name)));
            all.flat_map(|(place, value, other)| other.map_or(vec![place.clone()], |other| missing(&place, value, other)))
                .collect()
        }
        (Value::Array(before), Value::Array(now)) if before.len() == now.len() => before
            .iter()
            .zip(now)
            .enumerate()
            .flat_map(|(at, (one, other))| missing(&format!("{place}[{at}]"), one, other))
            .collect(),
        _ if before == now => Vec::new(),
        _ => vec![format!("{place}: {before} became {now}")],
    }
}

#[test]
fn the_first_version_left_rows_in_every_table() {
    let url = restored();
    let releases = fs::read_to_string(path("verify.json")).expect("the fixture is there").matches("\"release\":").count();
    assert!(releases >= 8, "{releases}");
    for (table, rows) in tables(&url) {
        assert!(rows > 0, "{table} is empty");
    }
}

#[test]
fn an_upgraded_database_has_the_rows_the_digests_and_the_answers() {
    let url = restored();
    let (rows, proofs) = (tables(&url), digests(&url));
    migrate(&url);
    let after = tables(&url);
    for (table, count) in rows.iter().filter(|(table, _)| !table.starts_with("__")) {
        let now = after.iter().find(|(name, _)| name == table).map(|(_, count)| count);
        assert_eq!(now, Some(count), "{table}");
    }
    assert_eq!(digests(&url), proofs);
    assert_sound(&url);

    let server = TestServer::on(&url);
    let recorded = answers();
    assert!(recorded.len() > 35, "{}", recorded.len());
    for (pinned, body) in recorded {
        let reply = get(server.address, &pinned);
        assert_eq!(reply.status, 200, "{pinned}: {}", reply.text());
        assert_eq!(missing("", &body, &reply.json()), Vec::<String>::new(), "{pinned}");
    }
    let files = with_database(&url, async |client| {
        let files = client.query("SELECT format('/v1/files/%s/%s', release, file), sha256 FROM release_files", &[]).await;
        files.expect("records").iter().map(|row| (row.get(0), row.get(1))).collect::<Vec<(String, String)>>()
    });
    assert!(files.len() > 25, "{}", files.len());
    for (pinned, sha256) in files {
        let reply = get(server.address, &pinned);
        assert_eq!((reply.status, hex::encode(Sha256::digest(&reply.body))), (200, sha256), "{pinned}");
    }
}

#[test]
fn an_upgraded_database_is_published_into() {
    let url = restored();
    migrate(&url);
    let before = digests(&url);
    let territories = "code,kind,name,population,geography_year,source_code\nCOM-91001,commune,Avesnes,102,2026,essai\n";
    let made = publish(&url, &bundle(&[("sources", SOURCES), ("territories", territories)])).expect("the rows are right");
    assert_eq!(made.release, Some(9));
    let server = TestServer::on(&url);
    assert_eq!(get(server.address, "/v1/territories/COM-91001").data()["population"], 102);
    assert_eq!(get(server.address, "/v1/territories/COM-91001?release=8").data()["population"], 100);
    assert_eq!(report(&url)["outcome"], "sound");
    assert_eq!(digests(&url).iter().filter(|digest| before.contains(digest)).count(), before.len());
}

#[test]
fn a_later_migration_that_adds_changes_no_digest() {
    let url = restored();
    migrate(&url);
    let proofs = digests(&url);
    with_database(&owner(&url), async |client| client.batch_execute(LATER).await.expect("it only adds"));
    assert_eq!(digests(&url), proofs);
    assert_sound(&url);
    migrate(&url);
    assert_sound(&url);
}

#[test]
fn a_changed_or_missing_member_of_an_answer_is_found() {
    let before = serde_json::json!({"data": [{"code": "a", "note": null}], "links": {"self": "/"}});
    let with = |data: Value| serde_json::json!({"data": data, "links": {"self": "/", "next": null}});
    assert_eq!(missing("", &before, &with(serde_json::json!([{"code": "a", "note": null, "more": 1}]))), Vec::<String>::new());
    assert_eq!(
        missing("", &before, &with(serde_json::json!([{"code": "b", "note": null}]))),
        [".data[0].code: \"a\" became \"b\""]
    );
    assert_eq!(missing("", &before, &with(serde_json::json!([{"code": "a"}]))), [".data[0].note"]);
    assert_eq!(missing("", &before, &with(serde_json::json!([]))).len(), 1);
}
