//! Owns the command `restore`: an empty database is filled from a backup in one transaction, set up for this program,
//! and compared with what the backup says of itself.
//! Must not know the form of the file.

use std::path::Path;
use std::process::{Child, Stdio};

use super::backup::client_program;
use super::backup_file::{self, Contents};
use super::database::{self, Databases};
use super::text;
use crate::config::Config;
use crate::datasets::REGISTRY;
use crate::db::DbError;
use crate::db::verify::checks::{self, Findings};
use crate::db::verify::digest;
use crate::postgres;

/// Restores a backup.
///
/// # Errors
/// A sentence for the operator; unless it says that the data differs, the database is as empty as before.
pub fn restore(config: &Config, path: &Path) -> Result<(), String> {
    let contents = backup_file::open(path)?;
    let databases = Databases::join(config)?;
    database::runtime()?.block_on(async {
        let lock = database::wait_for(&databases.owner, config.startup_wait).await?;
        let owner = databases.owner.writer().await.map_err(text)?;
        let (server, occupants) = checks::occupants(&owner).await.map_err(text)?;
        if !occupants.is_empty() {
            return Err(format!(
                "the database is not empty: it has {} and perhaps more; a backup is restored into an empty one only",
                occupants.join(", ")
            ));
        }
        let find = |name| postgres::tool(config.bin_dir.as_deref(), name, server.max(contents.postgres));
        let (reader, writer) = (find("pg_restore")?, find("psql")?);
        let mut reader = client_program(&reader, &databases.owner);
        reader.args(["--no-owner", "--no-privileges", "--file=-"]).arg(path).stdout(Stdio::piped());
        let mut writer = client_program(&writer, &databases.owner);
        writer.args(["--quiet", "--no-psqlrc", "--single-transaction", "--set=ON_ERROR_STOP=1", "--output=/dev/null"]);
        let failed = |error: std::io::Error| format!("the programs of Postgres cannot be run: {error}");
        let reader = reader.spawn().map_err(failed)?;
        let writer = writer.stdin(Stdio::piped()).spawn().map_err(failed)?;
        tokio::task::block_in_place(|| pass(reader, writer))?;
        owner.batch_execute("ANALYZE").await.map_err(|error| text(DbError::from(error)))?;
        databases.prepare(&lock).await.map_err(text)?;
        lock.release().await.map_err(text)
    })?;
    compare(&databases, &contents)?;
    log::info!("restored {} of {}: {} releases", path.display(), contents.at, contents.digests.len());
    Ok(())
}

/// Hands the statements of one program to the other.
fn pass(mut reader: Child, mut writer: Child) -> Result<(), String> {
    let broken = |error: std::io::Error| format!("nothing was restored: {error}");
    let mut statements = reader.stdout.take().ok_or("pg_restore has no output")?;
    let mut into = writer.stdin.take().ok_or("psql has no input")?;
    let passed = std::io::copy(&mut statements, &mut into);
    let read = reader.wait().map_err(broken)?;
    if !read.success() {
        // Without its end the other's transaction must not be committed either.
        _ = writer.kill();
    }
    drop(into);
    let written = writer.wait().map_err(broken)?;
    passed.map_err(broken)?;
    match read.success() && written.success() {
        true => Ok(()),
        false => Err(format!("nothing was restored: pg_restore ended with {read}, psql with {written}")),
    }
}

/// Checks that what was restored is what was backed up, and sound.
fn compare(databases: &Databases, contents: &Contents) -> Result<(), String> {
    databases.with(async |client| {
        let transaction = checks::snapshot(client).await.map_err(text)?;
        let releases = checks::releases(&transaction).await.map_err(text)?;
        let digests = digest::of(&transaction, REGISTRY, &releases).await.map_err(text)?;
        let mut faults = digest::differences(&contents.digests, &digests);
        if digests.len() != contents.digests.len() {
            faults.push(format!("{} releases are there, {} were backed up", digests.len(), contents.digests.len()));
        }
        let mut findings = Findings::default();
        checks::check(&transaction, REGISTRY, &mut findings).await.map_err(text)?;
        faults.extend(findings.faults.into_iter().map(|fault| format!("{}: {}: {}", fault.check, fault.dataset, fault.detail)));
        match faults.is_empty() {
            true => Ok(()),
            false => Err(format!("restored, but not as it was:\n  {}", faults.join("\n  "))),
        }
    })
}
