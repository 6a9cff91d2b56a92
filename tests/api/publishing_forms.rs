//! The form of a publication over HTTP: a part that is wrong or too large is named, and leaves nothing behind.

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;

use serde_json::json;

use super::publishing_http::{communes, releases, server};
use crate::harness::{Form, UPLOAD_LIMIT, raw, root_directory, until};

/// The number of received files in a folder, of all servers.
fn received_files(folder: &Path) -> usize {
    let entries =
        fs::read_dir(folder).map(|entries| entries.flatten().map(|entry| entry.path()).collect()).unwrap_or_else(|_| Vec::new());
    entries.iter().map(|path| if path.is_dir() { received_files(path) } else { usize::from(path.extension().is_some()) }).sum()
}

#[test]
fn a_malformed_form_is_refused_with_the_wrong_part() {
    let (server, token) = server();
    let send = |form: Form| form.key(&token).send(server.address);
    let form = Form::default()
        .part("manifest", None, b"")
        .part("manifest", None, b"")
        .part("fichier", None, b"x")
        .part("file", Some("../x"), b"")
        .part("file", Some("manifest.toml"), b"")
        .part("file", None, b"");
    let problem = send(form).problem(400);
    let faults: Vec<&str> =
        problem["errors"].as_array().expect("faults").iter().map(|f| f["name"].as_str().expect("a name")).collect();
    assert_eq!(faults, ["manifest", "fichier", "file", "file", "file"], "{problem}");
    assert_eq!(send(Form::default().part("file", Some("a.csv"), b"")).problem(400)["errors"][0]["name"], "manifest");
    let twice = Form::default().part("manifest", None, b"").part("file", Some("a.csv"), b"").part("file", Some("a.csv"), b"");
    assert_eq!(send(twice).problem(400)["errors"][0]["value"], "a.csv");
    for query in ["?dry_run=true", "?file=a.csv", "?token=reperes_1"] {
        send(communes("A").query(query)).problem(400);
    }
    for wrong in ["yes", "True", "1", "", &"true ".repeat(100)] {
        let problem = send(communes("A").part("dry_run", None, wrong.as_bytes())).problem(400);
        assert_eq!(problem["errors"][0]["allowed"], json!(["true", "false"]), "{problem}");
    }
    assert_eq!(send(communes("A").dry_run().dry_run()).problem(400)["errors"][0]["name"], "dry_run");
    assert_eq!(send(communes("A").part("dry-run", None, b"true")).problem(400)["errors"][0]["closest"], json!(["dry_run"]));
    assert_eq!(send(communes("A").part("dry_run", None, b"false")).status, 201, "false publishes");
    send(communes("A").header("Idempotency-Key", &"x".repeat(256))).problem(400);
    send(communes("A").header("Idempotency-Key", "")).problem(400);
    send(communes("A").header("Content-Encoding", "gzip")).problem(415);
    let head = |headers: &str| {
        format!(
            "POST /v1/publications HTTP/1.1\r\nHost: t\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n{headers}\r\n"
        )
    };
    for form in ["application/json", "multipart/mixed; boundary=x", "text/csv"] {
        let reply = raw(server.address, head(&format!("Content-Type: {form}\r\nContent-Length: 2\r\n")).as_bytes());
        assert_eq!(reply.problem(415)["type"], "/problems/unsupported-media-type");
    }
    let bare = head("Content-Type: multipart/form-data\r\nContent-Length: 2\r\n") + "{}";
    raw(server.address, bare.as_bytes()).problem(400);
    let cut = Form::default().part("manifest", None, b"title").key(&token).bytes();
    let text = String::from_utf8_lossy(&cut).replace("--\r\n", "");
    let length = text.split_once("\r\n\r\n").expect("a head").1.len();
    let declared = text.split("Content-Length: ").nth(1).and_then(|rest| rest.split("\r\n").next()).expect("a length").to_owned();
    raw(server.address, text.replace(&format!("Content-Length: {declared}"), &format!("Content-Length: {length}")).as_bytes())
        .problem(400);
    assert_eq!(releases(server.address), 2);
}

#[test]
fn a_body_over_the_limit_is_refused_and_leaves_no_file() {
    let (server, token) = server();
    let big = vec![b'x'; usize::try_from(UPLOAD_LIMIT).expect("it fits") + 1];
    let form = Form::default().part("file", Some("big.csv"), &big).key(&token);
    assert_eq!(form.send(server.address).problem(413)["type"], "/problems/payload-too-large");
    let head = format!(
        "POST /v1/publications HTTP/1.1\r\nHost: t\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: multipart/form-data; boundary=b\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    let part = b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"big.csv\"\r\n\r\n";
    let mut chunked = format!("{head}{:x}\r\n", part.len() + big.len()).into_bytes();
    chunked.extend_from_slice(part);
    chunked.extend_from_slice(&big);
    chunked.extend_from_slice(b"\r\n0\r\n\r\n");
    raw(server.address, &chunked).problem(413);
    // A request without a key is refused before its body is read, and the client still receives the refusal.
    let mut anonymous =
        b"POST /v1/publications HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Type: multipart/form-data; boundary=b\r\n\
          Content-Length: 8000000\r\n\r\n"
            .to_vec();
    anonymous.extend_from_slice(&vec![b'x'; 8_000_000]);
    let refused = raw(server.address, &anonymous);
    refused.problem(401);
    assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
    // A client that disconnects midway leaves no file either.
    let mut stream = TcpStream::connect(server.address).expect("the server takes connections");
    stream.write_all(&chunked[..chunked.len() / 2]).expect("the server reads");
    drop(stream);
    until("no uploaded file is left", || received_files(&root_directory().join("uploads")) == 0);
    assert_eq!(releases(server.address), 1);
}
