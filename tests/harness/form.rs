//! Owns the requests that send publications: multipart forms with an API key.
//! Must not know how the server responds.

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::Path;

use reperes::access::{Token, hash};

use super::client::{Reply, raw};
use super::server::{owner, with_database};

const BOUNDARY: &str = "----essai-7f3a";

/// A form under construction.
#[derive(Clone, Default)]
pub struct Form {
    headers: String,
    body: Vec<u8>,
    query: String,
}

impl Form {
    /// The form that sends a bundle.
    pub fn of(folder: &Path) -> Self {
        let mut files: Vec<_> =
            std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
        files.sort();
        files.iter().fold(Self::default(), |form, path| {
            let (name, bytes) = (path.file_name().expect("a name").to_string_lossy(), std::fs::read(path).expect("a file"));
            let part = if name == "manifest.toml" { "manifest" } else { "file" };
            form.part(part, Some(&name), &bytes)
        })
    }

    /// Adds a part.
    pub fn part(mut self, name: &str, file: Option<&str>, bytes: &[u8]) -> Self {
        let file = file.map_or(String::new(), |file| format!("; filename=\"{file}\""));
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
        self.body.extend_from_slice(head.as_bytes());
        self.body.extend_from_slice(bytes);
        self.body.extend_from_slice(b"\r\n");
        self
    }

    /// Asks for a dry run.
    pub fn dry_run(self) -> Self {
        self.part("dry_run", None, b"true")
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        _ = write!(self.headers, "{name}: {value}\r\n");
        self
    }

    /// Shows a key.
    pub fn key(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    /// Asks with parameters.
    pub fn query(mut self, query: &str) -> Self {
        query.clone_into(&mut self.query);
        self
    }

    /// The bytes of the request.
    pub fn bytes(&self) -> Vec<u8> {
        let end = format!("--{BOUNDARY}--\r\n");
        let head = format!(
            "POST /v1/publications{} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Type: multipart/form-data; boundary={BOUNDARY}\r\n\
             Content-Length: {}\r\n{}\r\n",
            self.query,
            self.body.len() + end.len(),
            self.headers
        );
        [head.as_bytes(), &self.body, end.as_bytes()].concat()
    }

    /// Sends it.
    pub fn send(&self, address: SocketAddr) -> Reply {
        raw(address, &self.bytes())
    }
}

/// Creates a key that expires after a number of days and returns its token. A negative number makes an expired key.
pub fn key(url: &str, name: &str, scopes: &[&str], days: i32) -> String {
    let token = Token::new().expect("there is chance");
    let hash = hash(token.text()).expect("it is a token").to_vec();
    with_database(&owner(url), async |client| {
        let insert = "INSERT INTO keys (name, hash, scopes, publisher, created_at, expires_at) \
                      VALUES ($1, $2, $3, 'Repères', now() - interval '30 days', now() + make_interval(days => $4))";
        client.execute(insert, &[&name, &hash, &scopes, &days]).await.expect("a key can be made");
    });
    token.text().to_owned()
}
