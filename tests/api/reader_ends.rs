//! However a reader process ends, its publication ends with a reason and a line in the audit, and nothing else is left. The
//! program is started as an operator starts it, so that its children and folders are its own.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::thread;

use serde_json::json;

use crate::harness::{Form, Program, Reply, SOURCES, Signal, bundle, get, key, kill, migrated, publish, scratch, text, until};
use crate::reader_process::{lying_workbook, outcomes, readers, sent, staging_tables};

const HEADER: &str = "code,kind,name,geography_year,source_code";

/// So many rows that a reader is found and stopped before it has read them.
const MANY: u32 = 30_000;

/// A served database, and what it needs to be sent files.
struct Served {
    program: Program,
    address: SocketAddr,
    url: String,
    token: String,
    uploads: PathBuf,
}

impl Served {
    fn new(settings: &[(&str, &str)]) -> Self {
        let (url, uploads) = (migrated(), scratch("recus"));
        publish(&url, &bundle(&[("sources", SOURCES)])).expect("the bundle is right");
        let token = key(&url, "tout", &["publish:*:*"], 1);
        let own = [("DATABASE_URL", url.as_str()), ("REPERES_UPLOADS_DIR", text(&uploads))];
        let mut program = Program::start(&[&own, settings].concat());
        let address = program.address();
        Self { program, address, url, token, uploads }
    }

    fn form(&self, rows: &str) -> Form {
        sent("territories", "a.csv", format!("{HEADER}\n{rows}").as_bytes(), &self.token)
    }

    /// Sends a form, and returns the answer with the reader, which has been stopped before it ended.
    fn stopped(&self, form: Form) -> (thread::JoinHandle<Reply>, u32) {
        let address = self.address;
        let answer = thread::spawn(move || form.send(address));
        (answer, self.stop_reader())
    }

    fn stop_reader(&self) -> u32 {
        let mut found = None;
        until("the reader starts", || {
            found = readers(Some(self.program.id())).first().copied();
            found.is_some()
        });
        let reader = found.expect("it has started");
        kill(reader, Signal::STOP);
        reader
    }

    /// Checks that the answer is a refusal, and that nothing but one line in the audit is left of the publication.
    fn refused(&self, answer: &Reply, detail: &str, lines: usize) {
        let problem = answer.problem(422);
        assert_eq!(
            (&problem["error_count"], &problem["errors"][0]["reason"]),
            (&json!(1), &json!("reader_limit")),
            "{problem:#}"
        );
        assert!(problem["errors"][0]["detail"].as_str().is_some_and(|text| text.contains(detail)), "{detail}: {problem:#}");
        assert_eq!(outcomes(&self.url)[1..], vec!["refused"; lines], "{detail}");
        self.nothing_left();
        assert_eq!(get(self.address, "/v1/releases?total=exact").json()["meta"]["total"]["value"], 1, "{detail}");
    }

    fn nothing_left(&self) {
        until("the reader is gone", || readers(Some(self.program.id())).is_empty());
        until("the received files are gone", || self.publications() == 0);
        until("the staging tables are gone", || staging_tables(&self.url) == 0);
    }

    /// The folders with received files.
    fn publications(&self) -> usize {
        let servers = fs::read_dir(&self.uploads).into_iter().flatten().flatten();
        let inside = servers.filter_map(|server| fs::read_dir(server.path()).ok()).flatten().flatten();
        inside.filter(|entry| entry.path().is_dir()).count()
    }
}

/// Rows of territories: as many as asked for, each with a name of at most 500 characters.
fn rows(count: u32, characters: usize) -> String {
    let name = "\u{1f30d}".repeat(characters);
    (0..count).fold(String::new(), |mut rows, at| {
        _ = writeln!(rows, "COM-{at},commune,{name},2026,essai");
        rows
    })
}

#[test]
fn each_limit_is_a_refusal_that_names_it() {
    let served = Served::new(&[
        ("REPERES_READER_MEMORY_MB", "128"),
        ("REPERES_READER_CPU_S", "1"),
        ("REPERES_READER_MAX_ROWS", "1000"),
        ("REPERES_READER_OUTPUT_MB", "1"),
    ]);
    let workbook = sent("territories", "a.xlsx", &lying_workbook(), &served.token);
    served.refused(&workbook.send(served.address), "128 MB of memory (REPERES_READER_MEMORY_MB)", 1);
    served.refused(&served.form(&rows(1001, 1)).send(served.address), "1000 rows (REPERES_READER_MAX_ROWS)", 2);
    served.refused(&served.form(&rows(900, 500)).send(served.address), "1 MB of rows (REPERES_READER_OUTPUT_MB)", 3);
    // Rows with faults are counted and not sent, and take the longer.
    let faulty = rows(1_500_000, 1).replace("2026", "l'an");
    served.refused(&served.form(&faulty).send(served.address), "1 s of processor time (REPERES_READER_CPU_S)", 4);
    assert_eq!(served.form(&rows(1000, 1)).send(served.address).status, 201, "within all limits");
    served.nothing_left();
}

#[test]
fn a_reader_that_does_nothing_is_ended() {
    let served = Served::new(&[("REPERES_READER_WALL_S", "2")]);
    let (answer, _) = served.stopped(served.form(&rows(MANY, 1)));
    served.refused(&answer.join().expect("an answer"), "2 s (REPERES_READER_WALL_S)", 1);
}

#[test]
fn a_killed_reader_is_a_refusal() {
    let served = Served::new(&[]);
    let (answer, reader) = served.stopped(served.form(&rows(MANY, 1)));
    kill(reader, Signal::KILL);
    served.refused(&answer.join().expect("an answer"), "ended before their end", 1);
    assert_eq!(served.form(&rows(1, 1)).send(served.address).status, 201, "the next publication is read");
}

#[test]
fn a_publication_goes_on_without_its_client_and_leaves_nothing() {
    let served = Served::new(&[]);
    let mut client = TcpStream::connect(served.address).expect("a connection");
    client.write_all(&served.form(&rows(MANY, 1)).bytes()).expect("the server reads");
    let reader = served.stop_reader();
    drop(client);
    kill(reader, Signal::CONT);
    until("the publication ends", || outcomes(&served.url)[1..] == ["published"]);
    served.nothing_left();
}

#[test]
fn a_killed_server_takes_its_reader_along() {
    let mut served = Served::new(&[]);
    let (answer, reader) = served.stopped(served.form(&rows(MANY, 1)));
    served.program.signal(Signal::KILL);
    served.program.end();
    kill(reader, Signal::CONT);
    until("the reader ends", || !readers(None).contains(&reader));
    assert!(answer.join().is_err(), "there is no answer");
    let mut next = Program::start(&[("DATABASE_URL", &served.url), ("REPERES_UPLOADS_DIR", text(&served.uploads))]);
    served.address = next.address();
    served.program = next;
    served.nothing_left();
    assert_eq!(get(served.address, "/v1/releases?total=exact").json()["meta"]["total"]["value"], 1);
}
