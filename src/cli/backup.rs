//! Owns the command `backup`: one state of the database, whatever is published meanwhile, with its digests, in a file
//! that is there whole or not at all.
//! Must not know the form of the file.

use std::path::Path;
use std::process::{Command, Stdio};

use super::backup_file::{Contents, Sealed};
use super::database::Databases;
use super::text;
use crate::config::Config;
use crate::datasets::REGISTRY;
use crate::db::connection::config::Database;
use crate::db::verify::{checks, digest};
use crate::postgres;

/// Writes a backup.
///
/// # Errors
/// A sentence for the operator; then there is no file, or still the one that was there.
pub fn backup(config: &Config, path: &Path) -> Result<(), String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let place = |error: std::io::Error| format!("{} cannot be written: {error}", path.display());
    let temporary = || tempfile::Builder::new().prefix(".reperes-backup-").tempfile_in(folder).map_err(place);
    // Where nothing can be written, that is known before the work rather than after it.
    drop(temporary()?);
    let databases = Databases::join(config)?;
    let file = databases.with(async |client| {
        let at = chrono::Utc::now().format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let transaction = checks::snapshot(client).await.map_err(text)?;
        let (server, snapshot) = checks::exported(&transaction).await.map_err(text)?;
        let program = postgres::tool(config.bin_dir.as_deref(), "pg_dump", server)?;
        let releases = checks::releases(&transaction).await.map_err(text)?;
        let digests = digest::of(&transaction, REGISTRY, &releases).await.map_err(text)?;
        let mut file = temporary()?;
        let mut command = client_program(&program, &databases.owner);
        command.args(["--format=custom", "--no-owner", "--no-privileges", "--snapshot"]).arg(snapshot);
        let mut child = command.stdout(Stdio::piped()).spawn().map_err(|error| format!("pg_dump cannot be run: {error}"))?;
        let mut archive = child.stdout.take().ok_or("pg_dump has no output")?;
        let stopped = stop_with(child.id());
        let written = tokio::task::block_in_place(|| {
            let mut sealed = Sealed::new(file.as_file_mut());
            std::io::copy(&mut archive, &mut sealed).and_then(|_| child.wait()).map(|status| (sealed, status))
        });
        stopped.abort();
        let (sealed, status) = written.map_err(place)?;
        if !status.success() {
            return Err(format!("pg_dump ended with {status}; no backup was written"));
        }
        sealed
            .close(&Contents { program: env!("CARGO_PKG_VERSION").to_owned(), postgres: server, at, digests })
            .map_err(place)?;
        Ok(file)
    })?;
    file.persist(path).map_err(|error| place(error.error))?;
    log::info!("wrote {}", path.display());
    Ok(())
}

/// Ends a process of ours when we are told to end, so that what depends on it ends in order.
fn stop_with(process: u32) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        let terminated = async {
            match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
                Ok(mut signal) => _ = signal.recv().await,
                Err(_) => std::future::pending().await,
            }
        };
        tokio::select! { _ = tokio::signal::ctrl_c() => {}, () = terminated => {} }
        // SAFETY: kill has no memory preconditions; the process is a child that has not been waited for.
        _ = i32::try_from(process).map(|process| unsafe { libc::kill(process, libc::SIGTERM) });
    })
}

/// A program of Postgres's, with nothing in its environment but the way to the database.
pub(super) fn client_program(program: &Path, database: &Database) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("LC_ALL", "C").env("PATH", "/usr/bin:/bin").stdin(Stdio::null());
    for name in ["PGSSLROOTCERT", "PGPASSFILE", "HOME"] {
        command.envs(std::env::var_os(name).map(|value| (name, value)));
    }
    command.envs(database.variables());
    command
}
