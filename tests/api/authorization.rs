//! Authorization: every address and method of the OpenAPI document, with every kind of valid and invalid credentials.

use std::net::SocketAddr;

use reperes::datasets::REGISTRY;
use reperes::http::openapi::document;
use reperes::query::pairs;
use serde_json::Value;

use crate::harness::{Form, SOURCES, TestServer, bundle, key, publish, raw, territories, with_database};

const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/// One kind of credentials: its name, the value of `Authorization`, whether the key is valid, and whether it may publish
/// territories.
struct CredentialCase {
    name: &'static str,
    authorization: Option<String>,
    known: bool,
    admits: bool,
}

fn credential_cases(url: &str) -> Vec<CredentialCase> {
    let bearer = |token: String| Some(format!("Bearer {token}"));
    let create = |name: &'static str, scopes: &[&str], days: i32| bearer(key(url, name, scopes, days));
    let case = |name, authorization, known, admits| CredentialCase { name, authorization, known, admits };
    let all = vec![
        case("anonymous", None, false, false),
        case("malformed", Some("Bearer reperes_".to_owned()), false, false),
        case("another scheme", Some("Basic cmVwZXJlczpyZXBlcmVz".to_owned()), false, false),
        case("unknown", bearer(reperes::access::Token::new().expect("there is chance").text().to_owned()), false, false),
        case("without scope", create("without", &["publish:measures:*"], 1), true, false),
        case("with scope", create("with", &["publish:territories:*"], 1), true, true),
        case("with every scope", create("every", &["publish:*:*"], 1), true, true),
        case("with another's scope", create("another", &["publish:territories:autre"], 1), true, false),
        case("with its source's scope", create("its", &["publish:territories:essai"], 1), true, true),
        case("with its source's scope of content", create("content", &["publish:*:essai"], 1), true, false),
        case("expired", create("expired", &["publish:*:*"], -1), false, false),
        case("revoked", create("revoked", &["publish:*:*"], 1), false, false),
    ];
    with_database(url, async |client| {
        client.execute("UPDATE keys SET revoked_at = now() WHERE name = 'revoked'", &[]).await.expect("a key can be revoked");
    });
    all
}

/// The addresses of the document with their path parameters filled, each with its path item.
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

fn ask(address: SocketAddr, method: &str, target: &str, case: &CredentialCase, form: &Form) -> u16 {
    let form = form.clone();
    let header = case.authorization.as_ref().map_or(String::new(), |value| format!("Authorization: {value}\r\n"));
    match (method, target) {
        ("POST", "/v1/publications") => match &case.authorization {
            Some(value) => form.header("Authorization", value).send(address).status,
            None => form.send(address).status,
        },
        _ => {
            raw(address, format!("{method} {target} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n{header}\r\n").as_bytes()).status
        }
    }
}

#[test]
fn reads_need_no_key_and_publishing_needs_a_key_with_the_right_scope() {
    let server = TestServer::empty();
    publish(&server.url, &bundle(&[("sources", SOURCES)])).expect("the bundle is right");
    let cases = credential_cases(&server.url);
    let form = Form::of(&bundle(&[("territories", &territories(&[("COM-1", "A", "1")]))])).dry_run();
    let (mut cells, mut wrong) = (0, Vec::new());
    for (target, item) in addresses() {
        for method in METHODS {
            let operation = match method {
                "HEAD" => &item["get"],
                _ => &item[method.to_lowercase()],
            };
            let secured = !operation["security"].is_null();
            let open = ask(server.address, method, &target, &cases[0], &form);
            for case in &cases {
                let expected: &[u16] = match (operation.is_null(), secured, method) {
                    (true, ..) => &[405],
                    (_, false, _) => &[open],
                    (_, true, "POST") if case.admits => &[200],
                    (_, true, "POST") if case.known => &[403],
                    // There is no such publication, of this key or any other.
                    (_, true, _) if case.known => &[404],
                    (_, true, _) => &[401],
                };
                let found = ask(server.address, method, &target, case, &form);
                let refused = !secured && (found == 401 || found == 403);
                cells += 1;
                if !expected.contains(&found) || refused {
                    wrong.push(format!("{method} {target} {}: {found} where {expected:?} is right", case.name));
                }
            }
        }
    }
    println!("{cells} cells, {} wrong", wrong.len());
    assert!(wrong.is_empty(), "{} of {cells} cells are wrong: {wrong:#?}", wrong.len());
    assert!(cells >= METHODS.len() * cases.len() * 60, "only {cells} cells");
}
