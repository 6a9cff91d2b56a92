//! `backup` and `restore`: the restored database equals the original, or nothing is restored.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use reperes::datasets::REGISTRY;

use super::{command, report, run, run_with};
use crate::harness::{
    SOURCES, Signal, bundle, database, four_releases, kill, migrated, owner, publish, root_directory, scratch, until,
    until_exit, with_database,
};

/// A new folder, and the path of the backup in it.
pub fn file() -> (PathBuf, String) {
    let folder = scratch("backup");
    fs::create_dir_all(&folder).expect("a folder can be made");
    let file = folder.join("copy.dump").to_str().expect("a path").to_owned();
    (folder, file)
}

/// A database with rows of every dataset, in several versions.
pub fn full() -> String {
    let url = migrated();
    [1, 2, 4].into_iter().for_each(|number| four_releases::make_release(&url, number));
    let file = "INSERT INTO release_files VALUES (1, 'actors.csv', 'actors', repeat('0', 64), 1, 1, '{code}')";
    with_database(&url, async |client| client.batch_execute(file).await.expect("a record can be added"));
    url
}

/// Makes a folder with a script as `pg_dump` that reports a version.
fn pg_dump(folder: &Path, version: &str, script: &str) -> String {
    replaced(folder, "pg_dump", version, script)
}

/// Makes a folder with a script as a program of Postgres that reports a version.
fn replaced(folder: &Path, name: &str, version: &str, script: &str) -> String {
    fs::create_dir_all(folder).expect("a folder can be made");
    let program = folder.join(name);
    let text = format!("#!/bin/sh\n[ \"$1\" = --version ] && echo '{name} (PostgreSQL) {version}' && exit 0\n{script}\n");
    fs::write(&program, text).expect("a file can be written");
    fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("it is ours");
    folder.to_str().expect("a path").to_owned()
}

/// The URL of an empty database for the role that serves.
pub fn empty() -> String {
    database().replace("//reperes@", "//reperes_service@")
}

#[test]
fn a_restored_database_has_every_dataset_the_keys_the_audit_and_the_grants() {
    let (_, file) = file();
    let url = full();
    let words = "keys create --name drees --scope publish:*:* --allow-broad --publisher Essai --expires 2099-01-01";
    let said = run(&url, &words.split(' ').collect::<Vec<_>>());
    assert_eq!(said.code, Some(0), "{}", said.err);
    let said = run(&url, &["backup", &file]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let other = empty();
    let said = run(&other, &["restore", &file]);
    assert_eq!(said.code, Some(0), "{}", said.err);

    let (before, after) = (report(&url), report(&other));
    assert_eq!(before["digests"], after["digests"]);
    assert_eq!((&before["outcome"], &after["outcome"]), (&"sound".into(), &"sound".into()), "{after:#}");
    for dataset in REGISTRY.iter().filter(|dataset| !matches!(dataset.name, "memberships" | "contours")) {
        let rows = &after["digests"][2]["datasets"][dataset.name]["rows"];
        assert!(rows.as_u64().is_some_and(|rows| rows > 0), "{} is empty", dataset.name);
    }
    let hidden = |url: &str| {
        with_database(&owner(url), async |client| {
            let all = "SELECT (SELECT json_agg(k ORDER BY name)::text FROM keys k), (SELECT json_agg(a ORDER BY id)::text FROM audit a), \
                       (SELECT json_agg(r ORDER BY number)::text FROM releases r), \
                       (SELECT json_agg(f ORDER BY release, file)::text FROM release_files f)";
            let row = client.query_one(all, &[]).await.expect("they are there");
            [row.get::<_, String>(0), row.get(1), row.get(2), row.get(3)]
        })
    };
    assert_eq!(hidden(&url), hidden(&other));
    with_database(&other, async |client| {
        let refused = client.execute("DELETE FROM audit", &[]).await.expect_err("the role that serves only adds");
        assert_eq!(refused.code().map(|code| code.code()), Some("42501"));
    });
    publish(&other, &bundle(&[("sources", &format!("{SOURCES}neuf,document,Neuf,Repères,etalab-2.0\n"))])).expect("it goes on");
    assert_eq!(report(&other)["outcome"], "sound");
}

#[test]
fn a_target_that_is_not_empty_is_refused_and_unchanged() {
    let (_, file) = file();
    let url = full();
    assert_eq!(run(&url, &["backup", &file]).code, Some(0));
    let before = report(&url);
    let said = run(&url, &["restore", &file]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("the database is not empty: it has public.__diesel_schema_migrations, "), "{}", said.err);
    assert_eq!(report(&url), before);
}

#[test]
fn a_damaged_file_is_refused_wherever_it_is_damaged() {
    let (folder, file) = file();
    assert_eq!(run(&full(), &["backup", &file]).code, Some(0));
    let whole = fs::read(&file).expect("it is there");
    let damaged = folder.join("damaged").to_str().expect("a path").to_owned();
    let target = empty();
    for place in [0, whole.len() / 2, whole.len() - 100, whole.len() - 70, whole.len() - 3] {
        let mut bytes = whole.clone();
        bytes[place] ^= 1;
        fs::write(&damaged, &bytes).expect("a file can be written");
        let said = run(&target, &["restore", &damaged]);
        assert_eq!(said.code, Some(1), "byte {place}");
        assert!(said.err.contains("is not a valid backup of this program"), "{}", said.err);
    }
    for length in [0, 10, whole.len() / 2, whole.len() - 1] {
        fs::write(&damaged, &whole[..length]).expect("a file can be written");
        assert!(run(&target, &["restore", &damaged]).err.contains("is not a valid backup of this program"));
    }
    assert_eq!(run(&target, &["restore", &file]).code, Some(0), "the refused ones have left something behind");
}

#[test]
fn a_failed_backup_leaves_no_file_and_keeps_the_previous_one() {
    let (folder, file) = file();
    let url = full();
    fs::write(&file, "the one before").expect("a file can be written");
    let programs = pg_dump(&folder.join("bin"), "99.0", "printf PGDMP; exit 3");
    let said = run_with(&url, &["backup", &file], &[("POSTGRES_BIN_DIR", &programs)]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("no backup was written"), "{}", said.err);
    assert_eq!(fs::read(&file).expect("it is there"), b"the one before");
    assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 2, "something was left behind");
}

