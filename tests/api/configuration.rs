//! The configuration: all its faults are reported together, and the sample lists every variable.

use std::process::Command;

use reperes::config::{Config, VARIABLES};

fn read(variables: &[(&str, &str)]) -> Result<Config, String> {
    Config::read(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
        .map_err(|faults| faults.to_string())
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
    let help = Command::new(env!("CARGO_BIN_EXE_reperes")).arg("--help").output().expect("it runs");
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
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
    assert!(faults.starts_with("the configuration has 10 fault(s):"), "{faults}");
    for part in [
        "REPERES_ADDRESS is `localhost`",
        "REPERES_ADMIN_ADDRESS is `9090`",
        "REPERES_WORKERS is `many`",
        "from 1 to 64",
        "REPERES_PUBLIC_URL is `donnees.example.org`",
        "did you mean REPERES_ADDRESS?",
        "DATABASE_URL is not the URL",
        "DATABASE_REPLICA_URLS, the 2. URL, is not the URL",
        "DATABASE_REPLICA_URLS, the 3. URL, names no host",
    ] {
        assert!(faults.contains(part), "{part} is not in {faults}");
    }
    assert!(!faults.contains("hunter2"), "the password is in the message");
}

#[test]
fn an_unknown_command_is_refused_with_the_closest_one() {
    let output = Command::new(env!("CARGO_BIN_EXE_reperes")).arg("sreve").output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("did you mean `serve`?"));
}
