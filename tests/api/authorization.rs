//! Authorization: every address and method of the OpenAPI document, with every kind of valid and invalid credentials.

use std::net::SocketAddr;

use reperes::datasets::REGISTRY;
use reperes::http::openapi::document;
use reperes::query::pairs;
use serde_json::Value;

use crate::harness::{Form, SOURCES, TestServer, bundle, key, publish, raw, territories, with_database};

const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/// A way to show a key: what it is called, the header, whether it admits publishing territories.
struct Showing {
    name: &'static str,
    authorization: Option<String>,
    known: bool,
    admits: bool,
}

fn showings(url: &str) -> Vec<Showing> {
    let bearer = |token: String| Some(format!("Bearer {token}"));
    let made = |name: &'static str, scopes: &[&str], days: i32| bearer(key(url, name, scopes, days));
    let showing = |name, authorization, known, admits| Showing { name, authorization, known, admits };
    let all = vec![
        showing("anonymous", None, false, false),
        showing("malformed", Some("Bearer reperes_".to_owned()), false, false),
        showing("another scheme", Some("Basic cmVwZXJlczpyZXBlcmVz".to_owned()), false, false),
        showing("unknown", bearer(reperes::access::Token::new().expect("there is chance").text().to_owned()), false, false),
        showing("without scope", made("without", &["publish:measures"], 1), true, false),
        showing("with scope", made("with", &["publish:territories"], 1), true, true),
        showing("with every scope", made("every", &["publish:*"], 1), true, true),
        showing("with another's scope", made("another", &["publish:source:autre"], 1), true, false),
        showing("with its source's scope", made("its", &["publish:source:essai"], 1), true, true),
        showing("expired", made("expired", &["publish:*"], -1), false, false),
        showing("revoked", made("revoked", &["publish:*"], 1), false, false),
    ];
    with_database(url, async |client| {
        client.execute("UPDATE keys SET revoked_at = now() WHERE name = 'revoked'", &[]).await.expect("a key can be revoked");
    });
    all
}

/// The addresses of the document, with their path parameters filled, and what stands there.
fn addresses() -> Vec<(String, Value)> {
    let document: Value = serde_json::from_str(&document::text(REGISTRY)).expect("the document is JSON");
    let filled = |(path, item): (&String, &Value)| {
        let mut address = path.clone();
        for parameter in item["get"]["parameters"].as_array().into_iter().flatten().filter(|p| p["in"] == "path") {
            let example = parameter["example"].as_str().map_or_else(|| parameter["example"].to_string(), str::to_owned);
            let place = format!("{{{}}}", parameter["name"].as_str().expect("a name"));
            address = address.replace(&place, &pairs::encode_segment(&example));
        }
        (address, item.clone())
    };
    document["paths"].as_object().expect("paths").iter().map(filled).collect()
}

fn ask(address: SocketAddr, method: &str, target: &str, showing: &Showing, form: &Form) -> u16 {
    let form = form.clone();
    let header = showing.authorization.as_ref().map_or(String::new(), |value| format!("Authorization: {value}\r\n"));
    match (method, target) {
        ("POST", "/v1/releases") => match &showing.authorization {
            Some(value) => form.header("Authorization", value).send(address).status,
            None => form.send(address).status,
        },
        _ => {
            raw(address, format!("{method} {target} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n{header}\r\n").as_bytes()).status
        }
    }
}

#[test]
fn reads_are_open_to_all_and_publishing_to_keys_of_the_right_scope_only() {
    let server = TestServer::empty();
    publish(&server.url, &bundle(&[("sources", SOURCES)])).expect("the bundle is right");
    let showings = showings(&server.url);
    let form = Form::of(&bundle(&[("territories", &territories(&[("COM-1", "A", "1")]))])).query("?dry_run=true");
    let (mut cells, mut wrong) = (0, Vec::new());
    for (target, item) in addresses() {
        for method in METHODS {
            let operation = match method {
                "HEAD" => &item["get"],
                _ => &item[method.to_lowercase()],
            };
            let secured = !operation["security"].is_null();
            let open = ask(server.address, method, &target, &showings[0], &form);
            for showing in &showings {
                let expected: &[u16] = match (operation.is_null(), secured, method) {
                    (true, ..) => &[405],
                    (_, false, _) => &[open],
                    (_, true, "POST") if showing.admits => &[200],
                    (_, true, "POST") if showing.known => &[403],
                    // There is no such publication, of this key or any other.
                    (_, true, _) if showing.known => &[404],
                    (_, true, _) => &[401],
                };
                let found = ask(server.address, method, &target, showing, &form);
                let refused = !secured && (found == 401 || found == 403);
                cells += 1;
                if !expected.contains(&found) || refused {
                    wrong.push(format!("{method} {target} {}: {found} where {expected:?} is right", showing.name));
                }
            }
        }
    }
    println!("{cells} cells, {} wrong", wrong.len());
    assert!(wrong.is_empty(), "{} of {cells} cells are wrong: {wrong:#?}", wrong.len());
    assert!(cells >= METHODS.len() * showings.len() * 60, "only {cells} cells");
}
