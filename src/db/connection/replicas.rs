//! Owns the choice of a replica for a read: which replicas are available, how far each has replayed, and the order in which a
//! read tries them. The caller falls back to the primary.
//!
//! The known state serves the choice only. [`SeenReleases`] asks the connection itself for the release before a read, because
//! several servers may share one address, and the address may lead to an unrelated database.
//! Must not know what is read, nor over which connections.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::dsl::max;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use futures_util::StreamExt;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::reading_connection::ReadingConnection;
use super::release_watcher::ReleaseWatcher;
use crate::db::DbError;
use crate::db::connection::config::{Client, Database};
use crate::db::connection::diesel_client::DieselClient;
use crate::db::read;
use crate::db::schema::releases;
use crate::query::Release;

/// How often a replica is polled: a standby does not forward `NOTIFY`.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// How often it is polled while it lacks a known release.
const LAGGING_POLL_INTERVAL: Duration = Duration::from_millis(50);

/// The time limit of each poll.
const TIMEOUT: Duration = Duration::from_secs(1);

/// How long to wait before connecting again.
const RECONNECT_DELAY: Duration = Duration::from_millis(200);

/// The replicas, shared by all workers.
#[derive(Clone, Default)]
pub struct Replicas(Arc<ReplicaSet>);

#[derive(Default)]
struct ReplicaSet {
    replicas: Vec<(Database, watch::Sender<ReplicaState>)>,
    /// The number of reads so far, by which they rotate over the replicas.
    reads: AtomicUsize,
}

#[derive(Clone, Copy, Debug, Default)]
struct ReplicaState {
    /// The newest release that it has replayed; `None` while it is unavailable.
    newest: Option<i32>,
    /// The number of outages so far.
    epoch: u64,
    /// Whether the current outage has been logged.
    outage_logged: bool,
}

/// A replica that a read may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplicaHandle {
    /// Its index in [`Replicas::databases`].
    pub index: usize,
    /// The number of its outages so far: a connection opened in an earlier epoch may be dead without notice.
    pub epoch: u64,
}

impl Replicas {
    /// Replicas that count as unavailable until [`Replicas::follow`] has reached them.
    pub fn new(databases: Vec<Database>) -> Self {
        let replicas = databases.into_iter().map(|database| (database, watch::Sender::default())).collect();
        Self(Arc::new(ReplicaSet { replicas, reads: AtomicUsize::new(0) }))
    }

    /// Their databases.
    pub fn databases(&self) -> impl Iterator<Item = &Database> {
        self.0.replicas.iter().map(|(database, _)| database)
    }

    /// Polls each replica from now on, as long as the runtime lives.
    pub fn follow(&self, release_watcher: &ReleaseWatcher, runtime: &Handle) {
        for index in 0..self.0.replicas.len() {
            let (replicas, release_watcher) = (self.clone(), release_watcher.clone());
            runtime.spawn(async move {
                loop {
                    let Err(why) = replicas.poll(index, &release_watcher).await;
                    replicas.mark_down(index, &why);
                    sleep(RECONNECT_DELAY).await;
                }
            });
        }
    }

    /// Whether an available replica has a release.
    pub fn any_has(&self, release: &Release) -> bool {
        self.0.replicas.iter().any(|(_, state)| state.borrow().newest.is_some_and(|newest| newest >= release.number))
    }

    /// Reads from the first replica that can answer; successive reads start with different replicas. If a replica fails, or
    /// becomes unavailable during the read, the next one is tried. Returns `None` if only the primary is left.
    pub async fn read<T, F>(&self, release: Option<&Release>, read: impl Fn(ReplicaHandle) -> F) -> Option<Result<T, DbError>>
    where
        F: Future<Output = Result<T, DbError>>,
    {
        let (release, number) = (release?, self.0.replicas.len());
        let start = if number > 1 { self.0.reads.fetch_add(1, Ordering::Relaxed) } else { 0 };
        for index in (0..number).map(|step| start.wrapping_add(step) % number) {
            let state = *self.0.replicas[index].1.borrow();
            if state.newest.is_none_or(|newest| newest < release.number) {
                continue;
            }
            let replica = ReplicaHandle { index, epoch: state.epoch };
            let outcome = tokio::select! {
                outcome = read(replica) => outcome,
                () = self.outage(replica) => continue,
            };
            match outcome {
                Err(DbError::Behind(why)) => log::debug!("replica {}: retrying the read elsewhere: {why}", index + 1),
                Err(why @ (DbError::Unavailable(_) | DbError::Failed(_))) => self.mark_down(index, &why),
                outcome => return Some(outcome),
            }
        }
        None
    }

