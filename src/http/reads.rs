//! Owns the reads of requests: each runs in the lane of its class and in the share of its client, to whose budget the time of
//! heavy reads is charged.
//!
//! The client belongs to the request that a worker handles, as its log line does; handlers need not pass it from the socket
//! to each read. Must not know what is read.

use std::cell::Cell;
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;
use std::time::Duration;

use actix_web::HttpRequest;
use tokio::task_local;

use super::middleware::limits::{Bounds, RateLimiters};
use super::middleware::rate_limit::Decision;
use super::state::State;
use crate::db::connection::pool::ReadTask;
use crate::db::{QueryResult, ReadingConnection};
use crate::problem::{Kind, Problem};
use crate::query::{ReadCost, Release};

task_local! {
    /// The client of the request that is handled.
    static CLIENT: Rc<ReadingClient>;
}

/// The client of one request, and what its budget has left.
pub struct ReadingClient {
    address: IpAddr,
    left: Cell<Option<Decision>>,
}

impl ReadingClient {
    /// The client of a request.
    pub fn of(request: &HttpRequest, bounds: &Bounds) -> Rc<Self> {
        let address = bounds.client(request).unwrap_or(Ipv4Addr::UNSPECIFIED.into());
        Rc::new(Self { address, left: Cell::new(None) })
    }

    /// Handles its request.
    pub async fn handle<T>(self: &Rc<Self>, handling: impl Future<Output = T>) -> T {
        CLIENT.scope(Rc::clone(self), handling).await
    }

    /// What its budget has left, if the request was charged to it.
    pub fn left(&self) -> Option<Decision> {
        self.left.get()
    }
}

impl State {
    /// Runs a read of one release: see [`crate::db::Pool::read_at`].
    ///
    /// # Errors
    /// Returns 429 if the budget of the client is spent and the read is heavy; 503 if there is no room, if the read cannot end
    /// in time, or if the database does not answer.
    pub async fn read<T, F>(
        &self,
        release: Option<&Release>,
        cost: ReadCost,
        read: impl Fn(Rc<ReadingConnection>) -> F,
    ) -> Result<T, Problem>
    where
        F: Future<Output = QueryResult<T>>,
    {
        let client = CLIENT.try_with(Rc::clone).ok();
        let address = client.as_ref().map_or(Ipv4Addr::UNSPECIFIED.into(), |client| client.address);
        if let (ReadCost::Heavy(_), Some(client)) = (cost, &client) {
            let left = self.rate_limiters.check_database_time(&address);
            client.left.set(left.or(client.left.get()));
            if left.is_some_and(|left| left.retry_after.is_some()) {
                let detail = "The requests of this address have used its time in the database.";
                return Err(Problem::new(Kind::TooManyRequests, detail));
            }
        }
        let charge = Charge { limiters: &self.rate_limiters, task: ReadTask::new(cost, address) };
        Ok(self.pool.read_at(release, &charge.task, read).await?)
    }
}

/// Charges the time of a read, also if its client has gone.
struct Charge<'r> {
    limiters: &'r RateLimiters,
    task: ReadTask,
}

impl Drop for Charge<'_> {
    fn drop(&mut self) {
        let time = self.task.heavy_time();
        if time > Duration::ZERO {
            if self.task.cost == ReadCost::Light {
                // It moved to the heavy lane, before which no budget was asked.
                _ = self.limiters.check_database_time(&self.task.client);
            }
            self.limiters.charge_database_time(&self.task.client, time);
        }
    }
}
