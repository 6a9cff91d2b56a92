//! What would be counted twice is refused for every function where it matters, with what would be right; what it does not change is
//! given.

use serde_json::{Value, json};

use crate::aggregates::{refused, rows};
use crate::harness::{SOURCES, TestServer, bundle, bundled, get, publish, territories};

#[test]
fn a_territory_and_its_part_have_no_mean_weighted_or_not() {
    let rate = "/v1/aggregates/observations?indicator_code=taux&by=period&function=mean";
    refused(rate, "lies in another");
    refused(&format!("{rate}&within=DEP-91"), "territory_code__startswith=COM-");
    refused("/v1/aggregates/observations?indicator_code=taux&function=mean&within=DEP-91", "lies in another");
    refused("/v1/aggregates/observations?indicator_code=taux&territory_code=DEP-91,COM-91001&function=own", "lies in another");
    assert_eq!(rows(&format!("{rate}&territory_code__startswith=COM-"))[0]["mean"], 34.117647);
    assert_eq!(rows("/v1/aggregates/observations?indicator_code=taux&by=territory_code,period&function=mean").len(), 6);
    let people = "/v1/aggregates/observations?indicator_code=habitants&nature=observed&breakdown_code=_T&period=2020&by=period";
    refused(&format!("{people}&function=mean"), "lies in another");
    refused(&format!("{people}&function=mean,max"), "lies in another");
    let extremes = rows(&format!("{people}&function=min,max,count"));
    assert_eq!(json!([extremes[0]["min"], extremes[0]["max"], extremes[0]["count"]]), json!([100, 2100, 10]));
}

#[test]
fn overlapping_periods_have_no_mean_and_neither_have_periods_of_several_lengths() {
    let aids = "/v1/aggregates/observations?indicator_code=aides&by=territory_code";
    refused(&format!("{aids}&function=mean&territory_code=COM-91003"), "overlap");
    let extremes = rows(&format!("{aids}&function=min,max&territory_code=COM-91003"));
    assert_eq!(json!([extremes[0]["min"], extremes[0]["max"]]), json!([5, 9]));
    let means = rows(&format!("{aids}&function=mean&territory_code=COM-91001,COM-91002"));
    assert_eq!(means.iter().map(|row| row["mean"].clone()).collect::<Vec<_>>(), [json!(1.5), json!(3.5)]);
}

/// A server with flows of money, each with its code, payer, beneficiary, measure, territory, period and amount.
fn with_flows(flows: &[&str]) -> TestServer {
    let server = TestServer::empty();
    let actors = "code,kind,name,role,source_code\netat,state,État,financeur,essai\nville,local_authority,Ville,financeur,essai\n\
                  a,association,A,agit,essai\nb,association,B,agit,essai\n";
    let places = "code,kind,name,departement_code,region_code,epci_code,geography_year,source_code\n\
                  REG-1,region,R,,,,2026,essai\nDEP-1,departement,D,,REG-1,,2026,essai\nDEP-2,departement,E,,REG-1,,2026,essai\n\
                  EPCI-1,epci,S,,,,2026,essai\nCOM-1,commune,C,DEP-1,REG-1,EPCI-1,2026,essai\nCOM-2,commune,F,DEP-2,REG-1,EPCI-1,2026,essai\n";
    let lines: String = flows.iter().map(|flow| format!("{flow},T,paid,essai\n")).collect();
    let funding = format!("code,payer_code,beneficiary_code,territory_code,period,amount_eur,title,stage,source_code\n{lines}");
    let files = [("sources", SOURCES), ("territories", places), ("actors", actors), ("funding", &funding)];
    publish(&server.url, &bundle(&files)).expect("the flows are right");
    server
}

