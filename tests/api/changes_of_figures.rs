//! The change of a figure in a profile: said exactly where both figures allow it, and else null with the reason.

use serde_json::{Value, json};

use crate::harness::{SOURCES, TestServer, bundle, get, publish, territories};

/// The change that the profile of a commune says of a series with these figures: each its period, value, qualifier, statuses and
/// rounding.
fn said(server: &TestServer, series: &str) -> Value {
    let profile = get(server.address, "/v1/territories/COM-1/profile").data();
    let all = profile["series"].as_array().expect("a list");
    let one = all.iter().find(|one| one["latest"]["indicator_code"] == series).expect("the series is there");
    let names = ["change", "change_qualifier", "change_status", "change_unsaid"];
    json!([one["previous"]["period"], names.map(|name| one[name].clone())])
}

#[test]
fn a_change_is_exact_and_compares_periods_of_one_length() {
    let series: [(&str, &[&str], Value); 16] = [
        (
            "grand",
            &["2019,99999999999999.8,exact,A,", "2020,99999999999999.9,exact,A,"],
            json!(["2019", [0.1, "exact", "A", null]]),
        ),
        ("decimal", &["2019,0.1,exact,A,", "2020,0.3,exact,P,"], json!(["2019", [0.2, "exact", "P", null]])),
        (
            "mois",
            &["2020-11,5,exact,A,", "2020-12,7,exact,A,", "2020-Q4,170,exact,A,", "2020,600,exact,A,", "2019-12,3,exact,A,"],
            json!(["2020-11", [2, "exact", "A", null]]),
        ),
        ("jour", &["2020,73,exact,A,", "2020-12-31,1,exact,A,"], json!([null, [null, null, null, "no_previous"]])),
        ("seul", &["2020,73,exact,A,"], json!([null, [null, null, null, "no_previous"]])),
        (
            "semestre",
            &["2019-01-01/2019-06-30,1,exact,A,", "2020-01-01/2020-06-30,4,exact,A,"],
            json!(["2019-01-01/2019-06-30", [3, "exact", "A", null]]),
        ),
        ("rupture", &["2019,1,exact,A,", "2020,2,exact,B,"], json!(["2019", [null, null, null, "break"]])),
        ("entre", &["2018,1,exact,A,", "2019,,exact,B|L,", "2020,2,exact,A,"], json!(["2018", [null, null, null, "break"]])),
        ("avant", &["2019,1,exact,B,", "2020,2,exact,A,"], json!(["2019", [1, "exact", "B", null]])),
        ("pres", &["2019,350,nearly,A,", "2020,360,exact,A,"], json!(["2019", [null, null, null, "hedged"]])),
        ("plus", &["2019,350,exact,A,", "2020,400,more_than,E,"], json!(["2019", [50, "more_than", "E", null]])),
        ("moins", &["2019,400,more_than,A,", "2020,350,exact,A,"], json!(["2019", [-50, "less_than", "A", null]])),
        ("bornes", &["2019,350,more_than,A,", "2020,400,at_least,A,"], json!(["2019", [null, null, null, "hedged"]])),
        ("arrondi", &["2019,350,exact,A,50", "2020,400,exact,A,"], json!(["2019", [50, "about", "A", null]])),
        ("autre", &["2019,350,exact,A,", "2020,400,exact,D,"], json!(["2019", [null, null, null, "definition"]])),
        ("compris", &["2019,350,exact,K,", "2020,400,exact,K,"], json!(["2019", [50, "exact", "K", null]])),
    ];
    let server = TestServer::empty();
    let indicators: String = series.iter().map(|(code, ..)| format!("{code},I,I,personne,1,sum,none,none,essai\n")).collect();
    let figures = series.iter().flat_map(|(code, figures, _)| {
        figures.iter().map(move |figure| format!("{code},COM-1,{figure},_T,observed,2026,essai\n"))
    });
    let indicators = format!(
        "code,title,definition,unit_code,decimals,territory_additivity,time_additivity,direction,source_code\n{indicators}"
    );
    let figures = format!(
        "indicator_code,territory_code,period,value,qualifier,statuses,rounding,breakdown_code,nature,geography_year,source_code\n{}",
        figures.collect::<String>()
    );
    let files = [
        ("sources", SOURCES),
        ("territories", &territories(&[("COM-1", "Ici", "1")])),
        ("indicators", &indicators),
        ("observations", &figures),
    ];
    publish(&server.url, &bundle(&files)).expect("the figures are right");
    for (code, _, expected) in series {
        assert_eq!(said(&server, code), expected, "{code}");
    }
    let text = get(server.address, "/v1/territories/COM-1/profile").text();
    assert!(text.contains("\"change\":0.2,"), "a decimal has its digits");
}
