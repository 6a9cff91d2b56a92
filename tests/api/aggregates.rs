//! Aggregates: additive values are added, other values are refused with the reason, and missing or suppressed values are
//! counted.

use serde_json::{Value, json};

use crate::harness::{bundled, example_data, get};

fn rows(target: &str) -> Vec<Value> {
    get(example_data(), target).data().as_array().expect("a list").clone()
}

fn members(row: &Value, names: &[&str]) -> Value {
    names.iter().map(|name| row[name].clone()).collect()
}

fn refused(target: &str, what: &str) {
    let problem = get(example_data(), target).problem(422);
    assert_eq!(problem["type"], "/problems/not-additive");
    let errors = problem["errors"].to_string();
    assert!(errors.contains(what), "{target}: {errors}");
}

const HABITANTS: &str = "/v1/observations?indicator_code=habitants&nature=observed&breakdown_code=_T";

#[test]
fn additive_values_are_added_over_territories_and_say_what_is_missing() {
    let target = format!("{HABITANTS}&territory_code__startswith=COM-&group_by=period&aggregate=sum,avg,min,max,count");
    let rows = rows(&target);
    let names = ["period", "sum", "avg", "min", "max", "count", "unit_code", "qualifier", "status"];
    assert_eq!(members(&rows[0], &names), json!(["2020", 2100, 350, 100, 600, 6, "habitant", "nearly", "P"]));
    let cover = ["expected", "present", "suppressed", "missing", "coverage"];
    assert_eq!(members(&rows[0], &cover), json!([6, 6, 0, 0, 1.0]));
    assert_eq!(
        members(&rows[1], &["period", "sum", "avg", "min", "max", "status"]),
        json!(["2021", null, null, null, null, "Q"])
    );
    assert_eq!(members(&rows[1], &cover), json!([6, 3, 1, 2, 0.5]));
    assert_eq!(members(&rows[2], &["period", "sum", "qualifier"]), json!(["2022", 320, "exact"]));
    assert_eq!(members(&rows[2], &cover), json!([6, 1, 2, 3, 0.1666]));
    assert_eq!(rows.len(), 3);
}

#[test]
fn an_aggregate_reads_the_selected_rows_only() {
    let latest = rows(&format!(
        "{HABITANTS}&territory_code=COM-91001,COM-91002,COM-91003&latest=true&group_by=territory_code&aggregate=sum"
    ));
    assert_eq!(latest.iter().map(|row| row["sum"].clone()).collect::<Vec<_>>(), [json!(110), json!(200), json!(320)]);
    let within =
        rows(&format!("{HABITANTS}&within=DEP-92&territory_code__startswith=COM&period=2020&group_by=period&aggregate=sum"));
    assert_eq!(within[0]["sum"], 1100);
    let searched = rows("/v1/observations?q=habitant&nature=target&group_by=indicator_code&aggregate=count");
    assert_eq!(members(&searched[0], &["indicator_code", "count"]), json!(["habitants", 1]));
    let linked = rows("/v1/territories/COM-91001/observations?group_by=nature");
    assert_eq!(linked.iter().map(|row| row["count"].clone()).collect::<Vec<_>>(), [json!(8), json!(1)]);
}

#[test]
fn flows_are_added_over_time_and_stocks_are_not() {
    let flows =
        rows("/v1/observations?indicator_code=aides&territory_code=COM-91001,COM-91002&group_by=territory_code&aggregate=sum");
    assert_eq!(members(&flows[0], &["territory_code", "sum", "qualifier"]), json!(["COM-91001", 3, "more_than"]));
    assert_eq!(members(&flows[1], &["territory_code", "sum", "qualifier"]), json!(["COM-91002", 7, "exact"]));
    refused(&format!("{HABITANTS}&territory_code=COM-91001&group_by=territory_code&aggregate=sum"), "different times");
    refused("/v1/observations?indicator_code=aides&territory_code=COM-91003&group_by=territory_code&aggregate=sum", "overlap");
}

#[test]
fn a_meaningless_aggregate_is_refused_with_the_reason() {
    refused(
        "/v1/observations?indicator_code=taux&territory_code__startswith=COM-&group_by=period&aggregate=sum",
        "cannot be added",
    );
    refused("/v1/observations?indicator_code=taux&group_by=territory_code,period&aggregate=sum", "cannot be added");
    refused("/v1/observations?indicator_code=indice&group_by=period&aggregate=avg", "cannot be put together");
    refused(&format!("{HABITANTS}&period=2020&group_by=period&aggregate=sum"), "lies in another");
    refused("/v1/observations?period=2020&territory_code=COM-91001&group_by=territory_code&aggregate=sum", "indicator_code");
    refused("/v1/observations?indicator_code=habitants&territory_code=COM-91001&period=2020&aggregate=sum", "breakdown_code");
    refused("/v1/observations?indicator_code=habitants&breakdown_code=_T&territory_code=COM-91001&aggregate=sum", "nature");
    refused("/v1/observations?group_by=period&aggregate=max", "different units");
    refused("/v1/funding?group_by=payer_code&aggregate=sum", "`stage`");
    refused("/v1/funding?stage=paid&group_by=territory_code&aggregate=sum", "counted twice");
    refused("/v1/observations?indicator_code=indice&territory_code=PER-essai&rollup=true", "cannot be put together");
}

