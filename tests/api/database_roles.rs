//! The serving role can publish. It can neither change nor delete published rows, nor disable the triggers.

use reperes::datasets::REGISTRY;
use reperes::query::{Dataset, RowOrigin, Storage};

use crate::harness::{SOURCES, TestServer, bundle, get, migrated, owner, publish, territories, with_database};

/// The tables of records that are not datasets, each with one of its columns.
const RECORDS: [(&str, &str); 6] = [
    ("audit", "actor"),
    ("withdrawals", "reason"),
    ("keys", "name"),
    ("release_files", "sha256"),
    ("release_digests", "digest"),
    ("series", "nature"),
];

#[test]
fn the_serving_role_may_add_and_close_rows_and_nothing_else() {
    let server = TestServer::empty();
    let of = |name| bundle(&[("sources", SOURCES), ("territories", &territories(&[("COM-1", name, "1")]))]);
    publish(&server.url, &of("A")).expect("the bundle is right");
    publish(&server.url, &of("B")).expect("the bundle is right");
    let mut refused = 0;
    with_database(&server.url, async |client| {
        let user: String = client.query_one("SELECT current_user::text", &[]).await.expect("a name").get(0);
        assert_eq!(user, "reperes_service");
        let column = |dataset: &Dataset| match dataset.storage {
            Storage::Table => dataset.key[0],
            Storage::Series { .. } => "series_id",
        };
        let published = REGISTRY.iter().map(|dataset| (dataset.versions_table(), column(dataset)));
        for (table, column) in published.chain(RECORDS) {
            client.query_one(&format!("SELECT count(*) FROM \"{table}\""), &[]).await.expect("everything is read");
            for statement in [
                format!("UPDATE \"{table}\" SET \"{column}\" = \"{column}\""),
                format!("DELETE FROM \"{table}\""),
                format!("TRUNCATE \"{table}\""),
                format!("ALTER TABLE \"{table}\" DISABLE TRIGGER ALL"),
                format!("ALTER TABLE \"{table}\" ADD COLUMN more integer"),
                format!("DROP TRIGGER keep_table ON \"{table}\""),
                format!("CREATE TRIGGER more BEFORE UPDATE ON \"{table}\" FOR EACH ROW EXECUTE FUNCTION keep_history()"),
                format!("DROP TABLE \"{table}\""),
                format!("CREATE INDEX more ON \"{table}\" (\"{column}\")"),
                format!("ALTER TABLE \"{table}\" OWNER TO CURRENT_USER"),
            ] {
                let error = client.batch_execute(&statement).await.expect_err(&statement);
                let code = error.code().expect("the database's own refusal").code().to_owned();
                assert_eq!(code, "42501", "{statement}: {error:?}");
                refused += 1;
            }
        }
        for statement in [
            "CREATE TABLE more (a integer)",
            "CREATE FUNCTION more() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
            "ALTER FUNCTION keep_history() RENAME TO more",
            "DROP FUNCTION keep_record()",
            "SET session_replication_role = replica",
            "SELECT analyze_table('audit')",
            "SELECT analyze_table('pg_authid')",
            "UPDATE keys SET scopes = '{publish:*:*}'",
            "CREATE ROLE more",
            "COPY sources TO PROGRAM 'true'",
        ] {
            let error = client.batch_execute(statement).await.expect_err(statement);
            assert_eq!(error.code().expect("the database's own refusal").code(), "42501", "{statement}: {error:?}");
        }
    });
    assert_eq!(refused, 10 * (REGISTRY.len() + RECORDS.len()));
    assert_eq!(get(server.address, "/v1/territories/COM-1").data()["name"], "B");
    assert_eq!(get(server.address, "/v1/territories/COM-1?release=1").data()["name"], "A");
}

#[test]
fn triggers_stop_the_owner_from_changing_audit_keys_and_withdrawals() {
    let url = migrated();
    publish(&url, &bundle(&[("sources", SOURCES)])).expect("the bundle is right");
    with_database(&owner(&url), async |client| {
        client
            .batch_execute(
                "INSERT INTO keys (name, hash, scopes, publisher, expires_at) VALUES ('a', sha256(''), '{publish:*:*}', 'A', now() + interval '1 day');
                 INSERT INTO audit (actor, action, outcome, files, detail) VALUES ('a', 'publish', 'failed', '[]', '{}');
                 INSERT INTO release_files (release, file, dataset, sha256, bytes, rows, fields)
                 VALUES (1, 'sources.csv', 'sources', repeat('0', 64), 1, 1, '{code}');
                 INSERT INTO withdrawals (dataset, code, release, reason) VALUES ('sources', 'essai', 1, 'Essai');
                 INSERT INTO series VALUES (1, 'a', 'COM-1', '_T', 'observed', 'essai')",
            )
            .await
            .expect("rows are added");
        for (table, column) in RECORDS {
            for statement in
                [format!("UPDATE {table} SET {column} = {column}"), format!("DELETE FROM {table}"), format!("TRUNCATE {table}")]
            {
                let error = client.batch_execute(&statement).await.expect_err(&statement);
                assert_eq!(error.code().expect("the trigger's refusal").code(), "23001", "{statement}");
            }
        }
        for change in
            ["scopes = '{publish:x:y}', revoked_at = now()", "expires_at = now() + interval '9 years'", "revoked_at = NULL"]
        {
            client.batch_execute(&format!("UPDATE keys SET {change}")).await.expect_err(change);
        }
        client.batch_execute("UPDATE keys SET revoked_at = now()").await.expect("a key can be revoked");
        for change in ["revoked_at = now()", "revoked_at = NULL"] {
            client.batch_execute(&format!("UPDATE keys SET {change}")).await.expect_err("a key is revoked for good");
        }
    });
}

#[test]
fn grants_are_idempotent_and_one_role_can_own_and_serve() {
    let url = migrated();
    let rights = "SELECT table_name::text || ' ' || privilege_type, '' FROM information_schema.table_privileges WHERE grantee = 'reperes_service' \
                  UNION ALL SELECT table_name::text || ' ' || column_name, privilege_type FROM information_schema.column_privileges \
                  WHERE grantee = 'reperes_service' AND privilege_type = 'UPDATE' ORDER BY 1, 2";
    let read = || {
        with_database(&owner(&url), async |client| {
            let rows = client.query(rights, &[]).await.expect("the rights");
            rows.iter().map(|row| (row.get(0), row.get(1))).collect::<Vec<(String, String)>>()
        })
    };
    let before = read();
    let closing = REGISTRY.iter().filter(|dataset| !matches!(dataset.rows, RowOrigin::Releases)).count();
    let closes = |right: &&(String, String)| right.0.ends_with(" last_release") && right.1 == "UPDATE";
    assert_eq!(before.iter().filter(closes).count(), closing, "of the datasets");
    let again = |service: &str| {
        let service = reperes::db::connection::config::Database::parse(service).expect("the URL is one");
        with_database(&owner(&url), async |client| {
            reperes::db::setup::roles::apply(client, &service, REGISTRY).await.expect("rights can be given")
        })
    };
    assert!(again(&url));
    assert_eq!(read(), before);
    assert!(!again(&owner(&url)), "the owner needs no rights given");
    publish(&owner(&url), &bundle(&[("sources", SOURCES)])).expect("the owner publishes too");
}
