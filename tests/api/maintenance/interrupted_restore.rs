//! `restore` whose input ends within a line, or whose process is killed then: the database is still empty, wherever that happens.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::backup::{empty, file, full};
use super::{command, run, run_with};
use crate::harness::{binaries, owner, until, with_database};

/// The number of cuts.
const CUTS: usize = 12;

/// Makes a folder of client programs in which `pg_restore` writes so many bytes of a text and then runs a command.
fn programs(folder: &Path, text: &Path, bytes: usize, then: &str) -> String {
    _ = fs::remove_dir_all(folder);
    fs::create_dir(folder).expect("a folder can be made");
    let real = binaries();
    std::os::unix::fs::symlink(real.join("psql"), folder.join("psql")).expect("a link can be made");
    let script = format!(
        "#!/bin/sh\n[ \"$1\" = --version ] && exec {} --version\nhead -c {bytes} {}\n{then}\n",
        real.join("pg_restore").display(),
        text.display()
    );
    let program = folder.join("pg_restore");
    fs::write(&program, script).expect("a file can be written");
    fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("it is ours");
    folder.to_str().expect("a path").to_owned()
}

/// Waits until nobody uses the database, and tells how many relations it has.
fn relations(url: &str) -> i64 {
    with_database(&owner(url), async |client| {
        let others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
        while client.query_one(others, &[]).await.expect("a number").get::<_, i64>(0) > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let relations = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace";
        client.query_one(relations, &[]).await.expect("a number").get(0)
    })
}

/// Places of a text at which it is cut: multiples of a prime meet statements and lines anywhere.
fn cuts(text: &[u8]) -> impl Iterator<Item = usize> {
    (1..=CUTS).map(|part| (part * 7_919_777) % text.len())
}

#[test]
fn input_that_ends_early_restores_nothing() {
    let (folder, file) = file();
    assert_eq!(run(&full(), &["backup", &file]).code, Some(0));
    let output = Command::new(binaries().join("pg_restore")).args(["--no-owner", "--no-privileges", "--file=-", &file]).output();
    let whole = output.expect("the program runs").stdout;
    let text = folder.join("text.sql");
    fs::write(&text, &whole).expect("a file can be written");
    let (target, bin) = (empty(), folder.join("bin"));
    for at in cuts(&whole) {
        // A pg_restore that ends well although statements are missing.
        let settings = [("POSTGRES_BIN_DIR", programs(&bin, &text, at, "exit 0"))];
        let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
        let said = run_with(&target, &["restore", &file], &settings);
        assert_eq!(said.code, Some(1), "cut at byte {at}");
        assert!(said.err.contains("nothing was restored"), "cut at byte {at}: {}", said.err);
        assert_eq!(relations(&target), 0, "cut at byte {at}: something was restored");
    }
    for at in cuts(&whole).step_by(2).chain([whole.len()]) {
        // The program itself is killed, so that psql reads the end of its input.
        let settings = [("POSTGRES_BIN_DIR", programs(&bin, &text, at, "sleep 0.05; kill -9 $PPID"))];
        let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
        let mut killed = command(&target, &["restore", &file], &settings);
        let mut child = killed.stderr(Stdio::null()).spawn().expect("the program runs");
        until("the killed program ends", || child.try_wait().expect("a child can be waited for").is_some());
        assert_eq!(relations(&target), 0, "killed after byte {at}: something was restored");
    }
    let said = run(&target, &["restore", &file]);
    assert_eq!(said.code, Some(0), "{}", said.err);
}
