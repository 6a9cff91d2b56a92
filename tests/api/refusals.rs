//! Wrong requests are refused with a 4xx and the reason, never with a 500 and never ignored.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::harness::{bundled, get, raw, send};

fn faults(target: &str) -> Vec<(String, Vec<String>)> {
    let problem = get(bundled(), target).problem(400);
    let closest = |fault: &serde_json::Value| {
        fault["closest"]
            .as_array()
            .map(|all| all.iter().map(|c| c.as_str().expect("a word").to_owned()).collect())
            .unwrap_or_default()
    };
    problem["errors"]
        .as_array()
        .expect("faults")
        .iter()
        .map(|f| (f["name"].as_str().expect("a name").to_owned(), closest(f)))
        .collect()
}

#[test]
fn all_faults_are_listed_together_with_the_closest_names() {
    let found = faults("/v1/territories?populaton=3&limit=0&sort=foo");
    assert_eq!(found.iter().map(|f| f.0.as_str()).collect::<Vec<_>>(), ["populaton", "limit", "sort"]);
    assert_eq!(found[0].1[0], "population");
    assert_eq!(found[1].1, ["1"]);
    let found = faults("/v1/territories?kind=comune,region,departemant&sort=-populaton,code,code");
    assert_eq!(
        found.iter().map(|f| (f.0.as_str(), f.1.first().map(String::as_str))).collect::<Vec<_>>(),
        [("kind", Some("commune")), ("kind", Some("departement")), ("sort", Some("population")), ("sort", None),]
    );
    let found = faults("/v1/observations?territory_code=DEP-590&indicator_code=foyers-prime&within=REG-322");
    assert_eq!(found.len(), 3);
    assert!(found.iter().any(|f| f.0 == "territory_code" && f.1.contains(&"DEP-59".to_owned())), "{found:?}");
    assert!(found.iter().any(|f| f.0 == "indicator_code" && f.1.contains(&"foyers-prime-activite".to_owned())), "{found:?}");
}

#[test]
fn numbers_dates_and_periods_are_parsed_strictly() {
    for query in [
        "limit=1e9",
        "limit=-1",
        "limit=+5",
        "limit= 5",
        "limit=٣",
        "limit=1001",
        "limit=",
        "limit=99999999999999999999",
        "release=0",
        "release=2147483648",
        "population=12.5",
        "population=1e3",
        "population=99999999999999999999",
        "population=",
        "longitude=NaN",
        "longitude=1,,2",
        "geography_year=0x7ea",
    ] {
        get(bundled(), &format!("/v1/territories?{query}")).problem(400);
    }
    for period in
        ["2019-13", "2019-Q5", "2019-02-30", "19", "2019-12-31/2019-01-01", "2019-1", "+2019", "2019-W01", "0000", "２０１９"]
    {
        get(bundled(), &format!("/v1/observations?period={period}")).problem(400);
    }
    get(bundled(), "/v1/conventions?signed_on=31/02/2019").problem(400);
    get(bundled(), "/v1/releases?published_at=yesterday").problem(400);
}

#[test]
fn an_unreadable_query_string_is_refused_before_its_parameters_are_checked() {
    let address: SocketAddr = bundled();
    for target in [
        "/v1/territories?name=%00",
        "/v1/territories?name=%ff",
        "/v1/territories?name=%4",
        "/v1/territories?name=%zz",
        "/v1/territories?%C0%AF=1",
        "/v1/territories/%00",
        "/v1/territories/%ff",
        "/v1/territories/%",
        "/%0d%0aSet-Cookie:x",
        "/v1/territories?name=a%0ab",
    ] {
        let problem = get(address, target).problem(400);
        assert_eq!(problem["type"], "/problems/malformed-request", "{target}");
    }
    get(address, &format!("/v1/territories?{}", "a&".repeat(101))).problem(400);
    get(address, &format!("/v1/territories?name={}", "a".repeat(17_000))).problem(414);
    get(address, &format!("/v1/territories?{}", "a=1&".repeat(20_000))).problem(414);
    get(address, &format!("/v1/territories/{}", "a".repeat(501))).problem(414);
    get(address, &format!("/v1/territories?kind={}", vec!["commune"; 501].join(","))).problem(400);
}

