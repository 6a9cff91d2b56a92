//! The queue of publications: idempotency keys, waiting, progress, and clients or servers that go away.

use std::fs;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use reperes::datasets::REGISTRY;
use reperes::db::connection::config::Database;
use reperes::metrics::Metrics;
use reperes::publish::{QueueSettings, SubmissionQueue};
use serde_json::{Value, json};

use super::publishing_http::{communes, published, releases, server, status};
use crate::harness::{EVENT_TIMEOUT, Form, bundle, get, key, publish, reader, root_directory, territories, until, with_database};

/// The advisory lock that each publication waits for.
const LOCK: i64 = 7_309_453_202;

/// Waits until a publication has a state, and returns its data.
fn in_state(address: SocketAddr, token: &str, id: &str, state: &str) -> Value {
    let mut data = Value::Null;
    until(&format!("the publication {id} is {state}"), || {
        data = status(address, token, id).data();
        data["state"] == state
    });
    data
}

#[test]
fn a_repeated_idempotency_key_repeats_the_response_and_publishes_once() {
    let (server, token) = server();
    let form = |name: &str, key: &str| communes(name).key(&token).header("Idempotency-Key", key);
    let first = form("A", "un").send(server.address);
    assert_eq!(first.status, 201);
    publish(&server.url, &bundle(&[("territories", &territories(&[("COM-1", "Z", "1")]))])).expect("the bundle is right");
    let again = form("A", "\"un\"").send(server.address);
    assert_eq!((again.status, again.json(), again.header("location")), (201, first.json(), first.header("location")));
    assert_eq!(releases(server.address), 3, "the release was made once");
    assert_eq!(form("B", "un").send(server.address).problem(409)["type"], "/problems/idempotency-conflict");
    let running = form("A", "un").dry_run().send(server.address).problem(409);
    assert_eq!(running["instance"], first.json()["links"]["self"]);
    assert_eq!(form("A", "deux").send(server.address).status, 201, "another key is another request");
    let other = key(&server.url, "autre", &["publish:*:*"], 1);
    assert_eq!(communes("A").key(&other).header("Idempotency-Key", "un").send(server.address).data()["outcome"], "unchanged");
    let wrong =
        Form::of(&bundle(&[("territories", &territories(&[("COM-1", "", "1")]))])).key(&token).header("Idempotency-Key", "trois");
    let refused = wrong.send(server.address).problem(422);
    assert_eq!(wrong.send(server.address).problem(422)["errors"], refused["errors"]);
}

#[test]
fn publications_run_one_at_a_time_and_the_waiting_ones_report_their_progress() {
    let (server, token) = server();
    let other = key(&server.url, "autre", &["publish:*:*"], 1);
    let token_of = |name: &str| if ["A", "B"].contains(&name) { &token } else { &other };
    let asynchronous =
        |name: &str| communes(name).key(token_of(name)).header("Prefer", "respond-async").header("Idempotency-Key", name);
    let ids: Vec<String> = with_database(&server.url, async |client| {
        client.batch_execute(&format!("SELECT pg_advisory_lock({LOCK})")).await.expect("the lock");
        let mut ids = Vec::new();
        for name in ["A", "B", "C", "D"] {
            let reply = asynchronous(name).send(server.address);
            assert_eq!(reply.status, 202, "{}", reply.text());
            let id = published(&reply);
            let data = reply.json()["data"].take();
            assert_eq!((&data["id"], &data["state"], &data["outcome"]), (&json!(id), &json!("queued"), &Value::Null));
            assert_eq!(reply.json()["links"], json!({"self": format!("/v1/publications/{id}"), "release": null}));
            assert_eq!(reply.header("preference-applied"), Some("respond-async"));
            ids.push(id);
        }
        let full = communes("E").key(&token).send(server.address);
        assert!(full.problem(503)["detail"].as_str().is_some_and(|detail| detail.contains("2 publications in progress")));
        assert!(full.header("retry-after").is_some());
        in_state(server.address, &token, &ids[0], "checking");
        in_state(server.address, &other, &ids[3], "queued");
        ids
    });
    // Postgres releases the lock when its connection ends.
    for (id, name) in ids.iter().zip(["A", "B", "C", "D"]) {
        let done = in_state(server.address, token_of(name), id, "done");
        assert_eq!(done["report"]["outcome"], "published", "{name}");
    }
    assert_eq!(releases(server.address), 5);
    assert_eq!(get(server.address, "/v1/territories/COM-1").data()["name"], "D", "the first come is the first served");
}

#[test]
fn a_publication_continues_when_its_client_disconnects() {
    let (server, token) = server();
    let mut stream = TcpStream::connect(server.address).expect("the server takes connections");
    with_database(&server.url, async |client| {
        client.batch_execute(&format!("SELECT pg_advisory_lock({LOCK})")).await.expect("the lock");
        stream.write_all(&communes("Ici").key(&token).bytes()).expect("the server reads");
        let asked = "SELECT count(*) FROM publications WHERE bytes_total > 0";
        let deadline = Instant::now() + EVENT_TIMEOUT;
        while client.query_one(asked, &[]).await.expect("a count").get::<_, i64>(0) == 0 {
            assert!(Instant::now() < deadline, "timed out: the server receives the publication");
            std::thread::sleep(Duration::from_millis(20));
        }
        drop(stream);
    });
    until("the publication is finished", || get(server.address, "/v1/territories/COM-1").status == 200);
}

/// The queue of a server without a database, whose files are received in a folder.
fn queue(folder: &Path) -> SubmissionQueue {
    let database = Database::parse("postgres://nobody@localhost/nothing").expect("the URL is one");
    let settings = QueueSettings { uploads: folder.to_owned(), recipes: folder.to_owned().into(), reader: reader(), limit: 1 };
    SubmissionQueue::new(database, REGISTRY, settings, Metrics::default().publications())
}

#[test]
fn received_files_are_in_folders_of_their_owner_only() {
    let folder = root_directory().join("uploads-private");
    let queue = queue(&folder);
    let received = queue.create_folder().expect("a folder");
    let server = received.path().parent().expect("the folder of the server");
    for path in [&folder, server, received.path()] {
        let mode = fs::metadata(path).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{}", path.display());
    }
}

#[test]
fn a_lock_that_another_process_keeps_does_not_stop_the_start() {
    let folder = root_directory().join("uploads-locked");
    fs::create_dir_all(&folder).expect("a folder can be made");
    let gate = fs::File::create(folder.join("gate")).expect("a file can be made");
    gate.lock().expect("nobody has it");
    let queue = queue(&folder);
    assert!(queue.create_folder().is_err(), "it takes no publications, and the rest of the service starts");
}

#[test]
fn uploads_of_a_killed_server_are_removed_at_the_next_start() {
    let folder = root_directory().join("uploads-killed");
    let dead = folder.join("server-dead/publication-1");
    fs::create_dir_all(&dead).expect("a folder can be made");
    fs::write(dead.join("a.csv"), "x").expect("a file can be written");
    fs::write(folder.join("server-dead/lock"), "").expect("a file can be written");
    let open = || queue(&folder);
    let first = open();
    assert!(!folder.join("server-dead").exists());
    let received = first.create_folder().expect("a folder");
    let _second = open();
    assert!(received.path().exists(), "a server that lives keeps its folder");
    let path = received.path().to_owned();
    drop(received);
    assert!(!path.exists());
}
