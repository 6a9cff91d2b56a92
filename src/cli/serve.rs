//! Owns the command `serve`: the database, the state that the workers share, and the server, in the order of their start.
//! Must not know how any of them works.

use std::time::Instant;

use super::database::DatabaseRoles;
use super::{bundled, environment};
use crate::app::{Disk, Shared};
use crate::publish::QueueSettings;
use crate::server::{Server, ShutdownTimeouts, Socket};

/// Serves until SIGTERM or Ctrl-C.
///
/// # Errors
/// Returns a message for the operator if the configuration, the database or the address cannot be used.
pub fn serve() -> Result<(), String> {
    let config = environment::configure()?;
    let started = Instant::now();
    let cannot_bind = |error| format!("cannot listen on {}: {error}", config.address);
    // The address is bound only once requests can be answered, so that clients get "connection refused" instead of a wait.
    // A socket that systemd or the previous process holds accepts connections anyway, and is kept.
    let held = Some(Socket::obtain(config.address).map_err(cannot_bind)?).filter(Socket::is_held);
    let databases = DatabaseRoles::for_server(&config)?;
    match config.migrate {
        true => databases.set_up(&config)?,
        false => databases.wait_until_set_up(config.startup_wait)?,
    }
    let publishing = QueueSettings {
        uploads: config.uploads.clone(),
        recipes: bundled::recipes(&config),
        reader: config.reader.clone(),
        limit: config.publish_limit,
    };
    let disk = Disk { files: config.files.clone(), publishing };
    let (primary, replicas) = (databases.service.clone(), config.replicas.clone());
    let shared = Shared::new(primary, replicas, config.limits, disk, config.cache).within(config.bounds.clone());
    let files = shared.files.clone().within(config.files_bytes);
    let shared = Shared { files, public_url: config.public_url.clone(), ..shared };
    shared.build_files();
    let socket = held.map_or_else(|| Socket::obtain(config.address), Ok).map_err(cannot_bind)?;
    let timeouts = ShutdownTimeouts { grace: config.shutdown_grace, wait: config.shutdown_wait };
    let server = Server::new(socket, shared, config.workers, timeouts).watched_on(config.admin);
    let address = server.address().map_err(|error| error.to_string())?;
    let ready = || log::info!("ready in {:.1} s: http://{address}/ and http://{address}/docs/", started.elapsed().as_secs_f64());
    let outcome = server.run_blocking(ready);
    databases.service.availability().stop_logging();
    drop(databases);
    log::info!("stopped");
    outcome.map_err(|error| error.to_string())
}
