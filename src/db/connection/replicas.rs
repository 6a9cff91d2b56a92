//! Owns which databases may be asked what: how far each replica has come, whether it answers, and the order in which a
//! read tries them, the primary last.
//!
//! What is known here only chooses: a replica's connection is asked for the release itself before it is read from
//! ([`Held`]), since behind one address there may be several servers, or another database than ours.
//! Must not know what is read, nor over which connections.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::dsl::max;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::StreamExt;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::release_watcher::Timeline;
use crate::db::DbError;
use crate::db::connection::config::{Client, Database};
use crate::db::connection::diesel_client::DieselClient;
use crate::db::read;
use crate::db::schema::releases;
use crate::query::Release;

/// How often a replica is asked how far it is: nothing tells it, since a standby passes no `NOTIFY` on.
const POLL: Duration = Duration::from_millis(500);

/// The same while it lacks a release that is known.
const BEHIND: Duration = Duration::from_millis(50);

/// How long it may take to say so.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long to wait before connecting anew.
const RETRY: Duration = Duration::from_millis(200);

/// The replicas, the same for all workers.
#[derive(Clone, Default)]
pub struct Replicas(Arc<Inner>);

#[derive(Default)]
struct Inner {
    all: Vec<(Database, watch::Sender<Standing>)>,
    turn: AtomicUsize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Standing {
    /// The newest release that it has; nothing while it does not answer.
    newest: Option<i32>,
    /// How often it has stopped to answer.
    absences: u64,
    /// Whether the log says that it does not.
    told: bool,
}

/// A replica that is to be read from, as it stands now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// Its place among the replicas.
    pub place: usize,
    /// How often it has been away: a connection from before its last absence may be dead without showing it.
    pub absences: u64,
}

impl Replicas {
    /// Replicas that nothing is known of yet, so that none is asked before [`Replicas::follow`] has heard of it.
    pub fn new(databases: Vec<Database>) -> Self {
        let all = databases.into_iter().map(|database| (database, watch::Sender::default())).collect();
        Self(Arc::new(Inner { all, turn: AtomicUsize::new(0) }))
    }

    /// Their databases, by place.
    pub fn databases(&self) -> impl Iterator<Item = &Database> {
        self.0.all.iter().map(|(database, _)| database)
    }

    /// Asks each replica how far it is, again and again from now on, as long as the runtime lives; more often while it
    /// lacks a release of the timeline.
    pub fn follow(&self, timeline: &Timeline, runtime: &Handle) {
        for place in 0..self.0.all.len() {
            let (replicas, timeline) = (self.clone(), timeline.clone());
            runtime.spawn(async move {
                loop {
                    let Err(why) = replicas.listen(place, &timeline).await;
                    replicas.away(place, &why);
                    sleep(RETRY).await;
                }
            });
        }
    }

    /// Whether one of them answers and has a release.
    pub fn have(&self, release: &Release) -> bool {
        self.0.all.iter().any(|(_, standing)| standing.borrow().newest.is_some_and(|newest| newest >= release.number))
    }

    /// Reads from the first replica that can tell, each read starting with another one. A read that a replica cannot
    /// answer, or that it holds when it stops to answer, is tried on the next. Nothing when only the primary is left.
    pub async fn read<T, F>(&self, release: Option<&Release>, read: impl Fn(Chosen) -> F) -> Option<Result<T, DbError>>
    where
        F: Future<Output = Result<T, DbError>>,
    {
        let (release, number) = (release?, self.0.all.len());
        let turn = if number > 1 { self.0.turn.fetch_add(1, Ordering::Relaxed) } else { 0 };
        for place in (0..number).map(|step| turn.wrapping_add(step) % number) {
            let standing = *self.0.all[place].1.borrow();
            if standing.newest.is_none_or(|newest| newest < release.number) {
                continue;
            }
            let chosen = Chosen { place, absences: standing.absences };
            let outcome = tokio::select! {
                outcome = read(chosen) => outcome,
                () = self.gone(chosen) => continue,
            };
            match outcome {
                Err(DbError::Behind(why)) => log::debug!("replica {} cannot tell: {why}", place + 1),
                Err(why @ (DbError::Unavailable(_) | DbError::Failed(_))) => self.away(place, &why),
                told => return Some(told),
            }
        }
        None
    }

