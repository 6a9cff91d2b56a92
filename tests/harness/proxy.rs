//! Owns a TCP proxy between a server and its Postgres, which a test can cut, freeze and restore.
//! Must not know the protocol.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;

use super::wait::until;

/// The state of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// Data passes.
    Passing,
    /// Connections are reset, and new ones refused.
    Cut,
    /// Connections are accepted, and no data passes.
    Frozen,
}

/// The proxy of one test.
pub struct Proxy {
    address: SocketAddr,
    network: watch::Sender<Network>,
    listening: watch::Receiver<bool>,
    runtime: Option<Runtime>,
}

impl Proxy {
    /// A proxy to the server of a URL, which listens on a Unix socket.
    pub fn to(url: &str) -> Self {
        let socket = socket(url);
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime can be made");
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).expect("a free port can be bound");
        let address = listener.local_addr().expect("it has an address");
        let (network, (sender, listening)) = (watch::Sender::new(Network::Passing), watch::channel(true));
        runtime.spawn(listen(listener, address, socket, network.subscribe(), sender));
        Self { address, network, listening, runtime: Some(runtime) }
    }

    /// The URL of the same database through the proxy.
    pub fn url(&self, url: &str) -> String {
        let (role, rest) = url.split_once('@').expect("the URL names a role");
        let name = rest.rsplit('/').next().expect("the URL names a database");
        format!("{role}@{}/{name}", self.address)
    }

    /// Changes the state of the network, and waits until new connections meet it.
    pub fn set(&self, network: Network) {
        self.network.send_replace(network);
        until("the proxy changes its state", || *self.listening.borrow() != (network == Network::Cut));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn socket(url: &str) -> PathBuf {
    let config: tokio_postgres::Config = url.parse().expect("the URL is one of a Postgres database");
    match &config.get_hosts()[0] {
        tokio_postgres::config::Host::Unix(folder) => folder.join(".s.PGSQL.5432"),
        tokio_postgres::config::Host::Tcp(host) => panic!("{host} is not a Unix socket"),
    }
}

async fn listen(
    mut listener: TcpListener,
    address: SocketAddr,
    socket: PathBuf,
    mut network: watch::Receiver<Network>,
    listening: watch::Sender<bool>,
) {
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((client, _)) = accepted {
                    tokio::spawn(forward(client, socket.clone(), network.clone()));
                }
            }
            _ = network.changed() => {}
        }
        if *network.borrow_and_update() == Network::Cut {
            drop(listener);
            listening.send_replace(false);
            _ = network.wait_for(|network| *network != Network::Cut).await;
            listener = TcpListener::bind(address).await.expect("the port is free again");
            listening.send_replace(true);
        }
    }
}

/// Forwards one connection until it ends.
async fn forward(mut client: TcpStream, socket: PathBuf, mut network: watch::Receiver<Network>) {
    let mut cut = network.clone();
    tokio::select! {
        _ = cut.wait_for(|network| *network == Network::Cut) => {
            // A linger time of zero resets the connection.
            _ = client.set_zero_linger();
        }
        _ = copy(&mut client, socket, &mut network) => {}
    }
}

async fn copy(client: &mut TcpStream, socket: PathBuf, network: &mut watch::Receiver<Network>) -> io::Result<()> {
    let passing = async |network: &mut watch::Receiver<Network>| {
        network.wait_for(|network| *network == Network::Passing).await.map(|_| ()).map_err(io::Error::other)
    };
    passing(network).await?;
    let mut server = UnixStream::connect(socket).await?;
    let (mut from_client, mut from_server) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        tokio::select! {
            read = client.read(&mut from_client) => {
                let read = read?;
                passing(network).await?;
                server.write_all(&from_client[..read]).await?;
                if read == 0 {
                    return Ok(());
                }
            }
            read = server.read(&mut from_server) => {
                let read = read?;
                passing(network).await?;
                client.write_all(&from_server[..read]).await?;
                if read == 0 {
                    return Ok(());
                }
            }
        }
    }
}