#[test]
fn an_interrupted_backup_leaves_no_file() {
    let (folder, file) = file();
    let begun = root_directory().join(format!("begun-{}", folder.file_name().expect("a name").to_string_lossy()));
    let script = format!("printf PGDMP; touch {}; exec sleep 60", begun.display());
    let programs = pg_dump(&folder.join("bin"), "99.0", &script);
    let mut command = command(&migrated(), &["backup", &file], &[("POSTGRES_BIN_DIR", &programs)]);
    let mut child = command.stderr(Stdio::piped()).spawn().expect("the program runs");
    until("the backup begins", || begun.exists());
    kill(child.id(), Signal::TERM);
    assert_eq!(until_exit("an interrupted backup exits", &mut child).code(), Some(1));
    assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 1, "something was left behind");
}

#[test]
fn a_pg_dump_that_is_too_old_is_named() {
    let (folder, file) = file();
    let programs = pg_dump(&folder.join("bin"), "9.6", "exit 0");
    let said = run_with(&migrated(), &["backup", &file], &[("POSTGRES_BIN_DIR", &programs)]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("there is no `pg_dump` of that version or a newer one (found: 9)"), "{}", said.err);
    assert_eq!(run(&migrated(), &["backup"]).code, Some(2));
}

/// The path of a program of Postgres on this machine.
fn installed(name: &str) -> String {
    let found = reperes::postgres::tool(None, name, 1).expect("Postgres is installed");
    found.to_str().expect("a path").to_owned()
}

/// Whether the database has nothing in it, once nobody else is connected to it.
fn stays_empty(url: &str) -> bool {
    let count = |query: &'static str| {
        with_database(&owner(url), async |client| client.query_one(query, &[]).await.expect("a count").get::<_, i64>(0))
    };
    let others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
        AND backend_type = 'client backend'";
    until("the restoring session ends", || count(others) == 0);
    count("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace") == 0
}

#[test]
fn statements_that_end_early_restore_nothing_wherever_they_end() {
    let (folder, file) = file();
    assert_eq!(run(&full(), &["backup", &file]).code, Some(0));
    let (pg_restore, psql) = (installed("pg_restore"), installed("psql"));
    let script = Command::new(&pg_restore).args(["--no-owner", "--no-privileges", "--file=-", &file]).output().expect("it runs");
    let lines = script.stdout.iter().filter(|byte| **byte == b'\n').count();
    let end =
        script.stdout.windows(30).rposition(|text| text.starts_with(b"-- PostgreSQL database dump co")).expect("its last line");
    let last = script.stdout[..end].iter().filter(|byte| **byte == b'\n').count();
    let target = empty();
    let bin = folder.join("bin");
    replaced(&bin, "psql", "99.0", &format!("exec {psql} \"$@\""));
    let mut cuts: Vec<usize> = (0..12).map(|at| lines * at / 12).collect();
    cuts.extend([last - 40, last - 1, last]);
    for cut in cuts {
        // The program ends well, but what it says is cut at the end of a line.
        let programs = replaced(&bin, "pg_restore", "99.0", &format!("{pg_restore} \"$@\" | head -n {cut}"));
        let said = run_with(&target, &["restore", &file], &[("POSTGRES_BIN_DIR", &programs)]);
        assert_eq!(said.code, Some(1), "line {cut} of {lines}");
        assert!(said.err.contains("nothing was restored"), "line {cut}: {}", said.err);
        assert!(stays_empty(&target), "line {cut} of {lines}");
    }
    assert_eq!(run(&target, &["restore", &file]).code, Some(0), "the refused ones have left something behind");
}

#[test]
fn a_restoration_that_is_killed_restores_nothing_wherever_it_is() {
    let (folder, file) = file();
    assert_eq!(run(&full(), &["backup", &file]).code, Some(0));
    let (pg_restore, psql) = (installed("pg_restore"), installed("psql"));
    let bin = folder.join("bin");
    replaced(&bin, "psql", "99.0", &format!("exec {psql} \"$@\""));
    for cut in [1, 50, 200, 400] {
        let target = empty();
        let begun = folder.join(format!("begun-{cut}"));
        let script = format!("{pg_restore} \"$@\" | head -n {cut}; touch {}; exec sleep 60", begun.display());
        let programs = replaced(&bin, "pg_restore", "99.0", &script);
        let mut command = command(&target, &["restore", &file], &[("POSTGRES_BIN_DIR", &programs)]);
        let mut child = command.stderr(Stdio::null()).spawn().expect("the program runs");
        until("the restoration is half done", || begun.exists());
        kill(child.id(), Signal::KILL);
        until_exit("it is killed", &mut child);
        assert!(stays_empty(&target), "line {cut}");
    }
}
