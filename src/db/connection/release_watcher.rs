//! Owns what the process knows of the releases without asking: all there are, kept in step with the database by a
//! connection of its own that is told of each publication, and asks besides, since not every pooler lets it be told.
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

/// The channel on which a publication tells its number, as part of its transaction.
pub const CHANNEL: &str = "reperes_release";

/// How long to wait for word before asking.
const POLL: Duration = Duration::from_millis(500);

/// How long the database may take to answer before what is known is in doubt.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long to wait before connecting anew.
const RETRY: Duration = Duration::from_millis(200);

/// The releases that the process knows.
#[derive(Clone, Debug)]
pub struct Timeline(watch::Sender<Known>);

#[derive(Debug, Default)]
struct Known {
    /// In the order of their numbers.
    releases: Vec<Release>,
    /// How often the releases have changed.
    generation: u64,
    /// Whether the database has said so lately.
    sure: bool,
}

impl Known {
    fn find(&self, number: Option<i32>) -> Option<&Release> {
        let Some(number) = number else { return self.releases.last() };
        let at = self.releases.binary_search_by_key(&number, |release| release.number).ok()?;
        self.releases.get(at)
    }
}

impl Timeline {
    /// Follows a database from now on, as long as the runtime lives.
    pub fn follow(database: Database, runtime: &Handle) -> Self {
        let timeline = Self(watch::Sender::default());
        let followed = timeline.clone();
        runtime.spawn(async move {
            loop {
                let Err(why) = followed.listen(&database).await;
                followed.0.send_if_modified(|known| std::mem::take(&mut known.sure));
                database.outage().lost(&why.into_cause());
                sleep(RETRY).await;
            }
        });
        timeline
    }

    /// The newest release; nothing while none is known.
    pub fn newest(&self) -> Option<Release> {
        self.find(None)
    }

    /// The release with this number, or the newest; nothing where only the database can tell.
    pub fn find(&self, number: Option<i32>) -> Option<Release> {
        self.0.borrow().find(number).cloned()
    }

    /// Whether no newer release can have been published for longer than it takes to be told.
    pub fn is_sure(&self) -> bool {
        self.0.borrow().sure
    }

    /// How often what is known has changed: what was right in a generation is right as long as it lasts. And whether no
    /// newer release can have been published for longer than it takes to be told.
    pub fn generation(&self) -> (u64, bool) {
        let known = self.0.borrow();
        (known.generation, known.sure)
    }

    /// The generation in which a release is the one with its number, and the newest unless it is named; nothing when it
    /// is not.
    pub fn generation_of(&self, release: &Release, named: bool) -> Option<u64> {
        let known = self.0.borrow();
        let found = known.find(named.then_some(release.number));
        found.filter(|found| *found == release).map(|_| known.generation)
    }

    /// The release that a plan reads; nothing where only the database can tell.
    pub fn read_by(&self, plan: &Plan) -> Option<Release> {
        let known = self.0.borrow();
        let found = match (&plan.selection.as_of, plan.selection.release) {
            (Some(as_of), _) => known.releases.iter().rev().find(|release| release.published_at <= as_of.until),
            (None, number) => known.find(number),
        };
        found.filter(|found| plan.selection.release.is_none_or(|number| number == found.number)).cloned()
    }

    /// Waits until a release is known, though not for long.
    pub async fn reached(&self, number: i32) {
        let mut watched = self.0.subscribe();
        let reached = watched.wait_for(|known| known.releases.last().is_some_and(|newest| newest.number >= number));
        _ = timeout(PATIENCE, reached).await;
    }

    /// Waits until the database has answered, though not for long.
    pub async fn heard(&self) {
        _ = timeout(PATIENCE, self.0.subscribe().wait_for(|known| known.sure)).await;
    }

    /// Keeps in step until the connection fails.
    async fn listen(&self, database: &Database) -> Result<std::convert::Infallible, DbError> {
        let (client, mut messages) = database.listener().await?;
        let told = Arc::new(Notify::new());
        let drive = async {
            while let Some(message) = messages.next().await {
                if matches!(message?, Message::Notification(_)) {
                    told.notify_one();
                }
            }
            Err(DbError::Unavailable("the connection has ended".to_owned()))
        };
        let keep = async {
            // What is published after this is told, what was before is read: nothing falls between.
            if let Err(error) = in_time(client.batch_execute(&format!("LISTEN {CHANNEL}"))).await? {
                log::info!("the database does not tell of releases, so it is asked: {error}");
            }
            loop {
                self.ask(&client).await?;
                database.outage().back();
                _ = timeout(POLL, told.notified()).await;
            }
        };
        tokio::select! {
            ended = drive => ended,
            failed = keep => failed,
        }
    }

    /// Asks for the newest known release and those after it.
    async fn ask(&self, client: &Client) -> Result<(), DbError> {
        let newest = self.newest();
        let from = newest.as_ref().map_or(1, |newest| newest.number);
        let mut found = releases_from(client, from).await?;
        let same = newest.is_none_or(|newest| found.as_slice().first() == Some(&newest));
        if !same {
            // Another database stands in its place, such as one restored from a copy.
            log::warn!("the releases are not those that were known");
            found = releases_from(client, 1).await?;
        }
        self.0.send_if_modified(|known| {
            let before = (known.releases.len(), known.sure);
            match same {
                true => known.releases.extend(found.into_iter().filter(|one| one.number > from || before.0 == 0)),
                false => known.releases = found,
            }
            if !same || known.releases.len() != before.0 {
                known.generation += 1;
            }
            known.sure = true;
            !same || before != (known.releases.len(), true)
        });
        Ok(())
    }
}

/// The releases from a number on.
async fn releases_from(client: &Client, from: i32) -> Result<Vec<Release>, DbError> {
    let from = releases::table
        .filter(releases::number.ge(from))
        .order(releases::number)
        .select((releases::number, releases::published_at));
    let rows: Vec<(i32, DateTime<Utc>)> = in_time(from.load(&mut DieselClient(client))).await??;
    Ok(rows.into_iter().map(|(number, published_at)| Release { number, published_at }).collect())
}

async fn in_time<T>(asking: impl Future<Output = T>) -> Result<T, DbError> {
    timeout(PATIENCE, asking).await.map_err(|_| DbError::Late(format!("no answer within {PATIENCE:?}")))
}
