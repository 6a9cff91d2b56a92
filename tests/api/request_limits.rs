//! Limits of requests at every address (bodies, content codings, long heads), and the security headers of every response.

use reperes::datasets::REGISTRY;
use reperes::http::router;

use crate::harness::{Reply, bundled, get, raw, send};

/// Every address of the service, with a value for each path parameter.
fn addresses() -> Vec<String> {
    let all = router::all(REGISTRY);
    let filled = all.iter().map(|endpoint| {
        let path = endpoint.path();
        let place = |(before, rest): (&str, &str)| rest.split_once('}').map(|(_, after)| format!("{before}x{after}"));
        std::iter::successors(Some(path), |path| path.split_once('{').and_then(place)).last().expect("the path itself")
    });
    let mut addresses: Vec<String> = filled.collect();
    addresses.extend(["/docs/", "/docs", "/problems/", "/rien", "/v1/rien/du/tout"].map(str::to_owned));
    addresses
}

fn ask(method: &str, target: &str, headers: &str, body: &str) -> Reply {
    let request = format!("{method} {target} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n{headers}\r\n\r\n{body}");
    raw(bundled(), request.as_bytes())
}

#[test]
fn bodies_and_heads_are_limited_at_every_address() {
    for target in addresses() {
        let kind = |reply: Reply, status: u16| reply.problem(status)["type"].as_str().map(str::to_owned);
        let is = |slug: &str| Some(format!("/problems/{slug}"));
        for method in ["GET", "POST"] {
            for coding in ["gzip", "br", "zstd", "deflate", "gzip, identity"] {
                let headers = format!("Content-Encoding: {coding}\r\nContent-Length: 3");
                assert_eq!(kind(ask(method, &target, &headers, "abc"), 415), is("unsupported-encoding"), "{method} {target}");
            }
        }
        assert_eq!(
            kind(ask("GET", &target, "Content-Length: 70000", &"x".repeat(70_000)), 413),
            is("payload-too-large"),
            "{target}"
        );
        let chunked = ask("GET", &target, "Transfer-Encoding: chunked", "1\r\na\r\n0\r\n\r\n");
        assert_eq!(kind(chunked, 413), is("payload-too-large"), "{target}");
        let long = format!("{target}?{}", "x".repeat(70_000));
        assert_eq!(kind(ask("GET", &long, "X-A: b", ""), 414), is("uri-too-long"), "{target}");
        let large = format!("X-Large: {}", "x".repeat(200_000));
        assert_eq!(kind(ask("GET", &target, &large, ""), 431), is("head-too-large"), "{target}");
    }
}

#[test]
fn every_response_allows_all_origins_and_forbids_scripts() {
    for target in addresses() {
        for reply in [get(bundled(), &target), send(bundled(), "DELETE", &target), send(bundled(), "OPTIONS", &target)] {
            assert_eq!(reply.header("access-control-allow-origin"), Some("*"), "{target}");
            assert_eq!(reply.header("access-control-allow-credentials"), None, "{target}");
            assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{target}");
            assert_eq!(reply.header("referrer-policy"), Some("no-referrer"), "{target}");
            let policy = reply.header("content-security-policy").expect("a policy");
            assert!(policy.starts_with("default-src 'none'; ") && policy.ends_with("frame-ancestors 'none'"), "{policy}");
            let exposed = reply.header("access-control-expose-headers").expect("what scripts may read").to_lowercase();
            for name in ["etag", "link", "release-number", "ratelimit", "ratelimit-policy", "retry-after", "x-request-id"] {
                assert!(exposed.split(", ").any(|one| one == name), "{name}");
            }
        }
    }
}

#[test]
fn html_pages_work_within_their_content_security_policy() {
    for target in ["/", "/problems", "/problems/gone"] {
        let page = get(bundled(), target);
        assert!(page.header("content-security-policy").is_some_and(|policy| policy.contains("style-src 'unsafe-inline';")));
        assert!(!page.text().contains("<script") && !page.text().contains("<img") && !page.text().contains("src="), "{target}");
    }
    let page = get(bundled(), "/docs/");
    assert!(page.header("content-security-policy").is_some_and(|policy| policy.contains("script-src 'self';")));
    let scripts: Vec<String> = page.text().split("<script").skip(1).map(str::to_owned).collect();
    assert!(!scripts.is_empty());
    for script in scripts {
        let (head, rest) = script.split_once('>').expect("a tag");
        assert!(head.contains("src=\"./") && rest.trim_start().starts_with("</script>"), "{script}");
    }
}

/// The headers of a 304 replace those that a browser has stored with the page.
#[test]
fn a_304_leaves_the_policy_of_a_stored_page_as_it_is() {
    let mut revalidated = 0;
    for target in addresses() {
        let Some(tag) = ask("GET", &target, "Accept: */*", "").header("etag").map(str::to_owned) else { continue };
        // Twice: the second time the request index answers.
        for _ in 0..2 {
            let reply = ask("GET", &target, &format!("Accept: */*\r\nIf-None-Match: {tag}"), "");
            assert_eq!(reply.status, 304, "{target}");
            assert_eq!(reply.header("content-security-policy"), None, "{target}");
        }
        revalidated += 1;
    }
    assert!(revalidated > 20, "{revalidated}");
}

#[test]
fn a_cors_preflight_request_is_answered_at_every_address() {
    let preflight =
        "Origin: https://ailleurs.example\r\nAccess-Control-Request-Method: GET\r\nAccess-Control-Request-Headers: if-none-match";
    for target in addresses().into_iter().filter(|target| !target.contains("rien")) {
        let reply = ask("OPTIONS", &target, preflight, "");
        assert_eq!((reply.status, reply.body.len()), (204, 0), "{target}");
        assert_eq!(reply.header("access-control-allow-methods"), Some("GET, HEAD"), "{target}");
        assert_eq!(reply.header("access-control-allow-headers"), Some("*"), "{target}");
        assert_eq!(reply.header("access-control-max-age"), Some("86400"), "{target}");
        let allowed = reply.header("allow").expect("what is allowed");
        let refused = send(bundled(), "DELETE", &target);
        assert_eq!(refused.header("allow"), Some(allowed), "{target}");
        assert_eq!(send(bundled(), "OPTIONS", &target).header("access-control-allow-methods"), None, "{target}");
    }
    send(bundled(), "OPTIONS", "/rien").problem(404);
}
