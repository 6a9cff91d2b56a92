//! Owns the source of the listening socket: a service manager, another process of this program that serves on the address,
//! or a new socket.
//! Must not know what is served.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::Duration;

use listenfd::ListenFd;

use super::handover;

/// How often an address in use is tried again.
const RETRIES: u32 = 5;

/// The pause before each.
const RETRY_PAUSE: Duration = Duration::from_millis(100);

/// A listening socket.
pub struct Socket {
    pub(super) listener: TcpListener,
    /// The Unix socket at which another process requests it.
    pub(super) handover: Option<UnixListener>,
    /// The connection to the process that handed the socket over.
    pub(super) predecessor: Option<UnixStream>,
}

impl Socket {
    /// Binds an address for this process alone.
    ///
    /// # Errors
    /// Returns an error if the address is in use or not one of this machine.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        Ok(Self { listener: TcpListener::bind(address)?, handover: None, predecessor: None })
    }

    /// Takes the socket of a service manager (`LISTEN_FDS`, sd_listen_fds(3)) if there is one. Otherwise binds the address, or
    /// requests its socket from the process of this program and user that serves there.
    ///
    /// # Errors
    /// Returns an error if the address is in use by another program or user.
    pub fn obtain(address: SocketAddr) -> io::Result<Self> {
        if let Some(listener) = ListenFd::from_env().take_tcp_listener(0)? {
            log::info!("using the socket of the service manager on {}", listener.local_addr()?);
            rustix::io::fcntl_setfd(&listener, rustix::io::FdFlags::CLOEXEC)?;
            return Ok(Self { listener, handover: None, predecessor: None });
        }
        let mut retries = 0..RETRIES;
        loop {
            let in_use = match Self::bind(address) {
                Ok(bound) => {
                    let handover = handover::open(bound.address()?);
                    let handover = handover.map_err(|error| log::debug!("the socket cannot be handed over: {error}")).ok();
                    return Ok(Self { handover, ..bound });
                }
                Err(error) if error.kind() != io::ErrorKind::AddrInUse => return Err(error),
                Err(error) => error,
            };
            match handover::request(address) {
                Ok((listener, handover, predecessor)) => {
                    log::info!("another process serves on {address} and hands its socket over");
                    return Ok(Self { listener, handover: Some(handover), predecessor: Some(predecessor) });
                }
                // A process that exits, or one that only tests the address, may free it.
                Err(_) if retries.next().is_some() => std::thread::sleep(RETRY_PAUSE),
                Err(error) => {
                    log::debug!("no process hands over the socket on {address}: {error}");
                    return Err(in_use);
                }
            }
        }
    }

    /// The address that the socket is bound to.
    ///
    /// # Errors
    /// Returns an error if the system cannot name the address.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}
