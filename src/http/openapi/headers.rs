//! Owns the description of the headers of responses: each once, and which responses have it.
//! Must not know how a response is made.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::http::middleware::rate_limit::LONGEST_WINDOW;

/// Rate limit headers: the policies of the client and of its key, with `;` before each parameter.
const RATE_LIMIT_POLICIES: &str = r#"^"[a-z]+"(;[a-z]=[0-9]+)+(, "[a-z]+"(;[a-z]=[0-9]+)+)*$"#;

/// What a response is, which decides its headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any response.
    Any,
    /// A response that can be revalidated, 304 included.
    Validated,
    /// A response that caches of the service store.
    Stored,
    /// A response without a body: the client has the current one.
    Unchanged,
    /// Rows of a release.
    Data,
    /// A list of rows.
    List,
    /// A whole file of a release, or a part of it.
    File,
    /// A part of a file.
    Part,
    /// A response that names an address.
    Created,
    /// A response that the client asked to get before the work is done.
    Accepted,
    /// A refusal for want of a key.
    Unauthenticated,
    /// A refusal that is to be tried again.
    Later,
}

/// Every header: its name, the responses that have it, and what it says.
const HEADERS: [(&str, &[Kind], &str); 23] = [
    ("Access-Control-Allow-Origin", &[Kind::Any], "`*`: scripts of every origin may read the response."),
    ("X-Request-Id", &[Kind::Any], "The identifier of the request, the same as in the log of the service."),
    ("API-Version", &[Kind::Any], "The version of the API, as in this document."),
    ("RateLimit-Policy", &[Kind::Any], "The rate limit, if the client has one: `q` requests in `w` seconds. Experimental."),
    (
        "RateLimit",
        &[Kind::Any],
        "What is left of the rate limit: `r` requests; the full quota is back in `t` seconds. Experimental.",
    ),
    ("ETag", &[Kind::Validated, Kind::File], "The strong validator of the response: send it in `If-None-Match`."),
    ("Cache-Control", &[Kind::Any], "How long caches may store the response."),
    ("Vary", &[Kind::Validated], "The request headers that choose the representation."),
    ("Last-Modified", &[Kind::Data, Kind::File], "When the release was published."),
    ("Release-Number", &[Kind::Data], "The release that was read."),
    ("Cache-Status", &[Kind::Stored], "Whether the response comes from the cache of the service (RFC 9211). Experimental."),
    ("Server-Timing", &[Kind::Stored], "How long the service worked, in milliseconds. Experimental."),
    ("Content-Encoding", &[Kind::Validated], "The coding of the body: `zstd`, `br` or `gzip`, if `Accept-Encoding` admits one."),
    (
        "Total-Count",
        &[Kind::List, Kind::File],
        "The number of all rows, if the request has `total`; `>=10000` if it is a lower bound.",
    ),
    (
        "Link",
        &[Kind::List, Kind::Data],
        "`rel=next`: the address of the next page (RFC 8288), absent on the last page; for a release, the next and the previous one.",
    ),
    (
        "Content-Location",
        &[Kind::List, Kind::File, Kind::Unchanged],
        "The address of the same answer at this release; absent from JSON, except that of `/v1/changes`, and where it is longer than 1,024 bytes.",
    ),
    ("Content-Disposition", &[Kind::List, Kind::File], "The name of the file; absent from JSON."),
    ("Accept-Ranges", &[Kind::File], "`bytes`: parts of the file can be asked for."),
    ("Repr-Digest", &[Kind::File], "The SHA-256 of the whole file (RFC 9530)."),
    ("Content-Range", &[Kind::Part], "Which bytes of the file these are."),
    ("Location", &[Kind::Created, Kind::Accepted], "The address of what was created."),
    ("Preference-Applied", &[Kind::Accepted], "`respond-async`, if the request asked for it (RFC 7240)."),
    ("WWW-Authenticate", &[Kind::Unauthenticated], "The scheme of the key: `Bearer`."),
];

const RETRY_AFTER: &str = "Retry-After";

/// The descriptions of all headers, by their names.
pub fn components() -> BTreeMap<String, Value> {
    let limit = json!({"type": "string", "pattern": RATE_LIMIT_POLICIES, "maxLength": 200});
    let schema = |name: &str| match name {
        "RateLimit" | "RateLimit-Policy" => limit.clone(),
        "Release-Number" => json!({"type": "integer", "format": "int32", "minimum": 1, "maximum": i32::MAX}),
        _ => json!({"type": "string"}),
    };
    let all = HEADERS.iter().map(|(name, _, text)| ((*name).to_owned(), json!({"description": text, "schema": schema(name)})));
    let seconds = json!({"type": "integer", "format": "int32", "minimum": 1, "maximum": LONGEST_WINDOW});
    let retry = json!({"description": "Seconds to wait before the next request.", "schema": seconds});
    all.chain([(RETRY_AFTER.to_owned(), retry)]).collect()
}

/// The headers of a response that is all of these.
pub fn of(kinds: &[Kind]) -> Map<String, Value> {
    let refer = |name: &str| (name.to_owned(), json!({"$ref": format!("#/components/headers/{name}")}));
    let has = |response: &[Kind]| response.iter().any(|kind| *kind == Kind::Any || kinds.contains(kind));
    let named = HEADERS.iter().filter(|(_, response, _)| has(response)).map(|(name, _, _)| refer(name));
    named.chain(kinds.contains(&Kind::Later).then(|| refer(RETRY_AFTER))).collect()
}

/// Adds the headers of a response that is all of these.
pub fn add(response: &mut Value, kinds: &[Kind]) {
    let Some(response) = response.as_object_mut().filter(|response| !response.contains_key("$ref")) else { return };
    if let Some(headers) = response.entry("headers").or_insert_with(|| json!({})).as_object_mut() {
        headers.extend(of(kinds));
    }
}