#[test]
fn flows_that_may_be_the_same_money_are_not_put_together() {
    for (flows, twice) in [
        (["1,etat,,REG-1,2020,10", "2,etat,,DEP-1,2019-01-01/2021-12-31,48"], true),
        (["1,etat,,EPCI-1,2020,10", "2,etat,,DEP-1,2020,48"], true),
        (["1,etat,,REG-1,2020,10", "2,etat,a,COM-1,2020,48"], true),
        (["1,etat,a,REG-1,2020,10", "2,etat,a,COM-1,2020,48"], true),
        (["1,etat,,REG-1,2020,10", "2,etat,,REG-1,2020-01-01/2022-12-31,48"], true),
        (["1,etat,,REG-1,2020,10", "2,etat,a,REG-1,2020,48"], true),
        (["1,etat,,REG-1,2020,10", "2,etat,,REG-1,2020,48"], false),
        (["1,etat,a,REG-1,2020,10", "2,etat,a,REG-1,2020-06-30,48"], false),
        (["1,etat,a,REG-1,2020,10", "2,etat,b,COM-1,2020,48"], false),
        (["1,etat,,REG-1,2020,10", "2,ville,,COM-1,2020,48"], false),
        (["1,etat,,REG-1,2019,10", "2,etat,,DEP-1,2020,48"], false),
        (["1,etat,,DEP-1,2020,10", "2,etat,,DEP-2,2020,48"], false),
        (["1,etat,,REG-1,2020,", "2,etat,,DEP-1,2020,48"], false),
    ] {
        let server = with_flows(&flows);
        for function in ["sum", "mean"] {
            for by in ["", "&by=stage", "&by=stage,payer_code"] {
                let target = format!("/v1/aggregates/funding?function={function}{by}");
                let reply = get(server.address, &target);
                assert_eq!(reply.status, if twice { 422 } else { 200 }, "{flows:?} {target}: {}", reply.text());
            }
        }
        let extremes = get(server.address, "/v1/aggregates/funding?function=max,count").data();
        assert_eq!(json!([extremes[0]["max"], extremes[0]["count"]]), json!([48, 2]), "{flows:?}");
        let apart = get(server.address, "/v1/aggregates/funding?function=sum&by=territory_code,period,beneficiary_code");
        assert_eq!(apart.status, 200, "{flows:?}: {}", apart.text());
    }
}

#[test]
fn the_funds_of_the_region_and_of_the_bassin_minier_are_not_added() {
    for function in ["sum", "mean"] {
        for by in ["stage", "stage,payer_code", "stage,commitment_code", "payer_code"] {
            let problem = get(bundled(), &format!("/v1/aggregates/funding?by={by}&function={function}")).problem(422);
            let detail = problem["errors"][0]["detail"].as_str().expect("a detail");
            assert!(detail.contains("may state the same money") && detail.contains("group by `territory_code`"), "{problem}");
        }
    }
    let apart = get(bundled(), "/v1/aggregates/funding?by=stage,territory_code&function=sum&sort=-sum").data();
    let sums: Vec<&Value> = apart.as_array().expect("a list").iter().map(|row| &row["sum"]).collect();
    // The third is the support of canteens, whose amount the document does not give.
    assert_eq!(sums, [&json!(48_000_000), &json!(10_000_000), &Value::Null]);
}

#[test]
fn communes_are_still_added() {
    let server = TestServer::empty();
    let files = [
        ("sources", SOURCES),
        ("territories", &territories(&[("COM-1", "Ici", "1"), ("COM-2", "Là", "2")])),
        (
            "indicators",
            "code,title,definition,unit_code,decimals,territory_additivity,time_additivity,direction,source_code\ni,I,I,personne,0,sum,none,none,essai\n",
        ),
        (
            "observations",
            "indicator_code,territory_code,period,breakdown_code,nature,value,qualifier,statuses,geography_year,source_code\ni,COM-1,2020,_T,observed,1,exact,A,2026,essai\ni,COM-2,2020,_T,observed,2,exact,A,2026,essai\n",
        ),
    ];
    publish(&server.url, &bundle(&files)).expect("the bundle is right");
    let sum = get(server.address, "/v1/aggregates/observations?by=indicator_code&function=sum,mean").data();
    assert_eq!(json!([sum[0]["sum"], sum[0]["mean"]]), json!([3, 1.5]));
}
