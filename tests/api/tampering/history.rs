//! Tampering with releases and their rows.

use super::{Case, act, all_are_found, behind, reperes, report, sound};
use crate::harness::{owner, root_directory, with_database};

#[test]
fn releases_that_are_not_what_they_were_made_with_are_found() {
    let removed = [
        behind("releases", "DELETE FROM releases WHERE number = 3"),
        behind("release_digests", "DELETE FROM release_digests WHERE release = 3"),
    ];
    let source = |releases: &str| {
        format!(
            "INSERT INTO sources (code, kind, title, publisher, licence, first_release, last_release) VALUES ('more', 'document', 'T', 'P', 'etalab-2.0', {releases})"
        )
    };
    let cases: [Case; 14] = [
        (behind("figures", "UPDATE figures SET value = value + 1"), "chain", "releases", Some("1")),
        (behind("series", "UPDATE series SET breakdown_code = breakdown_code || '.more'"), "chain", "releases", Some("1")),
        (
            behind("sources", "UPDATE sources SET title = 'Autre' WHERE code = 'changes' AND last_release = 1"),
            "chain",
            "releases",
            Some("1"),
        ),
        (behind("releases", "UPDATE releases SET title = 'Autre' WHERE number = 2"), "chain", "releases", Some("2")),
        (behind("releases", "UPDATE releases SET publisher = 'Autre' WHERE number = 3"), "chain", "releases", Some("3")),
        (
            behind("releases", "UPDATE releases SET published_at = published_at - interval '1 microsecond' WHERE number = 1"),
            "chain",
            "releases",
            Some("1"),
        ),
        (source("1, NULL"), "chain", "releases", Some("1")),
        (source("2, 2"), "chain", "releases", Some("3")),
        (behind("events", "DELETE FROM events WHERE last_release IS NOT NULL"), "chain", "releases", Some("1")),
        (behind("actors", "UPDATE actors SET last_release = 2 WHERE last_release = 1"), "chain", "releases", Some("2")),
        (
            "INSERT INTO withdrawals (dataset, code, release, reason) VALUES ('sources', 'stays', 2, 'Essai')".to_owned(),
            "chain",
            "releases",
            Some("2"),
        ),
        (behind("release_digests", "DELETE FROM release_digests WHERE release = 3"), "chain", "releases", Some("3")),
        (
            behind(
                "release_digests",
                "UPDATE release_digests SET fields = fields - 'sources', parts = parts - 'sources' WHERE release = 2",
            ),
            "chain",
            "releases",
            Some("2"),
        ),
        (removed.join("; "), "chain", "releases", Some("3")),
    ];
    all_are_found(&cases);
}

#[test]
fn a_history_that_was_chained_anew_is_found_by_an_earlier_report() {
    let url = sound();
    let file = root_directory().join(format!("chain-{}.json", url.rsplit('/').next().expect("a name")));
    std::fs::write(&file, reperes(&url, &["verify", "--json"], 0)).expect("a file can be written");
    let anew = "DO $$ DECLARE d release_digests; previous bytea := sha256(''); found jsonb; BEGIN \
        FOR d IN SELECT * FROM release_digests ORDER BY release LOOP found := release_parts(d.release, d.fields); \
        previous := chained_digest(d.release, d.fields, found, previous); \
        UPDATE release_digests SET parts = found, digest = previous WHERE release = d.release; END LOOP; END $$";
    act(&url, &behind("releases", "UPDATE releases SET title = 'Autre' WHERE number = 2"));
    act(&url, &behind("release_digests", anew));
    reperes(&url, &["verify"], 0);
    let said = reperes(&url, &["verify", "--against", file.to_str().expect("a path")], 3);
    assert!(said.contains("chain: releases 3: its chained digest is not that of the earlier report"), "{said}");
}

#[test]
fn the_service_role_writes_the_next_release_only() {
    let url = sound();
    let source = "INSERT INTO sources (code, kind, title, publisher, licence, first_release, last_release) \
                  VALUES ('more', 'document', 'T', 'P', 'etalab-2.0',";
    let release = "INSERT INTO releases (number, title, publisher, licence, added, changed, withdrawn, counts, files) VALUES";
    let refused = [
        (format!("{source} 1, NULL)"), "23001"),
        (format!("{source} 3, NULL)"), "23001"),
        (format!("{source} 5, NULL)"), "23001"),
        (format!("{source} 4, 4)"), "23001"),
        (format!("CREATE TEMP TABLE releases (number integer); {source} 1, NULL)"), "23001"),
        ("UPDATE sources SET last_release = 2 WHERE last_release IS NULL AND first_release = 1".to_owned(), "23001"),
        ("UPDATE sources SET last_release = 4 WHERE last_release IS NULL".to_owned(), "23001"),
        (format!("{release} (3, 'T', 'P', 'etalab-2.0', 0, 0, 0, '{{}}', '[]')"), "23001"),
        (format!("{release} (5, 'T', 'P', 'etalab-2.0', 0, 0, 0, '{{}}', '[]')"), "23001"),
        ("INSERT INTO release_digests VALUES (4, '{}', '{}', sha256(''))".to_owned(), "42501"),
        ("UPDATE audit_head SET id = 0".to_owned(), "42501"),
    ];
    for (statement, expected) in refused {
        with_database(&url, async |client| {
            let error = client.batch_execute(&statement).await.expect_err(&statement);
            assert_eq!(error.code().expect("the database's own refusal").code(), expected, "{statement}: {error:?}");
        });
    }
    // The instant and the digest are the database's, whatever the role sends.
    with_database(&url, async |client| {
        let next = format!(
            "BEGIN; {source} 4, NULL); INSERT INTO releases (number, published_at, title, publisher, licence, added, changed, withdrawn, \
             counts, files) VALUES (4, 'infinity', 'T', 'P', 'etalab-2.0', 1, 0, 0, '{{\"sources\": {{\"added\": 1, \"changed\": 0, \
             \"withdrawn\": 0}}}}', '[]'); INSERT INTO audit (id, at, actor, action, outcome, release, files, detail, digest) \
             VALUES (1, '-infinity', 'kept', 'publish', 'published', 4, '[]', '{{}}', sha256('')); COMMIT"
        );
        client.batch_execute(&next).await.expect("the next release is written");
    });
    with_database(&owner(&url), async |client| {
        let query =
            "SELECT published_at BETWEEN now() - interval '1 minute' AND clock_timestamp() FROM releases WHERE number = 4";
        assert!(client.query_one(query, &[]).await.expect("a release").get::<_, bool>(0));
    });
    assert_eq!(report(&url, 0)["chain"]["release"], 4);
}
