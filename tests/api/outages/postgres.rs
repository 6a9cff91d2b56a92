//! Postgres is suspended, restarted, out of connections, or read-only.

use std::path::Path;
use std::process::Command;

use super::{all_at_once, check_unavailable, publish_first, wait_for_recovery};
use crate::harness::{
    Form, Program, Signal, TestServer, bundle, bundles, data_dir, get, key, kill, migrated, owner, postmaster, root_directory,
    territories, text, until, with_database,
};

/// The log lines at the start and at the end of an outage.
const DOWN: &str = ": unreachable: ";
const UP: &str = ": reachable again after ";

fn parent(pid: u32) -> Option<u32> {
    let line = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    line.rsplit(')').next()?.split_whitespace().nth(1)?.parse().ok()
}

/// The process ids of a postmaster and its children.
fn processes(postmaster: u32) -> Vec<u32> {
    let all = std::fs::read_dir("/proc").expect("there is a /proc").flatten();
    let all = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    all.filter(|pid| *pid == postmaster || parent(*pid) == Some(postmaster)).collect()
}

fn signal(postmaster: u32, signal: Signal) {
    processes(postmaster).into_iter().for_each(|pid| kill(pid, signal));
}

fn count_lines(log: &str, part: &str) -> usize {
    log.lines().filter(|line| line.contains(part)).count()
}

#[test]
fn a_frozen_or_restarted_private_postgres_causes_503_and_two_log_lines() {
    let data = data_dir();
    let mut program = Program::start(&[("REPERES_DATA_DIR", text(&data)), ("REPERES_DATABASE_WAIT_MS", "1000")]);
    let address = program.address();
    let postgres = postmaster(&data).expect("Postgres runs");
    wait_for_recovery(address, "/v1/territories?limit=1");

    signal(postgres, Signal::STOP);
    program.line(DOWN);
    assert_eq!(get(address, "/v1/territories?limit=1").status, 200, "what is in memory is answered");
    for limit in 2..6 {
        check_unavailable("frozen", &get(address, &format!("/v1/territories?limit={limit}")));
    }
    signal(postgres, Signal::CONT);
    program.line(UP);
    wait_for_recovery(address, "/v1/territories?limit=2");
    assert_eq!(postmaster(&data), Some(postgres), "a frozen Postgres is no dead one");

    kill(postgres, Signal::INT);
    program.line("the private Postgres exited unexpectedly");
    wait_for_recovery(address, "/v1/territories?limit=3");
    assert_ne!(postmaster(&data), Some(postgres));
    program.signal(Signal::TERM);
    let (code, log) = program.end();
    assert_eq!(code, Some(0));
    assert!(count_lines(&log, DOWN) <= 1 && count_lines(&log, UP) <= 1, "one line each for the restart:\n{log}");
}

#[test]
fn without_a_free_database_connection_reads_answer_503_until_one_is_free() {
    let url = migrated();
    publish_first(&url);
    let name = url.rsplit('/').next().expect("the URL names a database").to_owned();
    let admit = |connections: i32| {
        with_database(&owner(&url), async |client| {
            let throw = format!(
                "ALTER DATABASE {name} CONNECTION LIMIT {connections};
                 SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE datname = '{name}' AND usename = 'reperes_service' AND pid <> pg_backend_pid()"
            );
            client.batch_execute(&throw).await.expect("the owner may do it");
        });
    };
    let server = TestServer::on(&url);
    wait_for_recovery(server.address, "/v1/territories?limit=1000");
    admit(0);
    for (target, reply) in all_at_once(server.address) {
        check_unavailable(target, &reply);
    }
    assert_eq!(get(server.address, "/v1/territories?limit=1000").status, 200, "what is in memory is answered");
    admit(-1);
    wait_for_recovery(server.address, "/v1/territories?limit=999");
    wait_for_recovery(server.address, "/v1/territories?format=csv");
}

/// Makes a database read-only for new connections, or writable again.
fn read_only(url: &str, read_only: bool) {
    let name = url.rsplit('/').next().expect("the URL names a database").to_owned();
    let elsewhere = owner(url).replace(&name, "postgres");
    let statement = format!("ALTER DATABASE {name} SET default_transaction_read_only = {read_only}");
    let throw = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    with_database(&elsewhere, async |client| {
        client.batch_execute(&statement).await.expect("the owner may do it");
        client.batch_execute(&throw).await.expect("the owner may do it");
    });
}

fn publish(url: &str, folder: &Path) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reperes"));
    command.arg("publish").arg(folder).current_dir(root_directory());
    command.env("DATABASE_URL", url).env("REPERES_BUNDLES", bundles()).env("RUST_LOG", "warn");
    let output = command.output().expect("it runs");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_read_only_database_refuses_publications_with_the_reason_and_serves_reads() {
    let url = migrated();
    publish_first(&url);
    let server = TestServer::on(&url);
    let token = key(&url, "essai", &["publish:*:*"], 1);
    let folder = bundle(&[("territories", &territories(&[("COM-1", "A", "7")]))]);
    read_only(&url, true);
    until("the server sees it", || get(server.address, "/health/ready").status == 200);
    let refused = Form::of(&folder).key(&token).send(server.address);
    let problem = refused.problem(503);
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("read-only")), "{problem}");
    assert!(refused.header("retry-after").is_some());
    let (code, said) = publish(&url, &folder);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("read-only"), "{said}");
    assert_eq!(get(server.address, "/v1/territories?limit=3").json()["meta"]["release"], 1);
    let mut started = Program::start(&[("DATABASE_URL", &url)]);
    let address = started.address();
    assert_eq!(get(address, "/v1/territories/COM-1").data()["population"], 1, "a server starts on it, too");
    read_only(&url, false);
    wait_for_recovery(server.address, "/v1/territories?limit=2");
    assert_eq!(Form::of(&folder).key(&token).send(server.address).status, 201, "without a restart");
    assert_eq!(get(server.address, "/v1/territories/COM-1").data()["population"], 7);
    assert_eq!(get(server.address, "/v1/releases?total=exact").json()["meta"]["total"]["value"], 2, "nothing was half made");
}