    /// Waits for the next outage of a replica.
    async fn outage(&self, replica: ReplicaHandle) {
        let mut watched = self.0.replicas[replica.index].1.subscribe();
        _ = watched.wait_for(|state| state.epoch != replica.epoch).await;
    }

    /// Polls a replica until it fails.
    async fn poll(&self, index: usize, release_watcher: &ReleaseWatcher) -> Result<std::convert::Infallible, DbError> {
        let (client, mut messages) = self.0.replicas[index].0.listener().await?;
        let drive = async {
            while let Some(message) = messages.next().await {
                message?;
            }
            Err(DbError::Unavailable("connection closed".to_owned()))
        };
        let poll = async {
            loop {
                let known = release_watcher.newest();
                let newest = newest(&client, known.as_ref()).await?;
                self.mark_up(index, newest);
                match known.is_some_and(|known| known.number > newest) {
                    true => sleep(LAGGING_POLL_INTERVAL).await,
                    false => _ = timeout(POLL_INTERVAL, release_watcher.wait_for(newest.saturating_add(1))).await,
                }
            }
        };
        tokio::select! {
            ended = drive => ended,
            failed = poll => failed,
        }
    }

    fn mark_up(&self, index: usize, newest: i32) {
        let (database, state) = &self.0.replicas[index];
        state.send_if_modified(|state| {
            if state.newest.is_none() {
                let address = database.availability().address();
                log::info!("replica {} ({address}): serving reads up to release {newest}", index + 1);
            }
            state.outage_logged = false;
            state.newest.replace(newest) != Some(newest)
        });
    }

    fn mark_down(&self, index: usize, why: &DbError) {
        let (database, state) = &self.0.replicas[index];
        state.send_if_modified(|state| {
            let was_up = state.newest.take().is_some();
            if !std::mem::replace(&mut state.outage_logged, true) {
                log::warn!("replica {} ({}): not serving reads: {why}", index + 1, database.availability().address());
            }
            state.epoch += u64::from(was_up);
            was_up
        });
    }
}

/// Returns the newest release that a replica has replayed, 0 if it has none. A release is one transaction, so a replica has
/// all of its rows or none.
///
/// # Errors
/// Returns an error if the replica cannot be reached, or if its copy of the known release was published at another time.
async fn newest(client: &Client, known: Option<&Release>) -> Result<i32, DbError> {
    let late = |_| DbError::Timeout(format!("no answer within {TIMEOUT:?}"));
    let number = known.map_or(0, |known| known.number);
    let newest = releases::table.select(max(releases::number)).single_value();
    let published = releases::table.find(number).select(releases::published_at).single_value();
    let (newest, published): (Option<i32>, Option<DateTime<Utc>>) =
        timeout(TIMEOUT, diesel::select((newest, published)).get_result(&mut DieselClient(client))).await.map_err(late)??;
    match (published, known) {
        (Some(replayed), Some(known)) if replayed != known.published_at => {
            Err(DbError::Failed(format!("its release {number} differs from that of the primary; it is not a replica of it")))
        }
        _ => Ok(newest.unwrap_or(0)),
    }
}

/// The releases that one connection to a replica has shown to have. A server never loses a release that it has replayed.
#[derive(Debug, Default)]
pub struct SeenReleases(Mutex<BTreeMap<i32, DateTime<Utc>>>);

impl SeenReleases {
    /// Checks that the server behind a connection has a release, with the same number and time of publication.
    ///
    /// # Errors
    /// Returns [`DbError::Behind`] if it does not, and an error if the database cannot be reached.
    pub async fn check(&self, connection: &ReadingConnection, release: &Release) -> Result<(), DbError> {
        let seen = || self.0.lock().expect("nothing panics while it holds the releases");
        if seen().get(&release.number) == Some(&release.published_at) {
            return Ok(());
        }
        if read::releases::release(connection, Some(release.number)).await?.as_ref() != Some(release) {
            return Err(DbError::Behind(format!("it does not have release {} of the primary", release.number)));
        }
        seen().insert(release.number, release.published_at);
        Ok(())
    }
}
