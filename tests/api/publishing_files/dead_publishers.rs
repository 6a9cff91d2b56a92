//! A publisher that dies leaves nothing behind in the database.

use std::process::Stdio;

use super::{folder, manifest_of, program, with_references};
use crate::harness::{text, until, with_database};

/// The advisory lock that each publication waits for.
const LOCK: i64 = 7_309_453_202;

#[test]
fn a_publisher_that_dies_while_its_statement_waits_frees_its_connection() {
    let url = with_references();
    let place = "code,kind,name,geography_year,source_code\nCOM-1,commune,Ici,2026,essai\n";
    let folder = folder(&manifest_of("territories", "lieux.csv"), &[("lieux.csv", place.as_bytes())]);
    with_database(&url, async |client| {
        client.batch_execute(&format!("SELECT pg_advisory_lock({LOCK})")).await.expect("the lock");
        let mut publisher = program(&url, &["publish", text(&folder)]).stderr(Stdio::null()).spawn().expect("the program starts");
        let waiting = || {
            // Another connection, since this one is in use until its future ends.
            let query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted \
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
            with_database(&url, async |other| other.query_one(query, &[]).await.expect("the locks").get::<_, i64>(0))
        };
        tokio::task::block_in_place(|| {
            until("the publication waits for the lock", || waiting() == 1);
            publisher.kill().expect("the publisher can be killed");
            publisher.wait().expect("it has ended");
            until("its statement ends, although the lock is never released", || waiting() == 0);
        });
    });
}
