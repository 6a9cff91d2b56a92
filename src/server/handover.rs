//! Owns the handover of the listening socket to the process that follows this one, over a Unix socket. Both processes then
//! accept from one queue of the kernel, so that no connection is lost when the first exits; with `SO_REUSEPORT` each would
//! have a queue, and the kernel would reset the connections in the first one's.
//!
//! The Unix socket is in Linux's abstract namespace, under the user and the address, so that no file is left behind. Only
//! processes of the same user are let in. The socket is handed over too, so that a third process finds the one that is left.
//! Must not know what is served.

use std::io::{self, IoSlice, IoSliceMut, Write};
use std::mem::MaybeUninit;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{self as unix, UnixListener, UnixStream};
use std::time::Duration;

use rustix::net::sockopt::socket_peercred;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use rustix::process::geteuid;
use tokio::io::AsyncReadExt;
use tokio::sync::watch;

/// The longest wait for the other process.
const READ_TIMEOUT: Duration = Duration::from_secs(5);

/// The byte that accompanies the sockets, and the byte that reports that the new process serves.
const MESSAGE: u8 = b'r';

/// The name of the Unix socket for an address.
fn name(address: SocketAddr) -> io::Result<unix::SocketAddr> {
    unix::SocketAddr::from_abstract_name(format!("reperes/{}/{address}", geteuid().as_raw()))
}

/// Opens the Unix socket for an address.
///
/// # Errors
/// Returns an error if another process holds it.
pub fn open(address: SocketAddr) -> io::Result<UnixListener> {
    UnixListener::bind_addr(&name(address)?)
}

/// Requests the listening socket and the Unix socket from the process that serves on an address. The third value is the
/// connection to that process, for [`report_ready`]; when this process exits, the other sees it close.
///
/// # Errors
/// Returns an error if no process of the same user serves there.
pub fn request(address: SocketAddr) -> io::Result<(TcpListener, UnixListener, UnixStream)> {
    let stream = UnixStream::connect_addr(&name(address)?)?;
    stream.set_read_timeout(Some(READ_TIMEOUT))?;
    if socket_peercred(&stream)?.uid != geteuid() {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut message = [0];
    recvmsg(&stream, &mut [IoSliceMut::new(&mut message)], &mut control, RecvFlags::CMSG_CLOEXEC)?;
    let mut received: Vec<OwnedFd> = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(sockets) = message {
            received.extend(sockets);
        }
    }
    let [listener, handover]: [OwnedFd; 2] = received.try_into().map_err(|_| io::ErrorKind::InvalidData)?;
    Ok((listener.into(), handover.into(), stream))
}

/// Reports to the process that handed the socket over that this one serves.
///
/// # Errors
/// Returns an error if that process has exited.
pub fn report_ready(mut predecessor: &UnixStream) -> io::Result<()> {
    predecessor.write_all(&[MESSAGE])
}

/// Hands the socket to each process that requests it, and counts those that serve on it.
///
/// # Errors
/// Returns an error if the Unix socket accepts no more connections.
pub async fn serve(handover: UnixListener, listener: TcpListener, successors: watch::Sender<usize>) -> io::Result<()> {
    handover.set_nonblocking(true)?;
    let shared = handover.try_clone()?;
    let handover = tokio::net::UnixListener::from_std(handover)?;
    loop {
        let (stream, _) = handover.accept().await?;
        if let Err(error) = send(&stream, &listener, &shared) {
            log::warn!("cannot hand over the listening socket: {error}");
            continue;
        }
        actix_web::rt::spawn(count(stream, successors.clone()));
    }
}

/// Counts a process that received the socket, from the time it serves until it exits.
async fn count(mut other: tokio::net::UnixStream, successors: watch::Sender<usize>) {
    if other.read_u8().await.is_err() {
        return;
    }
    log::info!("another process serves on the same socket");
    successors.send_modify(|number| *number += 1);
    _ = other.read_u8().await;
    log::info!("the other process on the same socket has exited");
    successors.send_modify(|number| *number -= 1);
}

fn send(stream: &tokio::net::UnixStream, listener: &TcpListener, handover: &UnixListener) -> io::Result<()> {
    if stream.peer_cred()?.uid() != geteuid().as_raw() {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let sockets = [listener.as_fd(), handover.as_fd()];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !control.push(SendAncillaryMessage::ScmRights(&sockets)) {
        return Err(io::ErrorKind::OutOfMemory.into());
    }
    sendmsg(stream, &[IoSlice::new(&[MESSAGE])], &mut control, SendFlags::empty())?;
    Ok(())
}
