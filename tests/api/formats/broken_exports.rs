//! Exports that fail midway break the connection, so that no client takes a part of a file for the whole file.

use reperes::query::Representation;

use super::{cells, given, workbook};
use crate::harness::{TestServer, bundle, get, get_late, get_late_in, head, owner, publish, with_database};

/// The number of rows and the characters of each: together they exceed all buffers between the database and a client that
/// does not read.
const ROWS: usize = 3000;
const LENGTH: usize = 10_000;

/// A text that hardly compresses.
fn dense(seed: usize) -> String {
    let mut state = u64::try_from(seed).expect("a small number");
    let letter = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b'0' + u8::try_from(state >> 58).expect("six bits"))
    };
    (0..LENGTH).map(letter).map(|letter| if letter.is_alphanumeric() { letter } else { '-' }).collect()
}

/// A line of CSV: a source with a note.
fn source(code: &str, note: &str) -> String {
    format!("{code},document,Essai,Repères,etalab-2.0,{note}\n")
}

fn sources(lines: &[String]) -> String {
    format!("code,kind,title,publisher,licence,note\n{}", lines.concat())
}

fn run(url: &str, statement: &str) {
    with_database(&owner(url), async |client| client.batch_execute(statement).await.expect("the statement runs"));
}

#[test]
fn an_export_that_fails_midway_breaks_the_connection() {
    let server = TestServer::empty();
    let lines: Vec<String> = (0..ROWS).map(|n| source(&format!("s{n:05}"), &dense(n))).collect();
    publish(&server.url, &bundle(&[("sources", &sources(&lines))])).expect("the bundle is right");
    for target in ["/v1/sources?format=csv", "/v1/sources?format=ndjson", "/v1/sources?format=parquet"] {
        let whole = get(server.address, target);
        assert!(whole.status == 200 && whole.whole, "{target}");
        let late = get_late(server.address, target, || ());
        assert!(late.whole && late.body == whole.body, "{target}: a client that is slow to read still gets everything");
    }
    for target in ["/v1/sources?format=csv", "/v1/sources?format=ndjson"] {
        // The export can continue on another connection; without the table no connection can continue.
        let broken = get_late(server.address, target, || run(&server.url, "ALTER TABLE sources RENAME TO hidden"));
        assert_eq!(broken.status, 200, "{target}: the head had been sent");
        assert!(!broken.whole, "{target}: an export without its last rows ended as if it were whole");
        assert!(broken.body.len() < ROWS * LENGTH, "{target}: the export had been read before it was broken");
        run(&server.url, "ALTER TABLE hidden RENAME TO sources");
        assert!(get(server.address, target).whole, "{target}: the next export is not affected");
    }
    for coding in ["zstd", "br", "gzip"] {
        let broken = get_late_in(server.address, "/v1/sources?format=csv", coding, || {
            run(&server.url, "ALTER TABLE sources RENAME TO hidden")
        });
        assert_eq!((broken.status, broken.header("content-encoding")), (200, Some(coding)));
        assert!(!broken.whole, "{coding}: an export without its last rows ended as if it were whole");
        run(&server.url, "ALTER TABLE hidden RENAME TO sources");
    }
    // An export whose connection ends between two chunks continues on another connection.
    let terminate =
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let replaced = get_late(server.address, "/v1/sources?format=csv", || run(&server.url, terminate));
    assert!(replaced.whole, "an export outlives its connection");
    assert_eq!(cells::csv(&replaced.body).1.len(), ROWS);
}

#[test]
fn a_text_that_is_too_long_for_a_cell_is_named_before_the_head_of_a_workbook() {
    let server = TestServer::empty();
    // Excel counts UTF-16 code units; this character has two.
    let fitting = format!("{}😀", "x".repeat(32_765));
    let files = [sources(&[source("a", &fitting)]), sources(&[source("b", &format!("{fitting}x"))])];
    publish(&server.url, &bundle(&[("sources", &files[0])])).expect("the bundle is right");
    let (names, rows) = workbook::read(&given(server.address, "/v1/sources?format=xlsx", Representation::Xlsx).body);
    let note = names.iter().position(|name| name == "note").expect("there are notes");
    assert_eq!(rows[0][note], fitting);
    publish(&server.url, &bundle(&[("sources", &files[1])])).expect("the bundle is right");
    for target in ["/v1/sources?format=xlsx", "/v1/sources?format=xlsx&limit=10"] {
        let problem = get(server.address, target).problem(400);
        let detail = problem["errors"][0]["detail"].as_str().expect("a detail");
        assert!(detail.contains("note") && detail.contains("32767"), "{target}: {detail}");
    }
    assert!(given(server.address, "/v1/sources?format=csv", Representation::Csv).text().contains(&format!("{fitting}x")));
    assert_eq!(head(server.address, "/v1/sources?format=xlsx").status, 200);
}
