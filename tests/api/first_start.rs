//! The start of a server that has work to do: what it answers meanwhile, how it is stopped, and that it can be tried again.

use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::process::Command;

use tokio_postgres::Transaction;

use crate::harness::{
    Program, Signal, data_dir, database, get, head, postmaster, raw, root_directory, send, text, until, with_database,
};

/// The lock that a server takes while it sets a database up.
const SETUP_LOCK: i64 = 7_309_453_201;

/// The line of the log that says from when on clients are answered.
const ANSWERING: &str = "starting: answering on http://";

/// Takes the lock of the set-up, so that every server that starts on the database waits.
async fn hold_up(client: &mut tokio_postgres::Client) -> Transaction<'_> {
    let other = client.transaction().await.expect("a transaction");
    other.execute("SELECT pg_advisory_xact_lock($1)", &[&SETUP_LOCK]).await.expect("nobody has it");
    other
}

/// A free address.
fn free() -> SocketAddr {
    TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr()).expect("a free port")
}

/// Waits until a starting server answers, and returns its address.
fn answering(program: &mut Program) -> SocketAddr {
    let line = program.line(ANSWERING);
    let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next()).expect("the line has the address");
    address.parse().expect("an address")
}

#[test]
fn a_server_that_starts_answers_at_once_and_says_why_it_is_not_ready() {
    let url = database();
    with_database(&url, async |client| {
        let other = hold_up(client).await;
        let mut program = Program::start(&[("DATABASE_URL", &url)]);
        let address = answering(&mut program);
        program.once("waiting for another process that sets the database up");
        let live = get(address, "/health/live");
        assert_eq!((live.status, live.header("cache-control")), (200, Some("no-store")));
        assert_eq!(live.json()["status"], "ok");
        let waiting = "The server is starting: waiting for another process that sets the database up.";
        until("clients are told of the step", || get(address, "/health/ready").problem(503)["detail"] == waiting);
        for (method, target) in
            [("GET", "/"), ("GET", "/v1/territories"), ("GET", "/metrics"), ("GET", "/rien"), ("DELETE", "/health/live")]
        {
            let refused = send(address, method, target);
            let problem = refused.problem(503);
            assert_eq!((&problem["type"], &problem["detail"]), (&"/problems/unavailable".into(), &waiting.into()), "{target}");
            assert_eq!(problem["request_id"].as_str(), refused.header("x-request-id"), "{target}");
            for (name, value) in [("retry-after", "2"), ("cache-control", "no-store"), ("connection", "close")] {
                assert_eq!(refused.header(name), Some(value), "{name} of {method} {target}");
            }
            assert_eq!(refused.header("access-control-allow-origin"), Some("*"), "{target}");
        }
        let upload = raw(address, b"POST /v1/publications HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nabcde");
        assert_eq!(upload.problem(503)["detail"], waiting);
        let headed = head(address, "/v1");
        assert_eq!((headed.status, headed.body.len()), (503, 0));
        assert_eq!(raw(address, b"GET / HTTP/9\r\n\r\n").problem(400)["type"], "/problems/malformed-request");
        other.rollback().await.expect("the lock is free");
        assert_eq!(program.address(), address);
        assert_eq!(get(address, "/health/ready").status, 200);
        assert_eq!(get(address, "/v1/territories/DEP-59").data()["population"], 2_615_635);
    });
}

#[test]
fn the_admin_address_answers_before_the_server_is_ready() {
    let url = database();
    let admin = free();
    with_database(&url, async |client| {
        let other = hold_up(client).await;
        let place = admin.to_string();
        let mut program = Program::start(&[("DATABASE_URL", &url), ("REPERES_ADMIN_ADDRESS", &place)]);
        program.line(&format!("{ANSWERING}{admin}/"));
        assert!(get(admin, "/metrics").text().contains("\nreperes_database_up 0\n"));
        assert_eq!(get(admin, "/health/live").status, 200);
        assert!(get(admin, "/health/ready").problem(503)["detail"].as_str().is_some_and(|detail| detail.contains("starting")));
        other.rollback().await.expect("the lock is free");
        program.address();
        until("the metrics of the server that is ready", || {
            get(admin, "/metrics").text().contains("\nreperes_release_number 1\n")
        });
        assert_eq!(get(admin, "/health/ready").status, 200);
    });
}

