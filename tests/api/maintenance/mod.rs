//! The commands with which an operator verifies, backs up, restores and migrates a database.

mod backup;
mod comments;
mod first_version;
mod interrupted_restore;
mod migrating;
mod reverting;
mod upgrading;
mod verify;

use std::process::Command;

use crate::harness::{bundle, migrated, owner, publish, root_directory};

/// A database of two releases; the second changes a row and adds a row. Two communes are parts of the third.
fn published() -> String {
    let url = migrated();
    for rows in [
        "COM-90001,commune,Un,10,COM-90002,2026,essai\nCOM-90002,commune,Deux,20,,2026,essai\n",
        "COM-90002,commune,Deux,21,,2026,essai\nCOM-90003,commune,Trois,30,COM-90002,2026,essai\n",
    ] {
        let territories = format!("code,kind,name,population,commune_code,geography_year,source_code\n{rows}");
        publish(&url, &bundle(&[("sources", crate::harness::SOURCES), ("territories", &territories)]))
            .expect("the rows are right");
    }
    url
}

/// The exit code, the standard output and the standard error of the program.
struct ProgramOutput {
    code: Option<i32>,
    out: String,
    err: String,
}

/// Runs the program on a database, with the URLs of both roles.
fn run(url: &str, arguments: &[&str]) -> ProgramOutput {
    run_with(url, arguments, &[])
}

/// Runs the program on a database with further settings.
fn run_with(url: &str, arguments: &[&str], settings: &[(&str, &str)]) -> ProgramOutput {
    let output = command(url, arguments, settings).output().expect("the program runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    ProgramOutput { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
}

/// The command that runs the program on a database with further settings.
fn command(url: &str, arguments: &[&str], settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reperes"));
    command.current_dir(root_directory()).env("RUST_LOG", "warn");
    command.env("DATABASE_URL", url).env("DATABASE_OWNER_URL", owner(url));
    let bundles = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/bundles");
    command.env("REPERES_BUNDLES", bundles).env("REPERES_RECIPES", concat!(env!("CARGO_MANIFEST_DIR"), "/data/recipes"));
    command.envs(settings.iter().copied()).args(arguments);
    command
}

/// The report of `verify --json`.
fn report(url: &str) -> serde_json::Value {
    serde_json::from_str(&run(url, &["verify", "--json"]).out).expect("the report is JSON")
}
