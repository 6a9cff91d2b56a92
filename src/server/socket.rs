//! Owns where the listening socket comes from: a service manager that holds it, another process of this program that
//! serves on the address and shares it, or the system, bound anew.
//! Must not know what is served.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::Duration;

use listenfd::ListenFd;

use super::handover;

/// How often an address in use is asked for anew.
const ATTEMPTS: u32 = 5;

/// The pause before that.
const PAUSE: Duration = Duration::from_millis(100);

/// A listening socket.
pub struct Socket {
    pub(super) listener: TcpListener,
    /// Where another process asks for it.
    pub(super) door: Option<UnixListener>,
    /// The process that it was asked of, which is told when this one serves.
    pub(super) before: Option<UnixStream>,
    held: bool,
}

impl Socket {
    /// Binds an address, for this process alone.
    ///
    /// # Errors
    /// The system's, such as an address in use.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        Ok(Self { listener: TcpListener::bind(address)?, door: None, before: None, held: false })
    }

    /// The socket that a service manager hands over as `LISTEN_FDS` say; else that of an address, shared with the process
    /// that serves there if that is one of this program's and of the same user.
    ///
    /// # Errors
    /// The system's, such as an address in use by somebody else.
    pub fn obtain(address: SocketAddr) -> io::Result<Self> {
        if let Some(listener) = ListenFd::from_env().take_tcp_listener(0)? {
            log::info!("the service manager hands over the socket on {}", listener.local_addr()?);
            rustix::io::fcntl_setfd(&listener, rustix::io::FdFlags::CLOEXEC)?;
            return Ok(Self { listener, door: None, before: None, held: true });
        }
        for attempt in 0.. {
            match Self::bind(address) {
                Ok(bound) => {
                    let door = handover::open(bound.address()?);
                    let door = door.map_err(|error| log::debug!("the socket cannot be shared: {error}")).ok();
                    return Ok(Self { door, ..bound });
                }
                Err(error) if error.kind() != io::ErrorKind::AddrInUse => return Err(error),
                Err(error) => match handover::ask(address) {
                    Ok((listener, door, before)) => {
                        log::info!("another process serves on {address}, and shares its socket");
                        return Ok(Self { listener, door: Some(door), before: Some(before), held: true });
                    }
                    // Whoever has the address may be about to leave it, or only sees whether it can be had.
                    Err(_) if attempt < ATTEMPTS => std::thread::sleep(PAUSE),
                    Err(why) => {
                        log::debug!("nobody shares the socket on {address}: {why}");
                        return Err(error);
                    }
                },
            }
        }
        unreachable!("the last attempt always returns")
    }

    /// Whether somebody else holds the socket too, so that clients are let in or wait whatever this process does.
    pub fn is_held(&self) -> bool {
        self.held
    }

    /// The address that it is bound to.
    ///
    /// # Errors
    /// The system's.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}