#[test]
fn a_hundred_thousand_parameters_answer_414() {
    for parameters in [100_000, 300_000] {
        let target = format!("/v1/territories?{}", "a=1&".repeat(parameters));
        let reply = raw(bundled(), format!("GET {target} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n").as_bytes());
        assert_eq!(reply.problem(414)["type"], "/problems/uri-too-long");
    }
}

#[test]
fn requests_that_the_framework_refuses_get_a_problem_document() {
    let address = bundled();
    assert_eq!(
        raw(address, format!("GET / HTTP/1.1\r\nHost: test\r\nX: {}\r\n\r\n", "x".repeat(200_000)).as_bytes()).problem(431)["type"],
        "/problems/head-too-large"
    );
    assert_eq!(raw(address, b"NONSENSE\r\n\r\n").problem(400)["type"], "/problems/malformed-request");
    assert_eq!(raw(address, b"GET / HTTP/1.1\r\n\r\n").problem(400)["type"], "/problems/malformed-request");
    let long =
        raw(address, b"POST /v1/territories HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Length: 100000000\r\n\r\n");
    assert_eq!(long.problem(413)["type"], "/problems/payload-too-large");
    let packed = |body: &str| {
        let head = "GET /v1 HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Encoding: gzip";
        raw(address, format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).as_bytes())
    };
    assert_eq!(packed("x").problem(415)["type"], "/problems/unsupported-encoding");
    assert_eq!(packed("").status, 200, "there is nothing to decode");
    assert_eq!(send(address, "GET", "/v2/territories").problem(404)["type"], "/problems/unknown-resource");
    assert_eq!(send(address, "GET", "/v1/territoires").problem(404)["closest"][0], "/v1/territories");
}

#[test]
fn refusals_of_the_framework_reach_browsers_and_clients_that_close_early() {
    let address = bundled();
    let raw_accent = raw(address, "GET /v1/territories?name=Béthune HTTP/1.1\r\nHost: t\r\n\r\n".as_bytes());
    assert!(raw_accent.problem(400)["detail"].as_str().is_some_and(|detail| detail.contains("percent-encoded")));
    assert_eq!(raw_accent.header("access-control-allow-origin"), Some("*"));
    let head = raw(address, "HEAD /v1/territories?name=Béthune HTTP/1.1\r\nHost: t\r\n\r\n".as_bytes());
    assert_eq!((head.status, head.body.len()), (400, 0));
    for body in ["ZZ\r\nhello", "5\r\nhello\r\n0\r\n\r\n"] {
        let request = format!(
            "GET /v1/territories/DEP-59 HTTP/1.1\r\nHost: t\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n{body}"
        );
        assert_eq!(raw(address, request.as_bytes()).problem(413)["type"], "/problems/payload-too-large");
    }
}

#[test]
fn unknown_and_repeated_parameters_are_refused() {
    for target in ["/v1?release=1", "/openapi.json?x=1"] {
        get(bundled(), target).problem(400);
    }
    let twice = |query: &str| get(bundled(), &format!("/v1/territories?{query}")).problem(400)["errors"][0]["detail"].to_string();
    assert!(twice("limit=1&limit=2").contains("give it once"));
    assert!(twice("q=a&q=b").contains("give it once"));
    // A list may be given as one parameter for each value, as many generated clients do.
    let address = |query: &str| get(bundled(), &format!("/v1/territories?limit=1&{query}")).json()["links"]["self"].clone();
    assert_eq!(address("kind=epci&kind=commune"), address("kind=commune,epci"));
    assert_eq!(address("sort=name&fields=code&sort=-code&fields=name"), address("sort=name,-code&fields=code,name"));
    get(bundled(), "/v1/territories?fields=code&fields=code").problem(400);
}

