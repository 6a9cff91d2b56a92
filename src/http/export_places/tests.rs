//! Owns the tests of the places: shares, totals, turns, and the end of a slow export.
//! Must not know HTTP.

use std::net::Ipv4Addr;

use super::*;

const LIMITS: ExportLimits = ExportLimits { places: 4, places_each: 2, memory: 100, temporary: 100, min_rate: 1000 };

fn places() -> ExportPlaces {
    ExportPlaces::new(LIMITS, ExportCounters::default())
}

fn client(last: u8) -> Option<IpAddr> {
    Some(IpAddr::from(Ipv4Addr::new(192, 0, 2, last)))
}

/// An export that is sent as it is read.
fn sent(memory: u64) -> Demand {
    Demand { memory, is_built: false }
}

/// A workbook.
fn built(memory: u64) -> Demand {
    Demand { memory, is_built: true }
}

fn kind(outcome: Result<ExportPlace, Problem>) -> Option<Kind> {
    outcome.err().map(|problem| problem.kind())
}

#[tokio::test]
async fn a_client_has_its_share_and_others_find_places() {
    let places = places();
    let mut held = Vec::new();
    for _ in 0..2 {
        held.push(places.acquire(client(1), sent(1)).await.expect("one of two"));
    }
    assert_eq!(kind(places.acquire(client(1), sent(1)).await), Some(Kind::TooManyRequests));
    held.push(places.acquire(client(2), sent(1)).await.expect("another client"));
    held.push(places.acquire(None, sent(1)).await.expect("a proxy"));
    assert_eq!(places.running(), 4);
    assert_eq!(kind(places.acquire(client(3), sent(1)).await), Some(Kind::Unavailable));
    held.pop();
    held.push(places.acquire(client(3), sent(1)).await.expect("the place of the proxy"));
    drop(held);
    assert_eq!((places.running(), places.0.places.held(), places.0.memory.held(), places.0.waiting_rooms.held()), (0, 0, 0, 0));
}

#[tokio::test]
async fn one_client_has_at_most_half_of_the_memory() {
    let places = places();
    let held = places.acquire(client(1), sent(40)).await.expect("40 of 50");
    assert_eq!(kind(places.acquire(client(1), sent(11)).await), Some(Kind::TooManyRequests));
    let other =
        places.acquire(client(2), sent(1000)).await.expect("an export that is reckoned with more than a share gets the share");
    assert_eq!(places.0.memory.held(), 90);
    assert_eq!(kind(places.acquire(client(3), sent(11)).await), Some(Kind::Unavailable));
    drop((held, other));
}

#[tokio::test]
async fn exports_that_are_being_built_leave_places_to_the_others() {
    let places = places();
    let mut held = Vec::new();
    for last in [1, 2] {
        held.push(places.acquire(client(last), built(1)).await.expect("one of two"));
    }
    let waiting = tokio::spawn({
        let places = places.clone();
        async move { places.acquire(client(3), built(1)).await }
    });
    tokio::time::sleep(LOOK / 2).await;
    held.push(places.acquire(client(4), sent(1)).await.expect("it passes a workbook that waits"));
    assert_eq!(kind(waiting.await.expect("the task ends")), Some(Kind::Unavailable));
    assert!(held.iter().all(|place| !place.pace.is_ended()), "no end of an export would have helped");
    // A workbook that is complete is sent like any other export.
    held[0].pace.given(1);
    held.push(places.acquire(client(3), built(1)).await.expect("one of two is being built"));
    drop(held);
    assert_eq!((places.running(), places.0.places.held()), (0, 0));
}

#[tokio::test]
async fn a_slow_export_is_ended_only_for_one_that_waits() {
    let places = places();
    let mut held = Vec::new();
    for last in [1, 1, 2, 3] {
        held.push(places.acquire(client(last), sent(1)).await.expect("there is room"));
    }
    assert_eq!(kind(places.acquire(client(4), sent(1)).await), Some(Kind::Unavailable), "nobody is slow");
    assert!(held.iter().all(|place| !place.pace.is_ended()));
    // All are slow from now on; the client with two places loses one.
    let long_ago = std::time::Instant::now().checked_sub(Duration::from_secs(60)).expect("the machine runs for a minute");
    held.iter().for_each(|place| place.pace.given_at(1, long_ago));
    let waiting = tokio::spawn({
        let places = places.clone();
        async move { places.acquire(client(4), sent(1)).await.map(drop) }
    });
    tokio::time::sleep(3 * LOOK).await;
    let ended: Vec<bool> = held.iter().map(|place| place.pace.is_ended()).collect();
    assert_eq!(ended[2..], [false, false]);
    assert_eq!(ended.iter().filter(|ended| **ended).count(), 1, "one waits, one is ended: {ended:?}");
    held.retain(|place| !place.pace.is_ended());
    assert!(waiting.await.expect("the task ends").is_ok());
    assert_eq!(places.0.counts.ended.get(), 1);
}

#[tokio::test]
async fn temporary_files_have_a_share_and_a_total() {
    let places = places();
    let first = places.acquire(client(1), sent(1)).await.expect("there is room");
    let second = places.acquire(client(2), sent(1)).await.expect("there is room");
    let third = places.acquire(client(3), sent(1)).await.expect("there is room");
    let (mut one, mut two, mut three) = (first.temporary(), second.temporary(), third.temporary());
    one.take(50).expect("half of all");
    let refused = |error: std::io::Error| SpaceRefused::of(&error).expect("it says why").problem().kind();
    assert_eq!(one.take(1).map_err(refused), Err(Kind::TooManyRequests));
    two.take(40).expect("90 of 100");
    one.give_back(5);
    three.take(15).expect("100 of 100");
    let waited = tokio::task::spawn_blocking(move || three.take(1).map_err(refused)).await;
    assert_eq!(waited.expect("it ends"), Err(Kind::Unavailable));
    drop((one, two));
    assert_eq!(places.0.temporary.held(), 0);
}
