//! Owns which connections are admitted: as many as the server may have, and of those each client its share.
//! Must not know what is served on them.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use ipnet::IpNet;
use tokio::io::AsyncWriteExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::http::Bounds;
use crate::http::connection::refusal::last_answer;
use crate::http::middleware::client_ip::{is_trusted, subscriber};
use crate::keyed_permits::{KeyedPermit, KeyedPermits, LimitReached};
use crate::problem::{Kind, Problem};

/// The longest time that a refused client has to read its answer.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(2);

/// The most refusals that are being sent at once; further connections are closed without an answer.
const REFUSALS: u64 = 128;

/// The most of them to one client.
const REFUSALS_PER_CLIENT: u64 = 8;

/// Admits connections, for all workers.
#[derive(Clone)]
pub struct Admission {
    connections: Arc<Semaphore>,
    shares: KeyedPermits<IpAddr>,
    refusals: KeyedPermits<IpAddr>,
    proxies: Arc<[IpNet]>,
}

/// The place of one connection, which its end gives back.
pub struct ConnectionPlace {
    _connection: OwnedSemaphorePermit,
    _share: Option<KeyedPermit<IpAddr>>,
}

impl Admission {
    /// The admission of a server within its limits. `connections` has a permit for each that may open.
    pub fn new(bounds: &Bounds, connections: Arc<Semaphore>) -> Self {
        Self {
            connections,
            shares: KeyedPermits::new(u64::MAX, bounds.connections_per_client),
            refusals: KeyedPermits::new(REFUSALS, REFUSALS_PER_CLIENT),
            proxies: bounds.proxies.as_slice().into(),
        }
    }

    /// Admits a connection. A trusted proxy has no share: it speaks for many clients.
    ///
    /// # Errors
    /// Returns the limit that it would exceed.
    pub fn admit(&self, peer: SocketAddr) -> Result<ConnectionPlace, LimitReached> {
        let share = match is_trusted(peer.ip(), &self.proxies) {
            true => None,
            false => Some(self.shares.try_acquire(&subscriber(peer.ip()), 1)?),
        };
        let connection = Arc::clone(&self.connections).try_acquire_owned().map_err(|_| LimitReached::Total)?;
        Ok(ConnectionPlace { _connection: connection, _share: share })
    }

    /// Answers 503 on a connection that is not admitted, if the client reads it at once, and closes it. While many refusals are
    /// being sent, it only closes it: a refusal must not take what a connection takes.
    pub async fn refuse(&self, mut stream: TcpStream, peer: SocketAddr, limit: LimitReached, base: &str) {
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
        Admission::new(&bounds, Arc::new(Semaphore::new(connections)))
    }

    fn peer(address: &str) -> SocketAddr {
        SocketAddr::new(address.parse().expect("an address"), 4711)
    }

    #[test]
    fn each_subscriber_has_a_share_and_all_have_the_total() {
        let admission = admission(5, 2, &["10.0.0.0/8"]);
        let admit = |address: &str| admission.admit(peer(address));
        let first = [admit("2001:db8:1:2::1"), admit("2001:db8:1:2::2")];
        assert!(first.iter().all(Result::is_ok));
        assert_eq!(admit("2001:db8:1:2:ffff::3").err(), Some(LimitReached::Share), "the same /64 network");
        let second = [admit("192.0.2.1"), admit("::ffff:192.0.2.1")];
        assert!(second.iter().all(Result::is_ok));
        assert_eq!(admit("192.0.2.1").err(), Some(LimitReached::Share));
        let last = admit("192.0.2.2");
        assert!(last.is_ok());
        assert_eq!(admit("192.0.2.3").err(), Some(LimitReached::Total));
        assert_eq!(admission.shares.holders(), 3, "a refusal holds nothing");
        drop(first);
        assert!(admit("2001:db8:1:2::1").is_ok());
    }

    #[test]
    fn a_trusted_proxy_has_no_share() {
        let admission = admission(4, 1, &["10.0.0.0/8"]);
        let places: Vec<_> = (0..4).map(|_| admission.admit(peer("10.0.0.1"))).collect();
        assert!(places.iter().all(Result::is_ok));
        assert_eq!(admission.admit(peer("10.0.0.1")).err(), Some(LimitReached::Total));
    }
}
