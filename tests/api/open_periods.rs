//! Periods with an open end: what begins and goes on is published, found, sorted and exported; a figure has no such period.

use serde_json::{Value, json};

use crate::harness::{Reply, SOURCES, TestServer, bundle, get, publish};
use crate::publishing_files::{faults, publish_bytes};

const FUNDING: &str = "code,title,payer_code,territory_code,stage,period,amount_eur,qualifier,source_code
avant,Avant,etat,FR,paid,2018,1,exact,essai
jour,Jour,etat,FR,paid,2019-05-25,2,exact,essai
ouvert,Ouvert,etat,FR,paid,2019-05-25/..,3,exact,essai
depuis,Depuis,etat,FR,paid,2019-Q3/..,4,exact,essai
apres,Après,etat,FR,paid,2020-01-01/2020-12-31,5,exact,essai
";

fn server() -> TestServer {
    let server = TestServer::empty();
    let files = [
        ("sources", SOURCES),
        ("territories", "code,kind,name,geography_year,source_code\nFR,country,France,2026,essai\n"),
        ("actors", "code,kind,name,role,source_code\netat,state,État,financeur,essai\n"),
        ("funding", FUNDING),
    ];
    publish(&server.url, &bundle(&files)).expect("the bundle is right");
    server
}

fn codes(reply: &Reply) -> Vec<String> {
    reply.data().as_array().expect("a list").iter().map(|row| row["code"].as_str().expect("a code").to_owned()).collect()
}

#[test]
fn an_open_period_is_compared_as_one_that_goes_on() {
    let server = server();
    let found = |query: &str| codes(&get(server.address, &format!("/v1/funding?{query}")));
    for (query, expected) in [
        ("period__overlaps=2019-05-24&sort=code", &[][..]),
        ("period__overlaps=2019-05-25&sort=code", &["jour", "ouvert"]),
        ("period__overlaps=2019-05-26&sort=code", &["ouvert"]),
        ("period__overlaps=2019&sort=code", &["depuis", "jour", "ouvert"]),
        ("period__overlaps=2199-12-31&sort=code", &["depuis", "ouvert"]),
        ("period__overlaps=2020-12-31/..&sort=code", &["apres", "depuis", "ouvert"]),
        ("period=2019-05-25/..", &["ouvert"]),
        ("period__gte=2019-05-25/..&sort=code", &["apres", "depuis", "jour", "ouvert"]),
        ("period__lt=2019-06/..&sort=code", &["avant", "jour"]),
        ("period__lte=2199&sort=code", &["apres", "avant", "jour"]),
        ("period_end__isnull=true&sort=code", &["depuis", "ouvert"]),
        ("sort=period_end,code", &["avant", "jour", "apres", "depuis", "ouvert"]),
        ("sort=-period_end,code", &["apres", "jour", "avant", "depuis", "ouvert"]),
    ] {
        assert_eq!(found(query), expected, "{query}");
    }
    let first = get(server.address, "/v1/funding?sort=period_end,code&limit=4").json();
    let next = first["links"]["next"].as_str().expect("a next page").to_owned();
    assert_eq!(codes(&get(server.address, &next)), ["ouvert"], "pages go on behind the last day");
    for (query, why) in [("period__lte=2019/..", "has no end"), ("period__gt=2019-05-25/..", "has no end")] {
        let problem = get(server.address, &format!("/v1/funding?{query}")).problem(400);
        assert!(problem["errors"][0]["detail"].as_str().is_some_and(|detail| detail.contains(why)), "{problem}");
    }
    for wrong in ["../2019-05-25", "2019-05-25/", "..", "2019-05-25/...", "2019-01-01/2019-02-01/.."] {
        get(server.address, &format!("/v1/funding?period__overlaps={wrong}")).problem(400);
    }
}

#[test]
fn an_open_period_has_no_last_day_in_any_representation() {
    let server = server();
    let one = "/v1/funding?code=ouvert&fields=code,period,period_start,period_end";
    let row = json!({"code": "ouvert", "period": "2019-05-25/..", "period_start": "2019-05-25", "period_end": Value::Null});
    assert_eq!(get(server.address, one).data(), json!([row]));
    let csv = get(server.address, &format!("{one}&format=csv")).text();
    assert_eq!(csv, "code,period,period_start,period_end\r\nouvert,2019-05-25/..,2019-05-25,\r\n");
    let change = get(server.address, "/v1/changes?dataset=funding&limit=1000").data();
    let change = change.as_array().expect("changes").iter().find(|change| change["code"] == "ouvert").expect("a change").clone();
    assert_eq!((&change["row"]["period"], &change["row"]["period_end"]), (&json!("2019-05-25/.."), &Value::Null), "{change}");
    let groups = get(server.address, "/v1/aggregates/funding?by=period&function=sum").data();
    let sums: Vec<Value> = groups.as_array().expect("groups").iter().map(|one| json!([one["period"], one["sum"]])).collect();
    assert!(sums.contains(&json!(["2019-05-25/..", 3])), "{sums:?}");
}

#[test]
fn a_figure_is_about_days_that_end() {
    let server = server();
    let files = [
        ("sources", SOURCES),
        (
            "indicators",
            "code,title,definition,unit_code,decimals,territory_additivity,time_additivity,direction,source_code\n\
                        i,I,I,foyer,0,sum,none,none,essai\n",
        ),
    ];
    publish(&server.url, &bundle(&files)).expect("the bundle is right");
    let figure = "indicator_code,territory_code,period,breakdown_code,nature,value,qualifier,statuses,geography_year,source_code\n\
                  i,FR,2019-05-25/..,_T,observed,1,exact,A,2026,essai\n";
    assert_eq!(
        faults(publish_bytes(&server.url, "observations", figure.as_bytes())),
        ["fichier:2: period `2019-05-25/..`: has no end, and every period of observations has one"]
    );
    let problem = get(server.address, "/v1/observations?period=2019/..").problem(400);
    assert_eq!(problem["errors"][0]["detail"], "The value has no end, and every period of observations has one.");
    let years = "code,title,payer_code,territory_code,stage,period,source_code\nx,X,etat,FR,paid,1699/..,essai\n";
    assert_eq!(
        faults(publish_bytes(&server.url, "funding", years.as_bytes())),
        ["fichier:2: period `1699/..`: lies outside the years 1700 to 2199"]
    );
}