    /// Waits until a replica has stopped to answer.
    async fn gone(&self, chosen: Chosen) {
        let mut watched = self.0.all[chosen.place].1.subscribe();
        _ = watched.wait_for(|standing| standing.absences != chosen.absences).await;
    }

    /// Asks a replica until it fails.
    async fn listen(&self, place: usize, timeline: &Timeline) -> Result<std::convert::Infallible, DbError> {
        let (client, mut messages) = self.0.all[place].0.listener().await?;
        let drive = async {
            while let Some(message) = messages.next().await {
                message?;
            }
            Err(DbError::Unavailable("the connection has ended".to_owned()))
        };
        let ask = async {
            loop {
                let known = timeline.newest();
                let newest = newest(&client, known.as_ref()).await?;
                self.here(place, newest);
                match known.is_some_and(|known| known.number > newest) {
                    true => sleep(BEHIND).await,
                    false => _ = timeout(POLL, timeline.reached(newest.saturating_add(1))).await,
                }
            }
        };
        tokio::select! {
            ended = drive => ended,
            failed = ask => failed,
        }
    }

    fn here(&self, place: usize, newest: i32) {
        self.0.all[place].1.send_if_modified(|standing| {
            if standing.newest.is_none() {
                log::info!("replica {} answers reads up to release {newest}", place + 1);
            }
            standing.told = false;
            standing.newest.replace(newest) != Some(newest)
        });
    }

    fn away(&self, place: usize, why: &DbError) {
        self.0.all[place].1.send_if_modified(|standing| {
            let answered = standing.newest.take().is_some();
            if !std::mem::replace(&mut standing.told, true) {
                log::warn!("replica {} ({}) is not read from for now: {why}", place + 1, self.0.all[place].0.outage().place());
            }
            standing.absences += u64::from(answered);
            answered
        });
    }
}

/// The newest release that a replica has replayed, 0 for none: every row of a release comes with it, in one transaction.
/// An error if the replica has another publication time for the release that is known.
async fn newest(client: &Client, known: Option<&Release>) -> Result<i32, DbError> {
    let late = |_| DbError::Late(format!("no answer within {PATIENCE:?}"));
    let number = known.map_or(0, |known| known.number);
    let newest = releases::table.select(max(releases::number)).single_value();
    let published = releases::table.find(number).select(releases::published_at).single_value();
    let (newest, published): (Option<i32>, Option<DateTime<Utc>>) =
        timeout(PATIENCE, diesel::select((newest, published)).get_result(&mut DieselClient(client))).await.map_err(late)??;
    match (published, known) {
        (Some(there), Some(known)) if there != known.published_at => {
            Err(DbError::Failed(format!("its release {number} is not that of the primary, of which it cannot be a copy")))
        }
        _ => Ok(newest.unwrap_or(0)),
    }
}

/// The releases that a connection to a replica is known to see. What a server has replayed it keeps.
#[derive(Debug, Default)]
pub struct Held(Mutex<BTreeMap<i32, DateTime<Utc>>>);

impl Held {
    /// Makes sure that the server at the other end has a release, the very one: its number and its instant.
    ///
    /// # Errors
    /// [`DbError::Behind`] when it has not; the database's.
    pub async fn check(&self, connection: &AsyncPgConnection, release: &Release) -> Result<(), DbError> {
        let known = || self.0.lock().expect("nothing panics while it holds the releases");
        if known().get(&release.number) == Some(&release.published_at) {
            return Ok(());
        }
        if read::releases::release(connection, Some(release.number)).await?.as_ref() != Some(release) {
            return Err(DbError::Behind(format!("it has no release {} as the primary has it", release.number)));
        }
        known().insert(release.number, release.published_at);
        Ok(())
    }
}