#[test]
fn an_unknown_code_of_several_parts_is_refused_with_codes_of_the_same_prefix() {
    let target = "/v1/observations?code=foyers-prime-activite~REG-32~2019-06-30~_T~observed~rien";
    let closest = |value: &serde_json::Value| value["closest"][0].as_str().map(str::to_owned);
    let right = "foyers-prime-activite~REG-32~2019-06-30~_T~observed~dossier-pauvrete-hdf-2019";
    assert_eq!(closest(&get(bundled(), target).problem(400)["errors"][0]).as_deref(), Some(right));
    assert_eq!(closest(&get(bundled(), "/v1/observations/foyers-prime-activite").problem(404)).as_deref(), Some(right));
    assert_eq!(get(bundled(), &format!("/v1/observations?code={right}")).data()[0]["value"], 422_000);
}

#[test]
fn an_altered_cursor_or_one_of_another_request_is_refused() {
    let reply = get(bundled(), "/v1/territories?kind=commune&limit=2").json();
    let next = reply["links"]["next"].as_str().expect("a next page").to_owned();
    assert_eq!(get(bundled(), &next).status, 200);
    let (before, cursor) = next.split_once("cursor=").expect("a cursor");
    for at in 0..cursor.len() {
        let other = if cursor.as_bytes()[at] == b'A' { 'B' } else { 'A' };
        let altered = format!("{}{other}{}", &cursor[..at], &cursor[at + 1..]);
        let reply = get(bundled(), &format!("{before}cursor={altered}"));
        assert!(reply.status == 400, "altering character {at} gives {}", reply.status);
    }
    for elsewhere in [
        "/v1/territories?kind=epci",
        "/v1/territories?kind=commune&sort=name",
        "/v1/measures?limit=2",
        "/v1/territories?kind=commune&release=1",
    ] {
        let sign = if elsewhere.contains('?') { '&' } else { '?' };
        get(bundled(), &format!("{elsewhere}{sign}cursor={cursor}")).problem(400);
    }
    for nonsense in ["", "x", "%F0%9F%92%A5", "AAAA"] {
        get(bundled(), &format!("{before}cursor={nonsense}")).problem(400);
    }
}

#[test]
fn a_client_cannot_inject_log_lines_or_headers() {
    let reply = raw(bundled(), b"GET /v1/rien HTTP/1.1\r\nHost: t\r\nConnection: close\r\nX-Request-Id: <script>\r\n\r\n");
    assert!(!reply.text().contains("<script>"));
    let reply = raw(bundled(), b"GET /v1/rien HTTP/1.1\r\nHost: t\r\nConnection: close\r\nX-Request-Id: nuit-42\r\n\r\n");
    assert_eq!((reply.header("x-request-id"), reply.problem(404)["request_id"].as_str()), (Some("nuit-42"), Some("nuit-42")));
    let long = get(bundled(), &format!("/v1/territories?kind={}", "x".repeat(5000))).problem(400).to_string();
    assert!(long.len() < 3000, "the client's text is repeated at length");
}

#[test]
fn a_malformed_pipelined_request_is_refused_after_the_response_before_it() {
    let whole = b"GET /health/live HTTP/1.1\r\nHost: t\r\n\r\n";
    let said = |pause: bool| {
        let mut stream = TcpStream::connect(bundled()).expect("the server accepts connections");
        stream.write_all(whole).expect("the request is sent");
        if pause {
            stream.peek(&mut [0]).expect("the first answer");
        }
        // In one packet, the answer and the refusal share a write.
        let rest: &[u8] = if pause { b"NONSENSE\r\n\r\n" } else { &[&whole[..], b"NONSENSE\r\n\r\n"].concat() };
        stream.write_all(rest).expect("the rest is sent");
        let mut said = String::new();
        stream.read_to_string(&mut said).expect("the answers");
        said
    };
    let after_a_pause = said(true);
    let problem = after_a_pause.split("HTTP/1.1 400 Bad Request\r\n").nth(1).expect("a refusal");
    assert!(problem.starts_with("content-type: application/problem+json") && problem.contains("/problems/malformed-request"));
    let pipelined = said(false);
    assert_eq!((pipelined.matches("HTTP/1.1 200 OK").count(), pipelined.matches("HTTP/1.1 400 Bad Request").count()), (2, 1));
    assert!(pipelined.ends_with("\r\n\r\n") && !pipelined.contains("/problems/"), "a bare status: {pipelined}");
}
