//! Tests of the heavy lane, without a database.

use std::net::Ipv4Addr;

use tokio::task::JoinHandle;

use super::*;

const KIND: HeavyKind = HeavyKind::Facets;

fn client(number: u8) -> IpAddr {
    Ipv4Addr::new(192, 0, 2, number).into()
}

fn in_an_hour() -> Instant {
    Instant::now() + Duration::from_secs(3600)
}

fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("the system can start a runtime").block_on(test)
}

/// Waits for a place; its number joins the list once it is taken.
fn waits(lane: &HeavyLane, client: IpAddr, number: usize, begun: &Arc<Mutex<Vec<usize>>>) -> JoinHandle<()> {
    let (lane, begun) = (lane.clone(), Arc::clone(begun));
    tokio::spawn(async move {
        let place = lane.place(client, KIND, in_an_hour()).await.expect("a place");
        begun.lock().expect("the list").push(number);
        drop(place);
    })
}

#[test]
fn clients_that_wait_take_turns() {
    run(async {
        let lane = HeavyLane::new(1, 1);
        let held = lane.place(client(1), KIND, in_an_hour()).await.expect("a place");
        let begun = Arc::new(Mutex::new(Vec::new()));
        let mut waiting = Vec::new();
        for (number, by) in [1, 1, 1, 2, 3].into_iter().enumerate() {
            waiting.push(waits(&lane, client(by), number, &begun));
            while lane.load().1 <= number {
                tokio::task::yield_now().await;
            }
        }
        drop(held);
        for one in waiting {
            one.await.expect("it got a place");
        }
        assert_eq!(*begun.lock().expect("the list"), [0, 3, 4, 1, 2]);
        assert_eq!(lane.load(), (0, 0));
        assert!(lane.lock().clients.is_empty() && lane.lock().turns.is_empty());
    });
}

#[test]
fn a_client_has_no_more_than_its_share_and_others_have_the_rest() {
    run(async {
        let lane = HeavyLane::new(3, 2);
        let place = async |number| lane.place(client(number), KIND, in_an_hour()).await.expect("a place");
        let (_first, second) = (place(1).await, place(1).await);
        let begun = Arc::new(Mutex::new(Vec::new()));
        let third = waits(&lane, client(1), 3, &begun);
        while lane.load() != (2, 1) {
            tokio::task::yield_now().await;
        }
        let _other = place(2).await;
        assert_eq!(lane.load(), (3, 1));
        drop(second);
        third.await.expect("a place of its own share");
        assert_eq!(lane.load(), (2, 0));
    });
}

#[test]
fn one_that_gives_up_waiting_leaves_its_turn() {
    run(async {
        let lane = HeavyLane::new(1, 1);
        let held = lane.place(client(1), KIND, in_an_hour()).await.expect("a place");
        let begun = Arc::new(Mutex::new(Vec::new()));
        let gone = waits(&lane, client(2), 0, &begun);
        while lane.load().1 < 1 {
            tokio::task::yield_now().await;
        }
        let stays = waits(&lane, client(3), 1, &begun);
        while lane.load().1 < 2 {
            tokio::task::yield_now().await;
        }
        gone.abort();
        assert!(gone.await.is_err());
        drop(held);
        stays.await.expect("a place");
        assert_eq!((begun.lock().expect("the list").as_slice(), lane.load()), ([1].as_slice(), (0, 0)));
    });
}

#[test]
fn what_cannot_end_in_time_is_refused_and_not_begun() {
    run(async {
        let lane = HeavyLane::new(1, 1);
        let held = lane.place(client(1), KIND, in_an_hour()).await.expect("a place");
        {
            let mut state = lane.lock();
            (state.typical, state.expected[KIND as usize]) = (7.0, 7.0);
        }
        let soon = Instant::now() + Duration::from_secs(5);
        let refused = lane.place(client(2), KIND, soon).await.err();
        assert!(matches!(refused, Some(DbError::Busy(wait)) if wait == Duration::from_secs(7)), "{refused:?}");
        assert_eq!(lane.load(), (1, 0));
        // With a free place it is begun all the same: otherwise the estimate could never be corrected.
        drop(held);
        let place = lane.place(client(2), KIND, soon).await.expect("a place");
        place.learn(KIND);
        assert!(lane.lock().expected[KIND as usize] < 6.0);
    });
}

#[test]
fn only_a_client_that_was_asked_to_wait_is_kept_waiting() {
    let (mut state, now, second) = (LaneState::default(), Instant::now(), Duration::from_secs(1));
    assert_eq!(state.refuse(client(1), Duration::ZERO, now), (second, Duration::ZERO));
    assert_eq!(state.refuse(client(2), second * 9, now), (second * 9, Duration::ZERO));
    assert_eq!(state.refuse(client(1), second * 500, now + second / 4), (LONGEST_RETRY, second * 3 / 4));
    assert_eq!(state.refuse(client(2), second, now + second * 2), (second, LONGEST_PAUSE));
    assert_eq!(state.refuse(client(2), second, now + second * 4), (second, Duration::ZERO));
    for number in 0..2 * MAX_REFUSALS as u32 {
        state.refuse(Ipv4Addr::from(number).into(), second, now);
    }
    assert_eq!(state.refused.len(), MAX_REFUSALS);
}
