//! `expected`, `missing` and `coverage`: of each kind of figure, every territory at every period of the selection.

use serde_json::{Value, json};

use crate::aggregates::rows;
use crate::harness::{SOURCES, TestServer, bundle, bundled, get, publish};

const INDICATORS: &str = "code,title,definition,unit_code,decimals,territory_additivity,time_additivity,direction,source_code\n\
                          i,I,I,personne,0,sum,sum,none,essai\nj,J,J,personne,0,sum,sum,none,essai\n";

/// A server with figures, each with its indicator, territory, period, nature, value and status.
fn with_figures(figures: &[&str]) -> TestServer {
    let server = TestServer::empty();
    let places = "code,kind,name,geography_year,source_code\nDEP-1,departement,D,2026,essai\nDEP-2,departement,E,2026,essai\n";
    let lines: String = figures.iter().map(|figure| format!("{figure},_T,exact,2026,essai\n")).collect();
    let figures = format!(
        "indicator_code,territory_code,period,nature,value,statuses,breakdown_code,qualifier,geography_year,source_code\n{lines}"
    );
    let files = [("sources", SOURCES), ("territories", places), ("indicators", INDICATORS), ("observations", &figures)];
    publish(&server.url, &bundle(&files)).expect("the figures are right");
    server
}

fn cover(server: &TestServer, query: &str) -> Vec<Value> {
    let groups = get(server.address, &format!("/v1/aggregates/observations?{query}")).data();
    let names = ["expected", "present", "suppressed", "missing", "coverage"];
    groups.as_array().expect("a list").iter().map(|row| names.iter().map(|name| row[*name].clone()).collect()).collect()
}

#[test]
fn two_departements_at_three_periods_are_six_figures() {
    let server = with_figures(&[
        "i,DEP-1,2019,observed,1,A",
        "i,DEP-1,2020,observed,2,A",
        "i,DEP-1,2021,observed,3,A",
        "i,DEP-2,2019,observed,4,A",
        "j,DEP-1,2019,observed,5,A",
    ]);
    for function in ["count", "sum", "mean", "min,max"] {
        let query = format!("indicator_code=i&function={function}");
        let six = json!([6, 4, 0, 2, 0.6667]);
        for by in ["", "&by=indicator_code", "&by=nature,source_code", "&by=breakdown_code,indicator_code"] {
            assert_eq!(cover(&server, &format!("{query}{by}")), std::slice::from_ref(&six), "{query}{by}");
        }
        let (two, three) = (json!([2, 2, 0, 0, 1.0]), json!([2, 1, 0, 1, 0.5]));
        for by in ["period", "period,indicator_code", "period_start", "period_end,nature"] {
            assert_eq!(cover(&server, &format!("{query}&by={by}")), [two.clone(), three.clone(), three.clone()], "{by}");
        }
        let by_place = [json!([3, 3, 0, 0, 1.0]), json!([3, 1, 0, 2, 0.3333])];
        assert_eq!(cover(&server, &format!("{query}&by=territory_code")), by_place);
        assert_eq!(cover(&server, &format!("{query}&by=territory_code,period")).len(), 4);
        assert!(
            cover(&server, &format!("{query}&by=territory_code,period")).iter().all(|group| *group == json!([1, 1, 0, 0, 1.0]))
        );
    }
    assert_eq!(cover(&server, "by=indicator_code"), [json!([6, 4, 0, 2, 0.6667]), json!([1, 1, 0, 0, 1.0])]);
    assert_eq!(cover(&server, "indicator_code=i&period__gte=2020"), [json!([2, 2, 0, 0, 1.0])]);
    assert_eq!(
        cover(&server, "indicator_code=i&by=qualifier"),
        [json!([4, 4, 0, 0, 1.0])],
        "no cell is known to lack a qualifier"
    );
    assert_eq!(
        cover(&server, "indicator_code=i&value__gte=2"),
        [json!([3, 3, 0, 0, 1.0])],
        "what is filtered out is not missing"
    );
    assert_eq!(cover(&server, "indicator_code=i&last=1"), [json!([2, 2, 0, 0, 1.0])]);
}

#[test]
fn figures_of_another_kind_are_not_expected() {
    let server = with_figures(&[
        "i,DEP-1,2019,observed,1,A",
        "i,DEP-2,2020,target,2,A",
        "i,DEP-1,2020-Q1,observed,3,A",
        "i,DEP-1,2020-Q2,observed,3,A",
        "i,DEP-2,2020-Q1,observed,3,A",
        "j,DEP-1,2019,observed,,M",
        "j,DEP-2,2019,observed,,Q",
        "j,DEP-1,2020,observed,,L",
        "j,DEP-2,2020,observed,,Q",
    ]);
    // One year observed, one year as a target, and two quarters in two places.
    assert_eq!(cover(&server, "indicator_code=i"), [json!([6, 5, 0, 1, 0.8333])]);
    assert_eq!(cover(&server, "indicator_code=i&by=territory_code"), [json!([3, 3, 0, 0, 1.0]), json!([3, 2, 0, 1, 0.6667])]);
    assert_eq!(cover(&server, "indicator_code=j"), [json!([3, 0, 2, 1, 0.0])], "what cannot exist is not expected");
    assert_eq!(cover(&server, "indicator_code=j&period=2019&territory_code=DEP-1"), [json!([0, 0, 0, 0, null])]);
}

#[test]
fn workshops_of_several_communes_are_complete() {
    let target = "/v1/aggregates/observations?by=territory_code&indicator_code=participants-ateliers-citoyens";
    let groups = get(bundled(), target).data();
    let groups = groups.as_array().expect("a list");
    assert_eq!(groups.len(), 2);
    for group in groups {
        assert_eq!(json!([group["expected"], group["coverage"], group["qualifier"]]), json!([1, 1.0, "exact"]), "{group}");
    }
}

#[test]
fn numbers_of_rows_and_extremes_need_no_weights() {
    let rate = "/v1/aggregates/observations?indicator_code=taux&territory_code__startswith=COM-&by=period";
    for function in ["count", "min,max"] {
        let group = &rows(&format!("{rate}&function={function}"))[0];
        assert_eq!(json!([group["present"], group["coverage"]]), json!([5, 1.0]), "{function}");
    }
}
