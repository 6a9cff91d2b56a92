//! Owns the releases that the process knows without a query. One connection of its own keeps them current: it listens for
//! the notification of each publication, and polls besides, because some poolers do not support `LISTEN`.
//! Must not know what is read at a release.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use futures_util::StreamExt;
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};

use crate::db::DbError;
use crate::db::connection::config::{Client, Database, Message};
use crate::db::connection::diesel_client::DieselClient;
use crate::db::schema::releases;
use crate::query::{Plan, Release};

/// The channel on which a publication sends the number of its release, as part of its transaction.
pub const CHANNEL: &str = "reperes_release";

/// How long to wait for a notification before polling.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// The time limit of each query, and of each wait for a release. After it the known releases count as stale.
const TIMEOUT: Duration = Duration::from_secs(1);

/// How long to wait before connecting again.
const RECONNECT_DELAY: Duration = Duration::from_millis(200);

/// The known releases, shared by all clones.
#[derive(Clone, Debug)]
pub struct ReleaseWatcher(watch::Sender<KnownReleases>);

#[derive(Debug, Default)]
struct KnownReleases {
    /// In the order of their numbers.
    releases: Vec<Release>,
    /// How often the releases have changed.
    generation: u64,
    /// Whether the last query succeeded.
    current: bool,
}

impl KnownReleases {
    fn find(&self, number: Option<i32>) -> Option<&Release> {
        let Some(number) = number else { return self.releases.last() };
        let index = self.releases.binary_search_by_key(&number, |release| release.number).ok()?;
        self.releases.get(index)
    }
}

impl ReleaseWatcher {
    /// Watches a database from now on, as long as the runtime lives.
    pub fn follow(database: Database, runtime: &Handle) -> Self {
        let watcher = Self(watch::Sender::default());
        let task = watcher.clone();
        runtime.spawn(async move {
            loop {
                let Err(why) = task.listen(&database).await;
                task.0.send_if_modified(|known| std::mem::take(&mut known.current));
                database.availability().mark_down(&why.into_cause());
                sleep(RECONNECT_DELAY).await;
            }
        });
        watcher
    }

    /// The newest known release; `None` before the first answer and before the first publication.
    pub fn newest(&self) -> Option<Release> {
        self.find(None)
    }

    /// The release with this number, or the newest; `None` if it is not known, so that the database must be queried.
    pub fn find(&self, number: Option<i32>) -> Option<Release> {
        self.0.borrow().find(number).cloned()
    }

    /// Whether the releases are current: any newer one is younger than the poll interval and the timeout.
    pub fn is_current(&self) -> bool {
        self.0.borrow().current
    }

    /// How often the known releases have changed, and whether they are current. A result computed in one generation is
    /// valid as long as it lasts.
    pub fn generation(&self) -> (u64, bool) {
        let known = self.0.borrow();
        (known.generation, known.current)
    }

    /// The current generation, if the release is known and, unless the request names it, the newest.
    pub fn generation_of(&self, release: &Release, named: bool) -> Option<u64> {
        let known = self.0.borrow();
        let found = known.find(named.then_some(release.number));
        found.filter(|found| *found == release).map(|_| known.generation)
    }

    /// The release that a plan reads; `None` if it is not known, so that the database must be queried.
    pub fn release_of(&self, plan: &Plan) -> Option<Release> {
        let known = self.0.borrow();
        let found = match (&plan.selection.as_of, plan.selection.release) {
            (Some(as_of), _) => known.releases.iter().rev().find(|release| release.published_at <= as_of.until),
            (None, number) => known.find(number),
        };
        found.filter(|found| plan.selection.release.is_none_or(|number| number == found.number)).cloned()
    }

    /// Waits until a release is known, at most one second.
    pub async fn wait_for(&self, number: i32) {
        let mut watched = self.0.subscribe();
        let known = watched.wait_for(|known| known.releases.last().is_some_and(|newest| newest.number >= number));
        _ = timeout(TIMEOUT, known).await;
    }

    /// Waits until the releases are current, at most one second.
    pub async fn wait_until_current(&self) {
        _ = timeout(TIMEOUT, self.0.subscribe().wait_for(|known| known.current)).await;
    }

    /// Keeps the releases current until the connection fails.
    async fn listen(&self, database: &Database) -> Result<std::convert::Infallible, DbError> {
        let (client, mut messages) = database.listener().await?;
        let notified = Arc::new(Notify::new());
        let drive = async {
            while let Some(message) = messages.next().await {
                if matches!(message?, Message::Notification(_)) {
                    notified.notify_one();
                }
            }
            Err(DbError::Unavailable("connection closed".to_owned()))
        };
        let poll = async {
            // The first query comes after LISTEN, so that no publication between the two is missed.
            if let Err(error) = in_time(client.batch_execute(&format!("LISTEN {CHANNEL}"))).await? {
                log::info!("LISTEN is not available, polling for releases: {error}");
            }
            loop {
                self.update(&client).await?;
                database.availability().mark_up();
                _ = timeout(POLL_INTERVAL, notified.notified()).await;
            }
        };
        tokio::select! {
            ended = drive => ended,
            failed = poll => failed,
        }
    }

    /// Queries the newest known release and those after it.
    async fn update(&self, client: &Client) -> Result<(), DbError> {
        let newest = self.newest();
        let from = newest.as_ref().map_or(1, |newest| newest.number);
        let mut found = releases_from(client, from).await?;
        let same = newest.is_none_or(|newest| found.as_slice().first() == Some(&newest));
        if !same {
            // The database was replaced, for example by one restored from a backup.
            log::warn!("the known releases are no longer in the database (was it restored?), reloading all releases");
            found = releases_from(client, 1).await?;
        }
        self.0.send_if_modified(|known| {
            let before = (known.releases.len(), known.current);
            match same {
                true => known.releases.extend(found.into_iter().filter(|one| one.number > from || before.0 == 0)),
                false => known.releases = found,
            }
            if !same || known.releases.len() != before.0 {
                known.generation += 1;
            }
            known.current = true;
            !same || before != (known.releases.len(), true)
        });
        Ok(())
    }
}

/// Reads the releases from this number on.
async fn releases_from(client: &Client, from: i32) -> Result<Vec<Release>, DbError> {
    let from = releases::table
        .filter(releases::number.ge(from))
        .order(releases::number)
        .select((releases::number, releases::published_at));
    let rows: Vec<(i32, DateTime<Utc>)> = in_time(from.load(&mut DieselClient(client))).await??;
    Ok(rows.into_iter().map(|(number, published_at)| Release { number, published_at }).collect())
}

async fn in_time<T>(query: impl Future<Output = T>) -> Result<T, DbError> {
    timeout(TIMEOUT, query).await.map_err(|_| DbError::Timeout(format!("no answer within {TIMEOUT:?}")))
}
