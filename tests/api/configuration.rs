//! The configuration: all its faults are reported together, and the sample lists every variable.

use std::process::Command;

use reperes::config::{Config, VARIABLES};

fn read(variables: &[(&str, &str)]) -> Result<Config, String> {
    Config::read(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
        .map_err(|faults| faults.to_string())
}

/// Runs the program and returns its exit code, its standard output and its standard error.
fn reperes(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_reperes")).args(arguments).output().expect("the program runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn the_sample_lists_every_variable_with_its_default_and_no_other() {
    let sample = std::fs::read_to_string(".env.sample").expect("there is a sample");
    let mut listed: Vec<(&str, &str)> = sample
        .lines()
        .filter_map(|line| line.strip_prefix('#').unwrap_or(line).split_once('='))
        .filter(|(name, _)| name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'))
        .collect();
    let mut known: Vec<(&str, &str)> = VARIABLES.iter().map(|v| (v.name, v.default)).collect();
    listed.sort_unstable();
    known.sort_unstable();
    assert_eq!(listed, known);
    let (_, help, _) = reperes(&["--help"]);
    assert!(
        VARIABLES.iter().all(|v| help.contains(v.name))
            && ["serve", "migrate", "openapi"].iter().all(|command| help.contains(command))
    );
}

#[test]
fn every_setting_has_a_default() {
    let config = read(&[]).expect("the defaults are right");
    assert!(config.database.is_none());
    assert_eq!(config.address.to_string(), "127.0.0.1:8080");
    assert!(config.replicas.is_empty());
    assert!(read(&[("DATABASE_REPLICA_URLS", "postgres://host/db")]).is_err(), "a replica of nothing");
    assert!(read(&[("REPERES_WORKERS", ""), ("DATABASE_URL", "")]).is_ok(), "an empty variable is as good as none");
}

#[test]
fn all_faults_are_reported_together() {
    let faults = read(&[
        ("REPERES_ADDRESS", "localhost"),
        ("REPERES_ADMIN_ADDRESS", "9090"),
        ("REPERES_PUBLIC_URL", "donnees.example.org"),
        ("REPERES_WORKERS", "many"),
        ("REPERES_DATABASE_CONNECTIONS", "0"),
        ("REPERES_CACHE_MB", "-1"),
        ("REPERES_ADRESS", "127.0.0.1:1"),
        ("DATABASE_URL", "mysql://user:hunter2@host/db"),
        ("DATABASE_REPLICA_URLS", "postgres://hunter2@host/db, mysql://user:hunter2@host/db,postgres:///db"),
    ]);
    let Err(faults) = faults else { panic!("it was accepted") };
    assert!(faults.starts_with("the configuration has 10 error(s):"), "{faults}");
    for part in [
        "REPERES_ADDRESS is `localhost`",
        "REPERES_ADMIN_ADDRESS is `9090`",
        "REPERES_WORKERS is `many`",
        "from 1 to 64",
        "REPERES_PUBLIC_URL is `donnees.example.org`",
        "did you mean REPERES_ADDRESS?",
        "DATABASE_URL is not the URL",
        "DATABASE_REPLICA_URLS: URL 2 is not the URL",
        "DATABASE_REPLICA_URLS: URL 3 names no host",
    ] {
        assert!(faults.contains(part), "{part} is not in {faults}");
    }
    assert!(!faults.contains("hunter2"), "the password is in the message");
}

/// The commands that the help of the program lists.
const COMMANDS: [&str; 9] = ["serve", "migrate", "publish", "withdraw", "keys", "verify", "backup", "restore", "openapi"];

#[test]
fn every_command_prints_its_help() {
    let (code, help, _) = reperes(&["--help"]);
    assert_eq!(code, Some(0));
    let listed: Vec<&str> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(listed, [&COMMANDS[..], &["help"]].concat());
    for exit in
        ["  0  success", "  1  failure", "  2  invalid arguments", "  3  errors", "  4  nothing to publish", "  5  another"]
    {
        assert!(help.contains(exit), "{exit} is not in {help}");
    }
    let keys = [["keys", "create"], ["keys", "list"], ["keys", "revoke"]];
    for command in COMMANDS.iter().map(std::slice::from_ref).chain(keys.iter().map(|command| &command[..])) {
        let usage = format!("Usage: reperes {}", command.join(" "));
        let (code, help, error) = reperes(&[command, &["--help"]].concat());
        assert!(code == Some(0) && help.contains(&usage) && error.is_empty(), "{command:?}: {code:?}: {help}{error}");
        assert_eq!(reperes(&[&["help"], command].concat()), (code, help, error), "{command:?}");
    }
}

#[test]
fn the_version_is_printed() {
    let expected = (Some(0), concat!("reperes ", env!("CARGO_PKG_VERSION"), "\n").to_owned(), String::new());
    for argument in ["--version", "-V"] {
        assert_eq!(reperes(&[argument]), expected);
    }
}

#[test]
fn an_unknown_command_or_option_is_answered_with_the_closest() {
    for (arguments, suggestion) in [
        (&["sreve"][..], "some similar subcommands exist: 'restore', 'serve'"),
        (&["keys", "lsit"], "a similar subcommand exists: 'list'"),
        (&["publish", "file.csv", "--datset", "territories"], "a similar argument exists: '--dataset'"),
        (&["verify", "--jsno"], "a similar argument exists: '--json'"),
        (&["serve", "8080"], "unexpected argument '8080'"),
        (&["--port", "8080"], "unexpected argument '--port'"),
        (&["backup"], "<FILE>"),
        (&["restore"], "<FILE>"),
    ] {
        let (code, out, error) = reperes(arguments);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(error.contains(suggestion), "{arguments:?}: {error}");
    }
}
