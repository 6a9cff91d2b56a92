//! The addresses below a row that redirect to filtered lists: they keep the query, encode the code, and are not in the document.

use super::relations::filtered;
use crate::harness::{bundled, get, head, send};

#[test]
fn a_redirect_keeps_the_query_and_encodes_the_code() {
    let location = |target: &str| {
        let reply = get(bundled(), target);
        assert_eq!((reply.status, reply.body.len()), (308, 0), "{target}");
        reply.header("location").expect("an address").to_owned()
    };
    for (target, expected) in [
        ("/v1/actors/etat/measures", "/v1/measures?actor_code=etat"),
        ("/v1/actors/etat/measures?fields=code&q=acc%C3%A8s+a", "/v1/measures?actor_code=etat&fields=code&q=acc%C3%A8s+a"),
        ("/v1/measures/a%2Fb,c%5C%20%C3%A9/observations", "/v1/observations?measure_code=a/b%5C,c%5C%5C%20%C3%A9"),
        ("/v1/measures/rien-de-tel/funding", "/v1/funding?measure_code=rien-de-tel"),
        ("/v1/sources/%26x=1%23/events?a=%", "/v1/events?source_code=%26x%3D1%23&a=%"),
    ] {
        assert_eq!(location(target), expected, "{target}");
    }
    let target = "/v1/actors/etat/measures?limit=1";
    let (reply, empty) = (get(bundled(), target), head(bundled(), target));
    for reply in [&reply, &empty] {
        assert_eq!((reply.status, reply.header("location")), (308, Some("/v1/measures?actor_code=etat&limit=1")));
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
        assert_eq!(reply.header("cache-control"), Some("public, max-age=86400"));
        assert!(reply.header("x-request-id").is_some());
    }
    assert_eq!(send(bundled(), "OPTIONS", target).header("allow"), Some("GET, HEAD, OPTIONS"));
    send(bundled(), "POST", target).problem(405);
    for (target, status) in [("/v1/actors/%ff/measures", 400), ("/v1/actors/etat/rien", 404), ("/v1/rien/etat/measures", 404)] {
        get(bundled(), target).problem(status);
    }
    get(bundled(), &format!("/v1/actors/{}/measures", "a".repeat(501))).problem(414);
    for clash in ["actor_code=cd-59", "filters%5Bactor_code%5D=cd-59", "limit=1&actor_code="] {
        let problem = get(bundled(), &format!("/v1/actors/etat/measures?{clash}")).problem(400);
        assert_eq!(problem["errors"][0]["name"], "actor_code", "{problem}");
    }
}

#[test]
fn the_document_has_no_address_that_redirects() {
    let document = get(bundled(), "/openapi.json").json();
    let paths: Vec<&String> = document["paths"].as_object().expect("paths").keys().collect();
    for (dataset, link, _) in filtered() {
        let nested =
            |path: &&&String| path.starts_with(&format!("/v1/{}/{{", dataset.name)) && path.ends_with(&format!("/{}", link.name));
        assert_eq!(paths.iter().find(nested), None, "{}/{}", dataset.name, link.name);
    }
    for name in ["ancestors", "descendants", "members", "contour", "profile", "history"] {
        assert!(
            paths.iter().any(|path| path.starts_with("/v1/territories/{") && path.ends_with(&format!("}}/{name}"))),
            "{name}"
        );
    }
    assert!(paths.iter().any(|path| path.starts_with("/v1/releases/{") && path.ends_with("}/sources")));
}
