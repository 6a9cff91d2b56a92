//! `REPERES_MIGRATE=false`: the server refuses a database that `reperes migrate` has not set up.

use super::{run, run_with};
use crate::harness::{database, owner, with_database};

const APART: (&str, &str) = ("REPERES_MIGRATE", "false");

fn tables(url: &str) -> i64 {
    with_database(&owner(url), async |client| {
        let count = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
        client.query_one(count, &[]).await.expect("it can be asked").get(0)
    })
}

#[test]
fn a_database_without_the_schema_is_refused_and_unchanged() {
    let url = database();
    let said = run_with(&url, &["serve"], &[APART, ("REPERES_STARTUP_WAIT_S", "0"), ("REPERES_ADDRESS", "127.0.0.1:0")]);
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert!(said.err.contains("_releases is missing): run `reperes migrate`"), "{}", said.err);
    assert_eq!(tables(&url), 0);
}

#[test]
fn a_database_of_another_version_is_refused_at_once() {
    for (migration, message) in [
        ("99990101000001", "newer version of this program (migration 99990101000001)"),
        ("20261124000001", "before 1.0 (migration 20261124000001), whose databases are not upgraded"),
    ] {
        let url = database();
        assert_eq!(run(&url, &["migrate"]).code, Some(0));
        with_database(&url, async |client| {
            let add = format!("INSERT INTO __diesel_schema_migrations (version) VALUES ('{migration}')");
            client.execute(&add, &[]).await.expect("the owner may do it");
        });
        let said = run_with(&url, &["serve"], &[APART, ("REPERES_ADDRESS", "127.0.0.1:0")]);
        assert_eq!(said.code, Some(1));
        assert!(said.err.contains(message), "{}", said.err);
    }
}

#[test]
fn reperes_migrate_takes_true_or_false_only() {
    let said = run_with(&database(), &["serve"], &[("REPERES_MIGRATE", "no")]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("REPERES_MIGRATE is `no`, which is neither true nor false"), "{}", said.err);
}
