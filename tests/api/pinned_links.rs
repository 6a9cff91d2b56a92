//! A pinned URL always returns the same bytes: later publications, corrections and withdrawals do not change them.

use reperes::query::Representation;

use crate::harness::four_releases::{code, make_release, published};
use crate::harness::{TestServer, get};

/// The addresses whose responses must not change once they are pinned.
fn addresses() -> Vec<String> {
    let mut all = vec![
        "/v1/aggregates/observations?by=indicator_code&function=sum,count&breakdown_code=essai.changes".to_owned(),
        "/v1/aggregates/observations?territory_code=stays&function=own&breakdown_code=essai.changes".to_owned(),
        "/v1/observations?layout=wide&format=csv".to_owned(),
        "/v1/observations?compare=parent,country".to_owned(),
        "/v1/observations?last=1&labels=true&include=indicator,source&facets=nature&total=exact".to_owned(),
        "/v1/aggregates/funding?by=stage&function=sum".to_owned(),
        "/v1/aggregates/funding?by=payer_code&function=max,count&stage=paid&limit=1&format=csv".to_owned(),
        "/v1/observations?compare=country&include=territory&format=csv".to_owned(),
        "/v1/actors?q=stays".to_owned(),
        "/v1/territories/stays/profile".to_owned(),
        "/v1/releases".to_owned(),
        "/v1/releases/1".to_owned(),
        "/v1/releases/1/sources".to_owned(),
    ];
    for vintages in ["all", "first", "revised"] {
        all.push(format!("/v1/observations?vintages={vintages}&limit=2"));
    }
    for dataset in published() {
        let path = format!("/v1/{}", dataset.name);
        all.extend(["", "?sort=-note&limit=2", "?format=ndjson&limit=3"].map(|query| format!("{path}{query}")));
        for name in ["stays", "changes", "goes"] {
            let item = format!("{path}/{}", code(dataset, name));
            all.extend(dataset.below().filter(|link| *link != "contour").map(|link| format!("{item}/{link}")));
            all.push(item);
        }
        for representation in Representation::of(dataset).filter(|one| *one != Representation::Xlsx) {
            all.push(format!("{path}?format={}", representation.name()));
        }
    }
    all
}

#[test]
fn a_pinned_url_always_returns_the_same_bytes() {
    let server = TestServer::empty();
    let mut recorded: Vec<(String, Vec<u8>)> = Vec::new();
    for number in 1..=4 {
        make_release(&server.url, number);
        for target in addresses() {
            let reply = get(server.address, &target);
            assert!(reply.status == 200 || (reply.status == 410 && number > 2), "{target}: {}", reply.text());
            if reply.status == 410 {
                continue;
            }
            let pinned = match reply.header("content-location") {
                Some(location) => location.to_owned(),
                None => reply.json()["links"]["pinned"].as_str().expect("a link").to_owned(),
            };
            let answer = get(server.address, &pinned);
            assert_eq!(answer.status, 200, "{pinned}");
            recorded.push((pinned, answer.body));
        }
    }
    assert!(recorded.len() > 600, "{}", recorded.len());
    for (pinned, body) in recorded {
        assert!(get(server.address, &pinned).body == body, "{pinned} has changed");
    }
}
