//! The clock of the database goes back and forth between publications: numbers and instants of releases increase strictly, and
//! answers for the past keep their bytes.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::harness::{SOURCES, TestServer, bundle, get, owner, publish, territories, with_database};

/// How far the clock is from the right time at each publication, in seconds.
const OFFSETS: [i64; 8] = [-20_000, -27_200, -16_400, -106_400, -106_400, -16_310, -16_340, -20_000];

/// Puts the clock of a database off by a number of seconds.
fn set_clock(url: &str, offset: i64) {
    let clock = format!(
        "CREATE OR REPLACE FUNCTION wall_clock() RETURNS timestamptz LANGUAGE sql VOLATILE \
         AS 'SELECT clock_timestamp() + interval ''{offset} seconds'''"
    );
    with_database(&owner(url), async |client| client.batch_execute(&clock).await.expect("the owner may do it"));
}

/// The instants of the releases, the oldest first.
fn published(url: &str) -> Vec<DateTime<Utc>> {
    with_database(url, async |client| {
        let rows = client.query("SELECT published_at FROM releases ORDER BY number", &[]).await.expect("the releases");
        rows.iter().map(|row| row.get(0)).collect()
    })
}

#[test]
fn answers_for_the_past_keep_their_bytes_whatever_the_clock_does() {
    let server = TestServer::empty();
    let mut answers: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for (at, offset) in OFFSETS.into_iter().enumerate() {
        set_clock(&server.url, offset);
        let name = format!("Lieu {at}");
        let rows = territories(&[("COM-1", name.as_str(), "1")]);
        publish(&server.url, &bundle(&[("sources", SOURCES), ("territories", &rows)])).expect("the rows are right");
        let instants = published(&server.url);
        assert_eq!(instants.len(), at + 1);
        assert!(instants.is_sorted_by(|before, after| before < after), "{instants:?}");
        for (path, body) in &answers {
            assert_eq!(get(server.address, path).body, *body, "{path} after the clock was off by {offset} s");
        }
        // Every instant up to the newest release: between two releases, at each, and just before it.
        let newest = instants[at];
        let moments =
            instants.iter().flat_map(|one| [*one, *one - TimeDelta::microseconds(1), *one + TimeDelta::microseconds(1)]);
        for moment in moments.chain([newest - TimeDelta::minutes(30)]).filter(|moment| (instants[0]..=newest).contains(moment)) {
            let moment = moment.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
            for path in ["/v1/territories/COM-1", "/v1/territories", "/v1/sources"] {
                let path = format!("{path}?as_of={moment}");
                let reply = get(server.address, &path);
                assert_eq!(reply.status, 200, "{path}");
                answers.entry(path).or_insert(reply.body);
            }
        }
        let answer = get(server.address, &format!("/v1/territories/COM-1?release={}", instants.len()));
        assert_eq!(answer.data()["name"], name.as_str());
    }
    assert!(answers.len() > 50, "{}", answers.len());
}
