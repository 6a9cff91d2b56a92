//! Owns the place of `handover` on systems without abstract Unix sockets, where processes do not share a socket.
//! Must not know what is served.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::{UnixListener, UnixStream};

use tokio::sync::watch;

/// Opens no socket.
///
/// # Errors
/// Always returns `Unsupported`.
pub fn open(_: SocketAddr) -> io::Result<UnixListener> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Finds no process.
///
/// # Errors
/// Always returns `Unsupported`.
pub fn request(_: SocketAddr) -> io::Result<(TcpListener, UnixListener, UnixStream)> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Has no process to report to.
///
/// # Errors
/// Always returns `Unsupported`.
pub fn report_ready(_: &UnixStream) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Serves no process.
///
/// # Errors
/// Always returns `Unsupported`.
pub async fn serve(_: UnixListener, _: TcpListener, _: watch::Sender<usize>) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
