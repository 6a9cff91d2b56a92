//! Owns the command `restore`: an empty database is filled from a backup in one transaction, migrated for this program,
//! and compared with the digests in the backup.
//! Must not know the format of the file.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Stdio};

use super::backup::postgres_client;
use super::backup_file::{self, Metadata};
use super::database::{self, DatabaseRoles};
use super::output::text;
use super::start::Start;
use crate::config::Config;
use crate::datasets::REGISTRY;
use crate::db::DbError;
use crate::db::verify::checks::{self, Findings};
use crate::db::verify::digest;
use crate::postgres;

/// Restores a backup.
///
/// # Errors
/// Returns a message for the operator. The database is still empty then, unless the message says that the restored data
/// differs from the backup.
pub fn restore(config: &Config, path: &Path) -> Result<(), String> {
    let metadata = backup_file::verify(path)?;
    let (databases, start) = (DatabaseRoles::existing_or_new(config)?, Start::of_command());
    database::runtime()?.block_on(async {
        let lock = database::acquire_setup_lock(&databases.owner, config.startup_wait, &start).await?;
        let owner = databases.owner.writer().await.map_err(text)?;
        let (server, occupants) = checks::occupants(&owner).await.map_err(text)?;
        if !occupants.is_empty() {
            return Err(format!(
                "the database is not empty: it has {} and perhaps more; a backup can only be restored into an empty database",
                occupants.join(", ")
            ));
        }
        let find = |name| postgres::tool(config.bin_dir.as_deref(), name, server.max(metadata.postgres));
        let (pg_restore, psql) = (find("pg_restore")?, find("psql")?);
        let mut pg_restore = postgres_client(&pg_restore, &databases.owner);
        pg_restore.args(["--no-owner", "--no-privileges", "--file=-"]).arg(path).stdout(Stdio::piped());
        let mut psql = postgres_client(&psql, &databases.owner);
        psql.args(["--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--output=/dev/null"]);
        let pg_restore = pg_restore.spawn().map_err(|error| format!("cannot run pg_restore: {error}"))?;
        let psql = psql.stdin(Stdio::piped()).spawn().map_err(|error| format!("cannot run psql: {error}"))?;
        tokio::task::block_in_place(|| pipe(pg_restore, psql))?;
        owner.batch_execute("ANALYZE").await.map_err(|error| text(DbError::from(error)))?;
        databases.migrate(&lock, &start).await.map_err(text)?;
        lock.release().await.map_err(text)
    })?;
    compare(&databases, &metadata)?;
    log::info!("restored {} of {}: {} releases", path.display(), metadata.at, metadata.digests.len());
    Ok(())
}

/// Pipes the statements of `pg_restore` into `psql`, in one transaction that is committed once all of them were read. If this
/// process ends before, psql reads the end of its input inside the transaction, and the database rolls it back.
fn pipe(mut pg_restore: Child, mut psql: Child) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("nothing was restored: {error}");
    let mut statements = pg_restore.stdout.take().ok_or("pg_restore has no output")?;
    let mut input = EndRecorder { input: psql.stdin.take().ok_or("psql has no input")?, end: Vec::new() };
    let copied = input.write_all(b"BEGIN;\n").and_then(|()| std::io::copy(&mut statements, &mut input));
    let read = pg_restore.wait().map_err(failed)?;
    let whole = copied.is_ok() && read.success() && memchr::memmem::find(&input.end, END).is_some();
    let committed = if whole { input.write_all(b"COMMIT;\n") } else { Ok(()) };
    drop(input);
    let written = psql.wait().map_err(failed)?;
    match (copied, committed) {
        (Err(error), _) | (_, Err(error)) if written.success() => Err(failed(error)),
        _ if !read.success() || !written.success() => {
            Err(format!("nothing was restored: pg_restore ended with {read}, psql with {written}"))
        }
        _ if !whole => Err("nothing was restored: the output of pg_restore lacks its last line".to_owned()),
        _ => Ok(()),
    }
}

/// The last line of a whole script of `pg_restore`.
const END: &[u8] = b"\n-- PostgreSQL database dump complete\n";

/// The bytes at the end of a script that are searched for its last line.
const KEPT: usize = 1024;

/// Passes bytes on, and keeps the last ones.
struct EndRecorder<W> {
    input: W,
    end: Vec<u8>,
}

impl<W: Write> Write for EndRecorder<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.input.write(bytes)?;
        self.end.extend_from_slice(&bytes[written.saturating_sub(KEPT)..written]);
        let excess = self.end.len().saturating_sub(KEPT);
        self.end.drain(..excess);
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.input.flush()
    }
}

/// Compares the restored database with the digests in the backup, and checks it as `verify` does.
fn compare(databases: &DatabaseRoles, metadata: &Metadata) -> Result<(), String> {
    databases.with_client(async |client| {
        let transaction = checks::snapshot(client).await.map_err(text)?;
        let releases = checks::releases(&transaction).await.map_err(text)?;
        let digests = digest::of(&transaction, REGISTRY, &releases).await.map_err(text)?;
        let mut faults = digest::differences(&metadata.digests, &digests);
        if digests.len() != metadata.digests.len() {
            faults.push(format!("the database has {} releases, the backup {}", digests.len(), metadata.digests.len()));
        }
        if digest::of_files(&transaction).await.map_err(text)? != metadata.files {
            faults.push("the records of files differ from those of the backup".to_owned());
        }
        let mut findings = Findings::default();
        checks::check(&transaction, REGISTRY, &mut findings).await.map_err(text)?;
        faults.extend(findings.faults.into_iter().map(|fault| format!("{}: {}: {}", fault.check, fault.dataset, fault.detail)));
        match faults.is_empty() {
            true => Ok(()),
            false => Err(format!("the restored database differs from the backup:\n  {}", faults.join("\n  "))),
        }
    })
}
