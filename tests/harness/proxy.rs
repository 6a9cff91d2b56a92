//! Owns a network between a server and its Postgres that can fail: it passes, is cut, or freezes, and comes back.
//! Must not know what goes over it.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// How the network is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// It carries everything.
    Passing,
    /// Connections are reset, new ones refused.
    Cut,
    /// Connections are taken, and nothing is carried.
    Frozen,
}

/// A network of one test.
pub struct Proxy {
    address: SocketAddr,
    network: watch::Sender<Network>,
    listening: watch::Receiver<bool>,
    runtime: Option<Runtime>,
}

impl Proxy {
    /// A network to the server of a URL, on a Unix socket.
    pub fn to(url: &str) -> Self {
        let socket = socket(url);
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime can be made");
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).expect("a free port can be bound");
        let address = listener.local_addr().expect("it has an address");
        let (network, (told, listening)) = (watch::Sender::new(Network::Passing), watch::channel(true));
        runtime.spawn(listen(listener, address, socket, network.subscribe(), told));
        Self { address, network, listening, runtime: Some(runtime) }
    }

    /// The URL that goes over the network.
    pub fn url(&self, url: &str) -> String {
        let (role, rest) = url.split_once('@').expect("the URL names a role");
        let name = rest.rsplit('/').next().expect("the URL names a database");
        format!("{role}@{}/{name}", self.address)
    }

    /// Changes the network, and waits until that is so for new connections.
    pub fn set(&self, network: Network) {
        self.network.send_replace(network);
        while *self.listening.borrow() == (network == Network::Cut) {
            std::thread::sleep(Duration::from_millis(1));
        }
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
    let config: tokio_postgres::Config = url.parse().expect("the URL is one");
    match &config.get_hosts()[0] {
        tokio_postgres::config::Host::Unix(folder) => folder.join(".s.PGSQL.5432"),
        tokio_postgres::config::Host::Tcp(host) => panic!("{host} is no Unix socket"),
    }
}

async fn listen(
    mut listener: TcpListener,
    address: SocketAddr,
    socket: PathBuf,
    mut network: watch::Receiver<Network>,
    told: watch::Sender<bool>,
) {
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((client, _)) = accepted {
                    tokio::spawn(carry(client, socket.clone(), network.clone()));
                }
            }
            _ = network.changed() => {}
        }
        if *network.borrow_and_update() == Network::Cut {
            drop(listener);
            told.send_replace(false);
            _ = network.wait_for(|network| *network != Network::Cut).await;
            listener = TcpListener::bind(address).await.expect("the port is free again");
            told.send_replace(true);
        }
    }
}

/// Carries one connection to its end.
async fn carry(mut client: TcpStream, socket: PathBuf, mut network: watch::Receiver<Network>) {
    let mut cut = network.clone();
    tokio::select! {
        _ = cut.wait_for(|network| *network == Network::Cut) => {
            // Without a farewell: the peer is reset.
            _ = client.set_zero_linger();
        }
        _ = both(&mut client, socket, &mut network) => {}
    }
}

async fn both(client: &mut TcpStream, socket: PathBuf, network: &mut watch::Receiver<Network>) -> io::Result<()> {
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
