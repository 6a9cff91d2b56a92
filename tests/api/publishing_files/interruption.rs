//! A killed publication leaves its whole release or nothing, and does not block later publications.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::path::Path;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use chrono::NaiveDate;

use super::{folder, program, with_references};
use crate::harness::{until_exit, with_database};

/// The number of figures in each publication.
const ROWS: i64 = 50_000;

/// The number of publications that are killed.
const KILLS: u32 = 6;

/// The time limit for Postgres to notice that the program was killed.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// A file of figures of as many days that all have the same value.
fn figures(value: u32) -> String {
    let head = "indicator_code,territory_code,period,breakdown_code,nature,value,qualifier,statuses,geography_year,source_code\n";
    let first = NaiveDate::from_ymd_opt(1900, 1, 1).expect("a day");
    let row = |day: NaiveDate| format!("habitants,DEP-01,{day},_T,observed,{value},exact,A,2026,essai\n");
    head.to_owned() + &(0..ROWS).zip(first.iter_days()).map(|(_, day)| row(day)).collect::<String>()
}

fn write(folder: &Path, value: u32) -> String {
    let path = folder.join("f.csv");
    std::fs::write(&path, figures(value)).expect("a file can be written");
    path.to_str().expect("a path").to_owned()
}

/// The number of releases, the number of current figures, their least and largest value, and the number of staging tables.
/// Waits first until no other client is connected.
fn state(url: &str) -> (i64, i64, Option<i64>, Option<i64>, i64) {
    with_database(url, async |client| {
        let deadline = Instant::now() + DISCONNECT_TIMEOUT;
        let others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
                      AND backend_type = 'client backend'";
        while client.query_one(others, &[]).await.expect("a count").get::<_, i64>(0) > 0 {
            assert!(Instant::now() < deadline, "the database still works for a program that is gone");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let query = "SELECT (SELECT count(*) FROM releases), count(*), min(value)::bigint, max(value)::bigint, \
                     (SELECT count(*) FROM pg_class WHERE relname LIKE 'stage\\_%') FROM observations WHERE last_release IS NULL";
        let row = client.query_one(query, &[]).await.expect("the state");
        (row.get(0), row.get(1), row.get(2), row.get(3), row.get(4))
    })
}

/// A pseudo-random duration up to a limit.
fn moment(span: Duration) -> Duration {
    let number = RandomState::new().build_hasher().finish() % 1000;
    span.mul_f64(f64::from(u32::try_from(number).expect("less than a thousand")) / 1000.0)
}

#[test]
fn a_killed_publication_leaves_a_whole_release_or_none() {
    let url = with_references();
    let folder = folder("", &[]);
    let publish = |path: &str| program(&url, &["publish", path, "--dataset", "observations"]);
    let started = Instant::now();
    let done = publish(&write(&folder, 1)).output().expect("the program runs");
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    let span = started.elapsed();
    assert_eq!(state(&url), (2, ROWS, Some(1), Some(1), 0));
    let (mut releases, mut value) = (2, 1);
    for next in 2..2 + i64::from(KILLS) {
        let path = write(&folder, u32::try_from(next).expect("small"));
        let mut child = publish(&path).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
        sleep(moment(span));
        child.kill().expect("it can be killed");
        until_exit("a killed program exits", &mut child);
        let found = state(&url);
        if found.0 == releases + 1 {
            (releases, value) = (releases + 1, next);
        }
        assert_eq!(found, (releases, ROWS, Some(value), Some(value), 0), "after {next}");
    }
    let last = publish(&write(&folder, 99)).output().expect("the program runs");
    assert_eq!(last.status.code(), Some(0), "{}", String::from_utf8_lossy(&last.stderr));
    assert_eq!(state(&url), (releases + 1, ROWS, Some(99), Some(99), 0));
}
