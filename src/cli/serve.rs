//! Owns the command `serve`: the database, the state that the workers share, and the server, in the order of their start.
//! Must not know how any of them works.

use std::time::Instant;

use super::database::DatabaseRoles;
use super::start::Start;
use super::{bundled, environment};
use crate::app::{Disk, Shared};
use crate::config::Config;
use crate::publish::QueueSettings;
use crate::server::{Control, Server, ShutdownTimeouts, Socket};

/// Serves until SIGTERM or Ctrl-C.
///
/// # Errors
/// Returns a message for the operator if the configuration, the database or the address cannot be used.
pub fn serve() -> Result<(), String> {
    let config = environment::configure()?;
    let started = Instant::now();
    let cannot_bind = |error| format!("cannot listen on {}: {error}", config.address);
    let mut socket = Socket::obtain(config.address).map_err(cannot_bind)?;
    let control = Control::start(&mut socket, config.admin, &config.bounds, config.public_url.as_deref());
    let control = control.map_err(|error| error.to_string())?;
    let databases = match set_up(&config, &Start::of_server(&control)) {
        Err(why) if control.stopped().is_set() => {
            log::info!("stopped before the server was ready: {why}");
            return Ok(());
        }
        outcome => outcome?,
    };
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
    let timeouts = ShutdownTimeouts { grace: config.shutdown_grace, wait: config.shutdown_wait };
    let server = Server::new(socket, shared, config.workers, timeouts).watched_on(config.admin);
    let address = server.address().map_err(|error| error.to_string())?;
    let ready = || log::info!("ready in {:.1} s: http://{address}/ and http://{address}/docs/", started.elapsed().as_secs_f64());
    let outcome = server.run_blocking(control, ready);
    databases.service.availability().stop_logging();
    drop(databases);
    log::info!("stopped");
    outcome.map_err(|error| error.to_string())
}

/// Opens the database, and makes it ready for this version of the program.
fn set_up(config: &Config, start: &Start) -> Result<DatabaseRoles, String> {
    let databases = DatabaseRoles::for_server(config, start)?;
    match config.migrate {
        true => databases.set_up(config, start)?,
        false => databases.wait_until_set_up(config.startup_wait, start)?,
    }
    start.progress.enter_short("reading the releases");
    Ok(databases)
}