#[test]
fn a_percentage_of_the_press_kit_is_never_added() {
    let target = "/v1/observations?indicator_code=evolution-foyers-prime-activite&group_by=period&aggregate=sum";
    let problem = get(bundled(), target).problem(422);
    assert_eq!(problem["errors"][0]["parameter"], "aggregate");
}

#[test]
fn amounts_are_added_within_one_stage_and_counted_once() {
    let rows = rows("/v1/funding?group_by=stage,payer_code&aggregate=sum,count");
    let names = ["stage", "payer_code", "sum", "count", "qualifier", "missing"];
    let expected = [
        json!(["announced", "etat", 5000, 2, "more_than", 1]),
        json!(["paid", "departement", 700, 1, "exact", 0]),
        json!(["paid", "etat", 3300.50, 3, "exact", 0]),
    ];
    assert_eq!(rows.iter().map(|row| members(row, &names)).collect::<Vec<_>>(), expected);
}

#[test]
fn extremes_and_counts_need_no_additivity() {
    let rows = rows("/v1/observations?indicator_code=indice&group_by=period&aggregate=min,max,count");
    assert_eq!(members(&rows[0], &["min", "max", "count"]), json!([1.25, 1.5, 2]));
    let counts = get(example_data(), "/v1/observations?group_by=indicator_code").data();
    assert_eq!(
        counts[0],
        json!({"indicator_code": "aides", "unit_code": "aide", "unit_multiplier": 0, "count": 6, "qualifier": "about", "status": "A",
        "expected": 6, "present": 6, "suppressed": 0, "missing": 0, "coverage": 1.0})
    );
}

#[test]
fn a_perimeter_aggregates_its_members_and_reports_its_coverage() {
    let names = ["period", "value", "status", "expected", "present", "suppressed", "missing", "coverage"];
    let additive =
        rows("/v1/observations?indicator_code=habitants&breakdown_code=_T&nature=observed&territory_code=PER-essai&rollup=true");
    assert_eq!(members(&additive[0], &names), json!(["2020", 1100, "P", 4, 4, 0, 0, 1.0]));
    assert_eq!(members(&additive[1], &names), json!(["2021", null, "Q", 4, 3, 1, 0, 0.75]), "one suppressed cell is withheld");
    assert_eq!(members(&additive[2], &names), json!(["2022", 320, "Q", 4, 1, 2, 1, 0.25]));
    let weighted = rows("/v1/observations?indicator_code=taux&territory_code=PER-essai&rollup=true");
    assert_eq!(members(&weighted[0], &names), json!(["2020", 30.909091, "E", 4, 4, 0, 0, 1.0]));
    let listed = rows("/v1/observations?indicator_code=taux&territory_code=COM-92001,COM-92002,COM-91004&rollup=true");
    assert_eq!(members(&listed[0], &names), json!(["2020", 40, "E", 3, 2, 0, 1, 0.6666]));
    let departement =
        rows("/v1/observations?indicator_code=habitants&period=2020&breakdown_code=_T&territory_code=DEP-91&rollup=true");
    assert_eq!(members(&departement[0], &names), json!(["2020", 1000, "P", 4, 4, 0, 0, 1.0]), "by its communes");
    refused("/v1/observations?indicator_code=habitants&territory_code=DEP-91,COM-91001&rollup=true", "lies in another");
}

#[test]
fn groups_are_the_same_as_csv_and_invalid_parameters_are_refused() {
    let csv = get(example_data(), "/v1/funding?group_by=stage&aggregate=count&format=csv");
    assert_eq!(
        csv.text(),
        "stage,count,qualifier,expected,present,suppressed,missing,coverage\r\nannounced,2,more_than,2,1,0,1,0.5000\r\npaid,4,exact,4,4,0,0,1.0000\r\n"
    );
    for query in [
        "group_by=value",
        "group_by=period,period",
        "aggregate=median",
        "rollup=true",
        "rollup=yes",
        "group_by=period&limit=5",
        "group_by=period&sort=period",
        "group_by=period&format=ndjson",
        "territory_code=PER-essai&rollup=true&group_by=period",
        "territory_code=PER-rien&rollup=true",
    ] {
        get(example_data(), &format!("/v1/observations?{query}")).problem(400);
    }
    get(example_data(), "/v1/territories?group_by=kind").problem(400);
}
