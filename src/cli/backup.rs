//! Owns the command `backup`: one snapshot of the database with its digests, in a file that is either complete or absent.
//! Must not know the format of the file.

use std::io;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::backup_file::{BackupWriter, Metadata};
use super::database::DatabaseRoles;
use super::output::text;
use crate::config::Config;
use crate::datasets::REGISTRY;
use crate::db::connection::config::Database;
use crate::db::verify::{checks, digest};
use crate::postgres;

/// Writes a backup.
///
/// # Errors
/// Returns a message for the operator; an existing file is then left as it was.
pub fn backup(config: &Config, path: &Path) -> Result<(), String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let unwritable = |error: std::io::Error| format!("cannot write {}: {error}", path.display());
    let temporary = || tempfile::Builder::new().prefix(".reperes-backup-").tempfile_in(folder).map_err(unwritable);
    // A folder that cannot be written to fails before the work, not after it.
    drop(temporary()?);
    let databases = DatabaseRoles::for_command(config)?;
    let file = databases.with_client(async |client| {
        let at = chrono::Utc::now().format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let transaction = checks::snapshot(client).await.map_err(text)?;
        let (server, snapshot) = checks::exported(&transaction).await.map_err(text)?;
        let program = postgres::tool(config.bin_dir.as_deref(), "pg_dump", server)?;
        let releases = checks::releases(&transaction).await.map_err(text)?;
        let digests = digest::of(&transaction, REGISTRY, &releases).await.map_err(text)?;
        let files = digest::of_files(&transaction).await.map_err(text)?;
        // A signal that comes before there is a program to end ends it at once; without a handler it would leave the file.
        let ends = [SignalKind::terminate(), SignalKind::interrupt()].map(signal);
        let mut file = temporary()?;
        let mut command = postgres_client(&program, &databases.owner);
        command.args(["--format=custom", "--no-owner", "--no-privileges", "--snapshot"]).arg(snapshot);
        let mut child = command.stdout(Stdio::piped()).spawn().map_err(|error| format!("cannot run pg_dump: {error}"))?;
        let mut archive = child.stdout.take().ok_or("pg_dump has no output")?;
        let forwarding = forward_signals(&child, ends);
        let written = tokio::task::block_in_place(|| {
            let mut writer = BackupWriter::new(file.as_file_mut());
            std::io::copy(&mut archive, &mut writer).and_then(|_| child.wait()).map(|status| (writer, status))
        });
        forwarding.abort();
        let (writer, status) = written.map_err(unwritable)?;
        if !status.success() {
            return Err(format!("pg_dump failed ({status}); no backup was written"));
        }
        let metadata = Metadata { program: env!("CARGO_PKG_VERSION").to_owned(), postgres: server, at, digests, files };
        writer.finish(&metadata).map_err(unwritable)?;
        Ok(file)
    })?;
    file.persist(path).map_err(|error| unwritable(error.error))?;
    log::info!("wrote {}", path.display());
    Ok(())
}

/// Ends a child process when this process gets SIGTERM or SIGINT, or has got one since these were made. The backup then fails in the
/// usual way and deletes its temporary file.
fn forward_signals(child: &Child, ends: [io::Result<Signal>; 2]) -> tokio::task::JoinHandle<()> {
    let process = rustix::process::Pid::from_child(child);
    tokio::spawn(async move {
        let received = async |end: io::Result<Signal>| match end {
            Ok(mut signal) => _ = signal.recv().await,
            Err(_) => std::future::pending().await,
        };
        let [terminate, interrupt] = ends;
        tokio::select! { () = received(terminate) => {}, () = received(interrupt) => {} }
        _ = rustix::process::kill_process(process, rustix::process::Signal::TERM);
    })
}

/// A client program of Postgres, with the connection parameters in its environment and nothing else of ours.
pub(super) fn postgres_client(program: &Path, database: &Database) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("LC_ALL", "C").env("PATH", "/usr/bin:/bin").stdin(Stdio::null());
    for name in ["PGSSLROOTCERT", "PGPASSFILE", "HOME"] {
        command.envs(std::env::var_os(name).map(|value| (name, value)));
    }
    command.envs(database.variables());
    command
}
