//! Owns an attempt to publish with a key, from the moment when the key is known: however it ends, the audit has a line about it.
//! Must not know HTTP.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::AbortHandle;

use super::submission_queue::SubmissionQueue;
use crate::db::DbError;
use crate::db::write::attempts;
use crate::db::write::audit::{self, Requester};
use crate::publication::Outcome;

/// The interval between the signs of life of an attempt whose files arrive.
const SIGN_OF_LIFE: Duration = Duration::from_secs(10);

/// An attempt to publish. If it is dropped before it ends, its client has gone away, and the audit says so.
pub struct Attempt {
    queue: SubmissionQueue,
    requester: Requester,
    alive: Option<AbortHandle>,
    open: bool,
}

impl Attempt {
    /// An attempt with the key of this name.
    pub fn new(queue: SubmissionQueue, key: &str, request_id: &str) -> Self {
        let requester =
            Requester { actor: key.to_owned(), files: Vec::new(), request_id: Some(request_id.to_owned()), publication: None };
        Self { queue, requester, alive: None, open: true }
    }

    /// Records that its files are arriving, under the identifier of the publication. If this server dies, another one finds it.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached.
    pub async fn receive(&mut self, id: &str) -> Result<(), DbError> {
        let (key, publication) = (self.requester.actor.clone(), id.to_owned());
        self.queue.query(move |client| async move { attempts::begin(&client, &key, &publication).await }).await?;
        self.requester.publication = Some(id.to_owned());
        let (queue, id) = (self.queue.clone(), id.to_owned());
        self.alive = Some(self.queue.spawn(async move {
            loop {
                tokio::time::sleep(SIGN_OF_LIFE).await;
                let id = id.clone();
                if let Err(error) = queue.query(move |client| async move { attempts::seen(&client, &id).await }).await {
                    log::debug!("an upload that goes on cannot be written down: {error}");
                }
            }
        }));
        Ok(())
    }

    /// Ends the attempt without a line of its own: another line tells how it ends.
    pub fn handed_over(mut self) {
        self.open = false;
    }

    /// Ends the attempt with a line in the audit.
    pub async fn end(mut self, outcome: Outcome, detail: Value) {
        self.open = false;
        let (queue, requester) = (self.queue.clone(), self.requester.clone());
        drop(self);
        record(queue, requester, outcome, detail).await;
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if let Some(alive) = &self.alive {
            alive.abort();
        }
        if self.open {
            let detail = json!({"problem": {"detail": "The client went away before its request was answered."}});
            _ = self.queue.spawn(record(self.queue.clone(), self.requester.clone(), Outcome::Refused, detail));
        }
    }
}

async fn record(queue: SubmissionQueue, requester: Requester, outcome: Outcome, detail: Value) {
    let entry = requester.entry(false, outcome, None, detail);
    let written = queue.query(move |client| async move { audit::record(client.as_ref(), &entry).await }).await;
    if let Err(error) = written {
        log::warn!("an attempt of the key {} is not in the audit: {error}", requester.actor);
    }
}
