//! Owns the place of `handover` where the system has no names outside directories: nobody shares a socket.
//! Must not know what is served.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::{UnixListener, UnixStream};

use tokio::sync::watch;

/// No door.
///
/// # Errors
/// Always.
pub fn open(_: SocketAddr) -> io::Result<UnixListener> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Nobody to ask.
///
/// # Errors
/// Always.
pub fn ask(_: SocketAddr) -> io::Result<(TcpListener, UnixListener, UnixStream)> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Nobody to tell.
///
/// # Errors
/// Always.
pub fn tell(_: &UnixStream) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Nobody asks.
///
/// # Errors
/// Always.
pub async fn attend(_: UnixListener, _: TcpListener, _: watch::Sender<usize>) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
