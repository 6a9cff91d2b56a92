//! Notices: a response lists which of its figures were corrected, break their series or are not final.

use serde_json::{Value, json};

use crate::harness::four_releases::four_releases;
use crate::harness::{SOURCES, TestServer, bundle, example_data, get, publish, territories};

const INDICATOR: &str = "code,title,definition,unit_code,decimals,territory_additivity,time_additivity,direction,source_code\n\
                         i,I,I,personne,0,sum,none,none,essai\n";

/// The CSV of observations of `i`: territory, period, value, statuses, note.
fn observations(rows: &[(&str, &str, &str, &str, &str)]) -> String {
    let line = |(territory, period, value, statuses, note): &(&str, &str, &str, &str, &str)| {
        format!("i,{territory},{period},_T,observed,{value},exact,{statuses},2026,essai,{note}\n")
    };
    let header =
        "indicator_code,territory_code,period,breakdown_code,nature,value,qualifier,statuses,geography_year,source_code,note\n";
    format!("{header}{}", rows.iter().map(line).collect::<String>())
}

/// Three releases: the second corrects two figures and a note, the third corrects one of them again.
fn corrected() -> TestServer {
    let server = TestServer::empty();
    let places = territories(&[("COM-1", "A", "1"), ("COM-2", "B", "1"), ("COM-3", "C", "1")]);
    let first = [
        ("COM-1", "2019", "1", "A", ""),
        ("COM-1", "2020", "2", "B", ""),
        ("COM-2", "2019", "3", "P", ""),
        ("COM-2", "2020", "4", "B|E", ""),
        ("COM-3", "2019", "5", "A", ""),
    ];
    let second = [("COM-1", "2019", "10", "A", ""), ("COM-2", "2019", "3", "A", ""), ("COM-3", "2019", "5", "A", "Une note.")];
    let files = [("sources", SOURCES), ("territories", places.as_str()), ("indicators", INDICATOR)];
    let first = observations(&first);
    publish(&server.url, &bundle(&[files.as_slice(), &[("observations", &first)]].concat())).expect("the bundle is right");
    publish(&server.url, &bundle(&[("observations", &observations(&second))])).expect("the bundle is right");
    publish(&server.url, &bundle(&[("observations", &observations(&[("COM-1", "2019", "11", "A", "")]))])).expect("it is right");
    server
}

/// The notices of a response: kind, rows, release.
fn notices_of(reply: &Value) -> Vec<Value> {
    let notices = reply["meta"]["notices"].as_array().expect("notices");
    notices.iter().map(|notice| json!([notice["kind"], notice["rows"], notice["release"]])).collect()
}

