//! Owns which connections are admitted: as many as the server may have, and of those each client its share. When all are taken,
//! an idle one of a client with many makes room for a client with fewer.
//! Must not know what is served on them.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use ipnet::IpNet;
use tokio::io::AsyncWriteExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::http::Bounds;
use crate::http::connection::idleness::Idleness;
use crate::http::connection::refusal::last_answer;
use crate::http::middleware::client_ip::{is_trusted, subscriber};
use crate::keyed_permits::{KeyedPermits, LimitReached};
use crate::metrics::ConnectionCounters;
use crate::problem::{Kind, Problem};
use crate::server::open_connections::{OpenConnection, OpenConnections};

/// The longest time that a refused client has to read its answer.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(2);

/// The longest time that a connection waits for an idle one to close.
const ROOM_TIMEOUT: Duration = Duration::from_secs(1);

/// The most refusals that are being sent at once; further connections are closed without an answer.
const REFUSALS: u64 = 128;

/// The most of them to one client.
const REFUSALS_PER_CLIENT: u64 = 8;

/// Admits connections, for all workers.
#[derive(Clone)]
pub struct Admission {
    connections: Arc<Semaphore>,
    open: OpenConnections,
    refusals: KeyedPermits<IpAddr>,
    proxies: Arc<[IpNet]>,
    counts: ConnectionCounters,
}

/// The place of one connection, which its end gives back.
pub struct ConnectionPlace {
    _connection: OwnedSemaphorePermit,
    share: Option<OpenConnection>,
}

impl ConnectionPlace {
    /// The idleness of the connection. That of a proxy is nobody's concern.
    pub fn idleness(&self) -> Arc<Idleness> {
        self.share.as_ref().map(OpenConnection::idleness).unwrap_or_default()
    }
}

impl Admission {
    /// The admission of a server within its limits. `connections` has a permit for each that may open.
    pub fn new(bounds: &Bounds, connections: Arc<Semaphore>, counts: ConnectionCounters) -> Self {
        Self {
            connections,
            open: OpenConnections::new(bounds.connections_per_client),
            refusals: KeyedPermits::new(REFUSALS, REFUSALS_PER_CLIENT),
            proxies: bounds.proxies.as_slice().into(),
            counts,
        }
    }

    /// Admits a connection, once an idle one has closed for it if need be. A trusted proxy has no share: it speaks for many clients.
    ///
    /// # Errors
    /// Returns the limit that it would exceed.
    pub async fn admit(&self, peer: SocketAddr) -> Result<ConnectionPlace, LimitReached> {
        let client = (!is_trusted(peer.ip(), &self.proxies)).then(|| subscriber(peer.ip()));
        let share = client.map(|client| self.open.open(client)).transpose()?;
        let connection = match Arc::clone(&self.connections).try_acquire_owned() {
            Ok(connection) => connection,
            Err(_) if self.open.close_idle_for(client) => {
                self.counts.closed.inc();
                let freed = timeout(ROOM_TIMEOUT, Arc::clone(&self.connections).acquire_owned()).await;
                freed.ok().and_then(Result::ok).ok_or(LimitReached::Total)?
            }
            Err(_) => return Err(LimitReached::Total),
        };
        Ok(ConnectionPlace { _connection: connection, share })
    }

    /// Answers 503 on a connection that is not admitted, if the client reads it at once, and closes it. While many refusals are
    /// being sent, it only closes it: a refusal must not take what a connection takes.
    pub async fn refuse(&self, mut stream: TcpStream, peer: SocketAddr, limit: LimitReached, base: &str) {
        self.counts.refused.inc();
        let Ok(_place) = self.refusals.try_acquire(&subscriber(peer.ip()), 1) else { return };
        let detail = match limit {
            LimitReached::Total => "The service has as many connections as it may.",
            LimitReached::Share => "This address has as many connections as one client may.",
        };
        let answer = last_answer(&Problem::new(Kind::Overloaded, detail).at(base), false);
        let refused = async {
            stream.write_all(&answer).await?;
            stream.shutdown().await?;
            // A socket that is closed with unread bytes is reset, and the client may lose the answer.
            tokio::io::copy(&mut stream, &mut tokio::io::sink()).await
        };
        _ = tokio::time::timeout(REFUSAL_TIMEOUT, refused).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admission(connections: usize, connections_per_client: u64, proxies: &[&str]) -> Admission {
        let proxies = proxies.iter().map(|network| network.parse().expect("a network")).collect();
        let bounds = Bounds { connections, connections_per_client, proxies, ..Bounds::default() };
        Admission::new(&bounds, Arc::new(Semaphore::new(connections)), ConnectionCounters::default())
    }

    fn peer(address: &str) -> SocketAddr {
        SocketAddr::new(address.parse().expect("an address"), 4711)
    }

    #[tokio::test]
    async fn each_subscriber_has_a_share_and_all_have_the_total() {
        let admission = admission(5, 2, &["10.0.0.0/8"]);
        let admit = |address: &str| admission.admit(peer(address));
        let first = [admit("2001:db8:1:2::1").await, admit("2001:db8:1:2::2").await];
        assert!(first.iter().all(Result::is_ok));
        assert_eq!(admit("2001:db8:1:2:ffff::3").await.err(), Some(LimitReached::Share), "the same /64 network");
        let second = [admit("192.0.2.1").await, admit("::ffff:192.0.2.1").await];
        assert!(second.iter().all(Result::is_ok));
        assert_eq!(admit("192.0.2.1").await.err(), Some(LimitReached::Share));
        let last = admit("192.0.2.2").await;
        assert!(last.is_ok());
        assert_eq!(admit("192.0.2.3").await.err(), Some(LimitReached::Total), "no connection is idle");
        drop(first);
        assert!(admit("2001:db8:1:2::1").await.is_ok(), "a refusal holds nothing");
    }

    #[tokio::test]
    async fn a_trusted_proxy_has_no_share() {
        let admission = admission(4, 1, &["10.0.0.0/8"]);
        let mut places = Vec::new();
        for _ in 0..4 {
            places.push(admission.admit(peer("10.0.0.1")).await.expect("one of four"));
        }
        assert_eq!(admission.admit(peer("10.0.0.1")).await.err(), Some(LimitReached::Total));
    }

    #[tokio::test]
    async fn a_connection_waits_for_the_idle_one_that_closes_for_it() {
        let admission = admission(2, 2, &[]);
        let mut held = Vec::new();
        for _ in 0..2 {
            let place = admission.admit(peer("192.0.2.1")).await.expect("one of two");
            place.idleness().begin();
            held.push(place);
        }
        let waiting = tokio::spawn({
            let admission = admission.clone();
            async move { admission.admit(peer("192.0.2.2")).await.map(drop) }
        });
        while held[0].idleness().since().is_some() {
            tokio::task::yield_now().await;
        }
        assert!(held[1].idleness().since().is_some());
        held.remove(0);
        assert_eq!(waiting.await.expect("the task ends"), Ok(()));
        assert_eq!((admission.counts.closed.get(), admission.counts.refused.get()), (1, 0));
    }
}
