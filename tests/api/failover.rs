//! Reads while a standby or its primary is killed or suspended, or while a standby cancels statements that conflict with replay.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::replicas::{check_release, communes, pair, read_every_way, record_file, uncached, wait_until_serving};
use crate::harness::{Form, Postgres, SetOnDrop, bundle, get, key, until, with_database};

#[test]
fn a_read_that_the_standby_cancels_is_answered_by_the_primary() {
    let (pair, server) = pair();
    wait_until_serving(&pair.standby, &server, 1);
    let cancelled = || {
        let conflicts = "SELECT sum(confl_lock)::bigint FROM pg_stat_database_conflicts";
        with_database(&pair.standby.owner, async |client| client.query_one(conflicts, &[]).await.expect("a sum").get::<_, i64>(0))
    };
    let statuses = meanwhile(server.address, || {
        until("reads are cancelled", || {
            with_database(&pair.primary.owner, async |client| {
                let lock = "BEGIN; LOCK TABLE territories IN ACCESS EXCLUSIVE MODE; COMMIT";
                for _ in 0..50 {
                    client.batch_execute(lock).await.expect("the owner may");
                }
            });
            cancelled() >= 3
        });
    });
    assert!(statuses.len() > 20 && statuses.iter().all(|status| *status == 200), "{statuses:?}");
}

/// Sends requests from four threads while `happens` runs, and returns the status of every response.
fn meanwhile(address: SocketAddr, mut happens: impl FnMut()) -> Vec<u16> {
    let ended = AtomicBool::new(false);
    let read = || {
        let mut statuses = Vec::new();
        while !ended.load(Ordering::Relaxed) {
            let reply = get(address, &uncached(""));
            statuses.push(reply.status);
            assert!(reply.status != 200 || reply.data().as_array().is_some_and(|rows| rows.len() == 30), "{}", reply.text());
        }
        statuses
    };
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..4).map(|_| scope.spawn(read)).collect();
        let _ending = SetOnDrop(&ended);
        std::thread::sleep(Duration::from_millis(500));
        happens();
        std::thread::sleep(Duration::from_secs(4));
        ended.store(true, Ordering::Relaxed);
        readers.into_iter().flat_map(|reader| reader.join().expect("every answer is whole")).collect()
    })
}

#[test]
fn no_read_fails_when_the_standby_is_suspended_or_killed() {
    let (mut pair, server) = pair();
    for end in [Postgres::freeze, |_: &Postgres| {}] {
        wait_until_serving(&pair.standby, &server, 1);
        let statuses = meanwhile(server.address, || end(&pair.standby));
        assert!(statuses.len() > 20 && statuses.iter().all(|status| *status == 200), "{statuses:?}");
        pair.standby.thaw();
    }
    wait_until_serving(&pair.standby, &server, 1);
    let statuses = meanwhile(server.address, || pair.standby.kill());
    assert!(statuses.len() > 20 && statuses.iter().all(|status| *status == 200), "{statuses:?}");
}

#[test]
fn reads_go_on_when_the_primary_dies_and_publishing_is_refused() {
    let (mut pair, server) = pair();
    let token = key(&pair.primary.service, "essai", &["publish:*:*"], 1);
    wait_until_serving(&pair.standby, &server, 1);
    record_file(&pair);
    let statuses = meanwhile(server.address, || pair.primary.kill());
    let good = statuses.iter().filter(|status| **status == 200).count();
    assert!(statuses.iter().all(|status| [200, 503].contains(status)), "{statuses:?}");
    assert!(statuses.len() > 20 && good * 1000 >= statuses.len() * 999, "{good} of {}", statuses.len());
    assert_eq!(get(server.address, "/health/ready").status, 200);
    read_every_way(server.address, 1);
    Form::of(&bundle(&[("territories", &communes(2))])).key(&token).send(server.address).problem(503);
    check_release(server.address, &uncached(""), 1);
}