#[test]
fn a_corrected_figure_has_a_notice_with_the_release_that_corrected_it() {
    let server = corrected();
    let of = |target: &str| notices_of(&get(server.address, target).json());
    let (second, third) = (json!(["correction", 2, 2]), json!(["correction", 1, 3]));
    let breaks = [json!(["break", 2, null]), json!(["estimated", 1, null])];
    let all = [breaks.as_slice(), &[third.clone(), second.clone()]].concat();
    for target in [
        "/v1/observations",
        "/v1/observations?fields=value",
        "/v1/observations?indicator_code=i&sort=-value",
        "/v1/aggregates/observations?by=territory_code&function=count",
        "/v1/aggregates/observations?by=territory_code&function=count&limit=1",
        "/v1/observations?compare=country",
        "/v1/observations?vintages=revised&breakdown_code=_T&within=COM-1,COM-2,COM-3&period=2019,2020&value__lt=4",
    ] {
        // The requested versions are the provisional ones.
        let expected = match target.contains("vintages") {
            true => vec![json!(["provisional", 1, null]), third.clone(), second.clone()],
            false => all.clone(),
        };
        assert_eq!(of(target), expected, "{target}");
    }
    assert_eq!(of("/v1/observations?period=2020"), breaks, "only of the rows in the answer");
    let counts = "/v1/aggregates/observations?by=territory_code&function=count";
    assert_eq!(of(&format!("{counts}&last=1")), breaks, "of the latest rows alone");
    assert_eq!(of(&format!("{counts}&period=2019")), [third.clone(), second.clone()]);
    assert_eq!(
        of(&format!("{counts}&territory_code=COM-2")),
        [breaks[0].clone(), breaks[1].clone(), json!(["correction", 1, 2])].map(|mut notice| {
            if notice[0] == "break" {
                notice[1] = json!(1);
            }
            notice
        })
    );
    assert_eq!(of("/v1/observations?limit=1"), [third.clone(), json!(["correction", 1, 2])]);
    assert_eq!(of("/v1/observations?territory_code=COM-3"), [Value::Null; 0], "a note is no correction");
    assert_eq!(of("/v1/aggregates/observations?territory_code=COM-1,COM-2&function=own&period=2019"), [third.clone(), second]);
    assert_eq!(of("/v1/observations/i~COM-1~2019~_T~observed~essai"), [third, json!(["correction", 1, 2])]);
    assert_eq!(of("/v1/observations/i~COM-1~2019~_T~observed~essai?release=2"), [json!(["correction", 1, 2])]);
    assert_eq!(of("/v1/observations?release=1"), [json!(["break", 2, null]), json!(["provisional", 1, null]), breaks[1].clone()]);
    let notice = get(server.address, "/v1/observations?territory_code=COM-2&period=2019").json()["meta"]["notices"][0].take();
    let published_at = get(server.address, "/v1/releases/2").data()["published_at"].clone();
    let what = "1 observation corrigée par la publication 2, « Essai ».";
    assert_eq!(
        notice,
        json!({"kind": "correction", "what": what, "rows": 1, "release": 2, "published_at": published_at, "notes": "Essai"})
    );
}

#[test]
fn only_responses_with_observations_have_notices() {
    let profile = four_releases().get("/v1/territories/stays/profile").json();
    assert_eq!(notices_of(&profile), [json!(["correction", 1, 2])]);
    for target in [
        "/v1/territories",
        "/v1/actors/stays",
        "/v1/aggregates/funding?by=stage",
        "/v1/observations/stays~stays~2020~essai.stays~observed~stays/history",
    ] {
        assert!(four_releases().get(target).json()["meta"].get("notices").is_none(), "{target}");
    }
    assert_eq!(notices_of(&get(example_data(), "/v1/observations?breakdown_code=sexe.f").json()), [Value::Null; 0]);
    let perimeter = "/v1/aggregates/observations?function=own&territory_code=PER-essai&indicator_code=taux&period=2020";
    assert_eq!(
        notices_of(&get(example_data(), perimeter).json()),
        [json!(["estimated", 1, null])],
        "of the members of a perimeter"
    );
    let latest = get(example_data(), "/v1/observations?last=1&indicator_code=habitants&territory_code=COM-91002").json();
    assert_eq!(notices_of(&latest), [json!(["provisional", 1, null])]);
}

#[test]
fn at_most_twenty_notices_are_given_the_newest_corrections_first() {
    let server = TestServer::empty();
    let places = territories(&[("COM-1", "A", "1")]);
    let files = [("sources", SOURCES), ("territories", places.as_str()), ("indicators", INDICATOR)];
    publish(&server.url, &bundle(&files)).expect("the bundle is right");
    for value in 1..=23 {
        let text = observations(&[("COM-1", "2019", &value.to_string(), "B", "")]);
        publish(&server.url, &bundle(&[("observations", &text)])).expect("the bundle is right");
    }
    let notices = notices_of(&get(server.address, "/v1/observations").json());
    let expected: Vec<Value> =
        std::iter::once(json!(["break", 1, null])).chain((6..=24).rev().map(|n| json!(["correction", 1, n]))).collect();
    assert_eq!(notices, expected);
}