#[test]
fn a_first_start_is_alive_before_it_is_ready() {
    let data = data_dir();
    let mut program = Program::start(&[("REPERES_DATA_DIR", text(&data))]);
    let address = answering(&mut program);
    assert_eq!(get(address, "/health/live").status, 200);
    let first = get(address, "/health/ready").problem(503);
    assert!(first["detail"].as_str().is_some_and(|detail| detail.starts_with("The server is starting: ")), "{first}");
    let mut steps = Vec::new();
    until("the server is ready", || {
        let ready = get(address, "/health/ready");
        if ready.status == 200 {
            return true;
        }
        let detail = ready.problem(503)["detail"].as_str().expect("a detail").to_owned();
        steps.push(detail);
        false
    });
    steps.dedup();
    assert!(steps.iter().any(|step| step.contains("publishing 01-small, 1 of 1: ")), "{steps:?}");
    assert_eq!(get(address, "/v1/territories/DEP-59").data()["population"], 2_615_635);
}

#[test]
fn a_first_start_that_is_stopped_ends_and_can_be_tried_again() {
    let data = data_dir();
    let settings = [("REPERES_DATA_DIR", text(&data))];
    // While `initdb` runs, while the tables are made, and while the data are published.
    for step in [ANSWERING, "migrated: ", "01-small: "] {
        for signal in [Signal::TERM, Signal::INT] {
            let mut program = Program::start(&settings);
            program.line(step);
            program.signal(signal);
            let (code, log) = program.end();
            assert_eq!(code, Some(0), "{step}: {log}");
            assert!(log.contains("stopped before the server was ready"), "{step}: {log}");
            assert!(!log.contains("ready in"), "{step}: {log}");
            assert_eq!(postmaster(&data), None, "{step}: Postgres is left running");
            if step == "migrated: " {
                break;
            }
        }
    }
    let mut program = Program::start(&settings);
    program.line("01-small: ");
    program.signal(Signal::KILL);
    program.end();
    let mut program = Program::start(&settings);
    let address = program.address();
    assert_eq!(get(address, "/v1/releases?total=exact").json()["meta"]["total"]["value"], 1);
    assert_eq!(get(address, "/v1/territories/DEP-59").data()["population"], 2_615_635);
}

#[test]
fn of_two_servers_that_start_at_once_on_an_empty_folder_one_serves() {
    let data = data_dir();
    let mut both: Vec<Program> = (0..2).map(|_| Program::start(&[("REPERES_DATA_DIR", text(&data))])).collect();
    let mut ended = None;
    until("one of them gives up", || {
        ended = both.iter_mut().position(Program::has_exited);
        ended.is_some()
    });
    let mut loser = both.remove(ended.expect("one has exited"));
    let (code, log) = loser.end();
    assert_eq!(code, Some(1), "{log}");
    assert!(log.contains("another server (process ") && log.contains("already runs on"), "{log}");
    let address = both[0].address();
    assert_eq!(get(address, "/v1/territories/DEP-59").data()["population"], 2_615_635);
}

#[test]
fn a_server_that_starts_hands_its_socket_over() {
    let url = database();
    let place = free();
    let settings = [("DATABASE_URL", url.clone()), ("REPERES_ADDRESS", place.to_string())];
    let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
    with_database(&url, async |client| {
        let other = hold_up(client).await;
        let mut first = Program::start(&settings);
        assert_eq!(answering(&mut first), place);
        let mut second = Program::start(&settings);
        second.line("hands its socket over");
        second.line("waiting for another process that sets the database up");
        // The second leaves the clients to the first.
        for _ in 0..8 {
            get(place, "/v1").problem(503);
        }
        assert!(!second.seen.iter().any(|line| line.contains(ANSWERING)), "{:?}", second.seen);
        first.signal(Signal::TERM);
        assert_eq!(first.end().0, Some(0));
        other.rollback().await.expect("the lock is free");
        assert_eq!(second.address(), place);
        assert_eq!(get(place, "/v1/territories/DEP-59").data()["population"], 2_615_635);
    });
}

#[test]
fn on_the_socket_of_a_service_manager_too_a_first_start_is_told() {
    let url = database();
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port can be bound");
    let address = listener.local_addr().expect("it has an address");
    with_database(&url, async |client| {
        let other = hold_up(client).await;
        // This client comes before the server.
        let early = std::thread::spawn(move || get(address, "/v1/territories/DEP-59"));
        let mut shell = Command::new("sh");
        shell.args(["-c", "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" 3<&0 </dev/null", env!("CARGO_BIN_EXE_reperes")]);
        shell.stdin(OwnedFd::from(listener)).current_dir(root_directory());
        let mut program = Program::run(shell, &[("DATABASE_URL", &url)]);
        assert_eq!(answering(&mut program), address);
        early.join().expect("an answer came").problem(503);
        other.rollback().await.expect("the lock is free");
        assert_eq!(program.address(), address);
        assert_eq!(get(address, "/v1/territories/DEP-59").data()["population"], 2_615_635);
    });
}
