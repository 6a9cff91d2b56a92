//! The access log: one line for each request, as text and as JSON, whatever a client sends.

use std::net::SocketAddr;

use serde_json::{Map, Value, json};

use crate::harness::{Program, Signal, database, get, raw};

/// Values that end a line, control a terminal, or contain a secret.
const HOSTILE: [&[u8]; 6] = [
    b"GET /v1/%0d%0a2026-01-01T00:00:00.000Z%1b[31m HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n",
    b"GET /v1/rien HTTP/1.1\r\nHost: t\r\nConnection: close\r\nUser-Agent: \x1b]0;x\x07 lu\r\nX-Request-Id: a%0ab\r\n\r\n",
    b"GET /v1/rien?name=\x1b[2J HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n",
    b"GET /v1/\xc2\x9b31m HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n",
    b"BR\x1bEW /v1 HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n",
    b"GET /v1/territories?q=%00%0a2026&code=%1b HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer hunter2\r\nConnection: close\r\n\r\n",
];

fn hostile(address: SocketAddr) {
    for request in HOSTILE {
        raw(address, request);
    }
}

#[test]
fn a_client_cannot_write_log_lines_or_terminal_escapes() {
    let url = database();
    let mut program = Program::start(&[("DATABASE_URL", &url), ("RUST_LOG", "debug")]);
    let address = program.address();
    hostile(address);
    program.signal(Signal::TERM);
    let (_, log) = program.end();
    assert!(log.contains("/v1/%0d%0a2026"), "{log}");
    assert!(!log.chars().any(|c| c.is_control() && c != '\n'), "{log:?}");
    assert!(!log.contains("hunter2"), "{log}");
    let begins = |line: &str| line.starts_with("20") || line.starts_with("  ");
    assert!(log.lines().all(begins), "{log}");
    assert!(!log.lines().any(|line| line.starts_with("2026-01-01T00:00:00.000Z")), "{log}");
}

#[test]
fn each_log_line_is_a_json_object_when_the_format_is_json() {
    let url = database();
    let mut program = Program::start(&[("DATABASE_URL", &url), ("RUST_LOG", "debug"), ("LOG_FORMAT", "json")]);
    let address = program.address();
    hostile(address);
    for id in ["mine-1", "mine-2"] {
        let head = format!(
            "GET /v1/territories/COM-59350?fields=code HTTP/1.1\r\nHost: t\r\nConnection: close\r\nX-Request-Id: {id}\r\n\r\n"
        );
        assert_eq!(raw(address, head.as_bytes()).header("x-request-id"), Some(id));
    }
    raw(address, b"BREW /v1/\"x\\y HTTP/1.1\r\nHost: t\r\nConnection: close\r\nX-Request-Id: bad \"id\r\n\r\n");
    assert_eq!(get(address, "/v1/territories/COM-59350?nope=%22").status, 400);
    program.signal(Signal::TERM);
    let (_, log) = program.end();
    assert!(
        !log.contains("hunter2") && !log.chars().any(|c| c != '\n' && (c.is_control() || ('\u{2028}'..='\u{2029}').contains(&c))),
        "{log:?}"
    );
    let lines: Vec<Map<String, Value>> =
        log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect();
    for line in &lines {
        let time = line["timestamp"].as_str().and_then(|time| chrono::DateTime::parse_from_rfc3339(time).ok());
        assert!(time.is_some() && line["target"].is_string() && line["message"].is_string(), "{line:?}");
        assert!(["ERROR", "WARN", "INFO", "DEBUG"].contains(&line["level"].as_str().unwrap_or_default()), "{line:?}");
    }
    let access: Vec<&Map<String, Value>> = lines.iter().filter(|line| line["target"] == "reperes::access").collect();
    let mut fields: Vec<&str> = access[0].keys().map(String::as_str).collect();
    fields.sort_unstable();
    let all = "cache,duration_seconds,level,message,method,path,request_id,route,status,target,timestamp".split(',');
    assert_eq!(fields, all.collect::<Vec<_>>());
    assert!(access.iter().all(|line| line["duration_seconds"].as_f64().is_some_and(|spent| spent > 0.0 && spent < 60.0)));
    let row = |id: &str, cache: &str| {
        json!({"request_id": id, "method": "GET", "path": "/v1/territories/COM-59350", "route": "/v1/territories/{code}",
               "status": 200, "cache": cache, "message": "answered", "level": "INFO", "target": "reperes::access"})
    };
    for expected in [row("mine-1", "miss"), row("mine-2", "hit")] {
        let found = access.iter().find(|line| line["request_id"] == expected["request_id"]).expect("a line for the request");
        for (name, value) in expected.as_object().expect("an object") {
            assert_eq!(&found[name], value, "{name}");
        }
    }
    let refused =
        access.iter().find(|line| line["status"] == 400 && line["path"] == "/v1/territories/COM-59350").expect("a line");
    assert_eq!((&refused["cache"], &refused["route"]), (&Value::Null, &json!("/v1/territories/{code}")));
    assert!(!log.contains("nope") && !log.contains("bad \\\"id"), "neither queries nor strange identifiers: {log}");
    assert!(access.iter().any(|line| line["path"] == "/v1/%0d%0a2026-01-01T00:00:00.000Z%1b[31m"), "{log}");
}

#[test]
fn an_unknown_log_format_is_refused_at_the_start() {
    let (code, log) = Program::start(&[("LOG_FORMAT", "xml")]).end();
    assert_eq!(code, Some(1));
    assert!(log.contains("LOG_FORMAT is `xml`, which is neither text nor json"), "{log}");
}
