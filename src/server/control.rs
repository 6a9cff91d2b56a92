//! Owns the thread beside the server, from the first moment of its process to the last: it takes the signals, hands the socket
//! over, and answers until the server is ready.
//! Must not know what starts, nor what is served after that.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, mpsc};
use std::thread;

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::watch;
use tokio::task::{LocalSet, spawn_local};

use super::signals::{ReceivedSignals, Signals};
use super::socket::Socket;
use super::{admin, handover, starting};
use crate::http::handlers::starting::StartingState;
use crate::http::{Bounds, StartProgress};

/// The signals that reach a server while it starts, and the answers that its clients get. It ends with the process.
pub struct Control {
    /// The signals of the process.
    pub(super) signals: ReceivedSignals,
    /// The number of processes that accept connections on the same socket.
    pub(super) successors: watch::Sender<usize>,
    /// The socket of the admin address, unless the previous process has it.
    pub(super) admin: Option<TcpListener>,
    progress: StartProgress,
    stopped: Stopped,
    stage: watch::Sender<ServerStage>,
    /// Whether clients are no longer answered that the server is starting.
    silent: watch::Receiver<bool>,
}

/// Where a server is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum ServerStage {
    Starting,
    Serving,
    Closing,
}

/// Whether the operator has asked the process to stop. Clones share it.
#[derive(Clone)]
pub struct Stopped(watch::Receiver<bool>);

impl Stopped {
    /// For a command that the system itself stops.
    pub fn never() -> Self {
        Self(watch::channel(false).1)
    }

    /// Whether it has.
    pub fn is_set(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it does.
    pub async fn wait(&self) {
        if self.0.clone().wait_for(|stopped| *stopped).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Control {
    /// Starts the thread for a socket and the admin address. If a previous process serves on the socket, clients are left to it.
    ///
    /// # Errors
    /// Returns an error if the admin address, the signals or the thread cannot be had.
    pub fn start(socket: &mut Socket, admin: Option<SocketAddr>, bounds: &Bounds, public_url: Option<&str>) -> io::Result<Self> {
        let relieved = socket.predecessor.is_some();
        let bound = admin.map(|address| admin::bind(address, relieved)).transpose()?.flatten();
        let address = socket.address()?;
        let problem_base: Arc<str> = public_url.map_or_else(|| format!("http://{address}"), str::to_owned).into();
        let progress = StartProgress::default();
        let state = |admin| StartingState::new(progress.clone(), Arc::clone(&problem_base), admin);
        let mut listeners = Vec::new();
        if !relieved {
            listeners.push((socket.listener.try_clone()?, state(false)));
        }
        if let Some(bound) = &bound {
            listeners.push((bound.try_clone()?, state(true)));
        }
        let shared = socket.handover.take().map(|handover| Ok::<_, io::Error>((handover, socket.listener.try_clone()?)));
        let (stage, silent, successors) =
            (watch::Sender::new(ServerStage::Starting), watch::Sender::new(false), watch::Sender::new(0));
        let ((sender, receiver), stopped) = (unbounded_channel(), watch::Sender::new(false));
        let control = Self {
            signals: ReceivedSignals(receiver),
            successors: successors.clone(),
            admin: bound,
            progress,
            stopped: Stopped(stopped.subscribe()),
            stage: stage.clone(),
            silent: silent.subscribe(),
        };
        let work = Work {
            listeners,
            bounds: bounds.clone(),
            handover: shared.transpose()?,
            successors,
            signals: sender,
            stopped,
            stage: stage.subscribe(),
            silent,
        };
        let (started, outcome) = mpsc::channel();
        thread::Builder::new().name("control".to_owned()).spawn(move || work.run(&started))?;
        outcome.recv().unwrap_or_else(|_| Err(io::Error::other("the control thread ended")))?;
        Ok(control)
    }

    /// The step of the start, which answers name until the server is ready.
    pub fn progress(&self) -> &StartProgress {
        &self.progress
    }

    /// Whether the operator asks the process to stop.
    pub fn stopped(&self) -> &Stopped {
        &self.stopped
    }

    /// Ends the answers that the server is starting. When this returns, new connections wait for the server.
    pub(super) async fn begin_serving(&mut self) {
        self.stage.send_replace(ServerStage::Serving);
        _ = self.silent.wait_for(|silent| *silent).await;
    }

    /// Hands the socket over no more.
    pub(super) fn close(&self) {
        self.stage.send_replace(ServerStage::Closing);
    }
}

/// What the thread works on.
struct Work {
    listeners: Vec<(TcpListener, StartingState)>,
    bounds: Bounds,
    handover: Option<(std::os::unix::net::UnixListener, TcpListener)>,
    successors: watch::Sender<usize>,
    signals: UnboundedSender<bool>,
    stopped: watch::Sender<bool>,
    stage: watch::Receiver<ServerStage>,
    silent: watch::Sender<bool>,
}

impl Work {
    fn run(self, started: &mpsc::Sender<io::Result<()>>) {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => {
                _ = started.send(Err(error));
                return;
            }
        };
        LocalSet::new().block_on(&runtime, async move {
            let signals = match Signals::new() {
                Ok(signals) => signals,
                Err(error) => {
                    _ = started.send(Err(error));
                    return;
                }
            };
            spawn_local(forward(signals, self.signals, self.stopped));
            if let Some((handover, listener)) = self.handover {
                let (successors, mut stage) = (self.successors.clone(), self.stage.clone());
                spawn_local(async move {
                    tokio::select! {
                        _ = handover::serve(handover, listener, successors) => {}
                        _ = stage.wait_for(|stage| *stage == ServerStage::Closing) => {}
                    }
                });
            }
            _ = started.send(Ok(()));
            let over = watch::Sender::new(false);
            let answering: Vec<_> = self
                .listeners
                .into_iter()
                .map(|(listener, state)| {
                    let (bounds, ends) = (self.bounds.clone(), (over.subscribe(), self.successors.subscribe()));
                    spawn_local(async move {
                        if let Err(error) = starting::serve(listener, state, &bounds, ends).await {
                            log::warn!("clients are not told that the server is starting: {error}");
                        }
                    })
                })
                .collect();
            let mut stage = self.stage;
            _ = stage.wait_for(|stage| *stage > ServerStage::Starting).await;
            over.send_replace(true);
            for task in answering {
                _ = task.await;
            }
            self.silent.send_replace(true);
            // What is accepted is answered, signals come, and the socket is handed over, until the process exits.
            while stage.changed().await.is_ok() {}
        });
    }
}

/// Passes the signals on. From now on the system no longer ends the process at one.
async fn forward(mut signals: Signals, sender: UnboundedSender<bool>, stopped: watch::Sender<bool>) {
    loop {
        let terminate = signals.next().await;
        _ = sender.send(terminate);
        stopped.send_replace(true);
    }
}
