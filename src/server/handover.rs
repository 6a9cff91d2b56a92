//! Owns the sharing of a listening socket between processes of this program: the one that serves gives it, over a Unix
//! socket, to the one that is to follow. Both take connections from the one queue of the kernel, which closes for neither,
//! so that none is lost when the first ends; sockets of their own (`SO_REUSEPORT`) would each have a queue, and what waits
//! in that of the first would be reset.
//!
//! The Unix socket has a name in no directory, of the user and the address, so that nothing is left behind; only processes
//! of the same user are let in. It is shared along, so that a third process finds whichever of the two is left.
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

/// How long the other process may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is said when sockets are given, and when the one who took them serves.
const WORD: u8 = b'r';

/// The name of the door to the socket of an address.
fn name(address: SocketAddr) -> io::Result<unix::SocketAddr> {
    unix::SocketAddr::from_abstract_name(format!("reperes/{}/{address}", geteuid().as_raw()))
}

/// The door at which the socket of an address is asked for.
///
/// # Errors
/// The system's.
pub fn open(address: SocketAddr) -> io::Result<UnixListener> {
    UnixListener::bind_addr(&name(address)?)
}

/// Asks the process that serves on an address for its socket and its door. It is told by [`tell`] over what comes third,
/// and sees the end of this process in the end of that.
///
/// # Errors
/// The system's; also when nobody of the same user is there.
pub fn ask(address: SocketAddr) -> io::Result<(TcpListener, UnixListener, UnixStream)> {
    let stream = UnixStream::connect_addr(&name(address)?)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    if socket_peercred(&stream)?.uid != geteuid() {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut word = [0];
    recvmsg(&stream, &mut [IoSliceMut::new(&mut word)], &mut control, RecvFlags::CMSG_CLOEXEC)?;
    let mut given: Vec<OwnedFd> = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(sockets) = message {
            given.extend(sockets);
        }
    }
    let [listener, door]: [OwnedFd; 2] = given.try_into().map_err(|_| io::ErrorKind::InvalidData)?;
    Ok((listener.into(), door.into(), stream))
}

/// Tells the process that gave the socket that this one serves.
///
/// # Errors
/// The system's, such as that it has ended.
pub fn tell(mut before: &UnixStream) -> io::Result<()> {
    before.write_all(&[WORD])
}

/// Gives the socket to whoever asks, as long as it is polled, and counts those who serve on it beside this process.
///
/// # Errors
/// The system's.
pub async fn attend(door: UnixListener, listener: TcpListener, beside: watch::Sender<usize>) -> io::Result<()> {
    door.set_nonblocking(true)?;
    let shared = door.try_clone()?;
    let door = tokio::net::UnixListener::from_std(door)?;
    loop {
        let (stream, _) = door.accept().await?;
        if let Err(error) = give(&stream, &listener, &shared) {
            log::warn!("the socket cannot be shared: {error}");
            continue;
        }
        actix_web::rt::spawn(count(stream, beside.clone()));
    }
}

/// Counts the process that took the socket, from when it serves to when it ends.
async fn count(mut other: tokio::net::UnixStream, beside: watch::Sender<usize>) {
    if other.read_u8().await.is_err() {
        return;
    }
    log::info!("another process serves on the same socket");
    beside.send_modify(|number| *number += 1);
    _ = other.read_u8().await;
    log::info!("the other process on the same socket has ended");
    beside.send_modify(|number| *number -= 1);
}

fn give(stream: &tokio::net::UnixStream, listener: &TcpListener, door: &UnixListener) -> io::Result<()> {
    if stream.peer_cred()?.uid() != geteuid().as_raw() {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let sockets = [listener.as_fd(), door.as_fd()];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !control.push(SendAncillaryMessage::ScmRights(&sockets)) {
        return Err(io::ErrorKind::OutOfMemory.into());
    }
    sendmsg(stream, &[IoSlice::new(&[WORD])], &mut control, SendFlags::empty())?;
    Ok(())
}
