//! Aggregates: additive values are added, other values are refused with the reason, and missing or suppressed values are
//! counted.

use serde_json::{Value, json};

use crate::harness::{bundled, example_data, get};

pub fn rows(target: &str) -> Vec<Value> {
    get(example_data(), target).data().as_array().expect("a list").clone()
}

fn members(row: &Value, names: &[&str]) -> Value {
    names.iter().map(|name| row[name].clone()).collect()
}

pub fn refused(target: &str, what: &str) {
    let problem = get(example_data(), target).problem(422);
    assert_eq!(problem["type"], "/problems/not-additive");
    let errors = problem["errors"].to_string();
    assert!(errors.contains(what), "{target}: {errors}");
}

const HABITANTS: &str = "/v1/aggregates/observations?indicator_code=habitants&nature=observed&breakdown_code=_T";

#[test]
fn additive_values_are_added_over_territories_and_say_what_is_missing() {
    let target = format!("{HABITANTS}&territory_code__startswith=COM-&by=period&function=sum,mean,min,max,count");
    let rows = rows(&target);
    let names = ["period", "sum", "mean", "min", "max", "count", "unit_code", "qualifier", "weakest_status"];
    assert_eq!(members(&rows[0], &names), json!(["2020", 2100, 350, 100, 600, 6, "habitant", "nearly", "P"]));
    let cover = ["expected", "present", "suppressed", "missing", "coverage"];
    assert_eq!(members(&rows[0], &cover), json!([6, 6, 0, 0, 1.0]));
    assert_eq!(
        members(&rows[1], &["period", "sum", "mean", "min", "max", "weakest_status"]),
        json!(["2021", null, null, null, null, "Q"])
    );
    assert_eq!(members(&rows[1], &cover), json!([6, 3, 1, 2, 0.5]));
    assert_eq!(members(&rows[2], &["period", "sum", "qualifier"]), json!(["2022", 320, "exact"]));
    assert_eq!(members(&rows[2], &cover), json!([6, 1, 2, 3, 0.1667]));
    assert_eq!(rows.len(), 3);
}

#[test]
fn an_aggregate_reads_the_selected_rows_only() {
    let latest = rows(&format!("{HABITANTS}&territory_code=COM-91001,COM-91002,COM-91003&last=1&by=territory_code&function=sum"));
    assert_eq!(latest.iter().map(|row| row["sum"].clone()).collect::<Vec<_>>(), [json!(110), json!(200), json!(320)]);
    let within = rows(&format!("{HABITANTS}&within=DEP-92&territory_code__startswith=COM&period=2020&by=period&function=sum"));
    assert_eq!(within[0]["sum"], 1100);
    let searched = rows("/v1/aggregates/observations?q=habitant&nature=target&by=indicator_code&function=count");
    assert_eq!(members(&searched[0], &["indicator_code", "count"]), json!(["habitants", 1]));
    let linked = rows("/v1/aggregates/observations?territory_code=COM-91001&by=nature");
    assert_eq!(linked.iter().map(|row| row["count"].clone()).collect::<Vec<_>>(), [json!(8), json!(1)]);
}

#[test]
fn flows_are_added_over_time_and_stocks_are_not() {
    let flows = rows(
        "/v1/aggregates/observations?indicator_code=aides&territory_code=COM-91001,COM-91002&by=territory_code&function=sum",
    );
    assert_eq!(members(&flows[0], &["territory_code", "sum", "qualifier"]), json!(["COM-91001", 3, "more_than"]));
    assert_eq!(members(&flows[1], &["territory_code", "sum", "qualifier"]), json!(["COM-91002", 7, "exact"]));
    refused(&format!("{HABITANTS}&territory_code=COM-91001&by=territory_code&function=sum"), "different times");
    refused(
        "/v1/aggregates/observations?indicator_code=aides&territory_code=COM-91003&by=territory_code&function=sum",
        "overlap",
    );
}

#[test]
fn a_meaningless_aggregate_is_refused_with_the_reason() {
    refused(
        "/v1/aggregates/observations?indicator_code=taux&territory_code__startswith=COM-&by=period&function=sum",
        "cannot be added",
    );
    refused("/v1/aggregates/observations?indicator_code=taux&by=territory_code,period&function=sum", "cannot be added");
    refused("/v1/aggregates/observations?indicator_code=indice&by=period&function=mean", "cannot be put together");
    refused(&format!("{HABITANTS}&period=2020&by=period&function=sum"), "lies in another");
    refused("/v1/aggregates/observations?period=2020&territory_code=COM-91001&by=territory_code&function=sum", "indicator_code");
    refused(
        "/v1/aggregates/observations?indicator_code=habitants&territory_code=COM-91001&period=2020&function=sum",
        "breakdown_code",
    );
    refused(
        "/v1/aggregates/observations?indicator_code=habitants&breakdown_code=_T&territory_code=COM-91001&function=sum",
        "nature",
    );
    refused("/v1/aggregates/observations?by=period&function=max", "different units");
    refused("/v1/aggregates/funding?by=payer_code&function=sum", "`stage`");
    refused("/v1/aggregates/funding?stage=paid&by=territory_code&function=sum", "counted twice");
    refused("/v1/aggregates/observations?indicator_code=indice&territory_code=PER-essai&function=own", "cannot be put together");
}

#[test]
fn a_percentage_of_the_press_kit_is_never_added() {
    let target = "/v1/aggregates/observations?indicator_code=evolution-foyers-prime-activite&by=period&function=sum";
    let problem = get(bundled(), target).problem(422);
    assert_eq!(problem["errors"][0]["name"], "function");
}

#[test]
fn amounts_are_added_within_one_stage_and_counted_once() {
    let rows = rows("/v1/aggregates/funding?by=stage,payer_code&function=sum,count");
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
    let rows = rows("/v1/aggregates/observations?indicator_code=indice&by=period&function=min,max,count");
    assert_eq!(members(&rows[0], &["min", "max", "count"]), json!([1.25, 1.5, 2]));
    let counts = get(example_data(), "/v1/aggregates/observations?by=indicator_code").data();
    assert_eq!(
        counts[0],
        json!({"indicator_code": "aides", "unit_code": "aide", "unit_multiplier": 0, "count": 6, "qualifier": "exact", "weakest_status": "A",
        "expected": 7, "present": 6, "suppressed": 0, "missing": 1, "coverage": 0.8571})
    );
}

#[test]
fn a_perimeter_aggregates_its_members_and_reports_its_coverage() {
    let names = ["period", "value", "weakest_status", "expected", "present", "suppressed", "missing", "coverage"];
    let additive = rows(
        "/v1/aggregates/observations?indicator_code=habitants&breakdown_code=_T&nature=observed&territory_code=PER-essai&function=own",
    );
    assert_eq!(members(&additive[0], &names), json!(["2020", 1100, "P", 4, 4, 0, 0, 1.0]));
    assert_eq!(members(&additive[1], &names), json!(["2021", null, "Q", 4, 3, 1, 0, 0.75]), "one suppressed cell is withheld");
    assert_eq!(members(&additive[2], &names), json!(["2022", 320, "Q", 4, 1, 2, 1, 0.25]));
    let weighted = rows("/v1/aggregates/observations?indicator_code=taux&territory_code=PER-essai&function=own");
    assert_eq!(members(&weighted[0], &names), json!(["2020", 30.909091, "E", 4, 4, 0, 0, 1.0]));
    let listed =
        rows("/v1/aggregates/observations?indicator_code=taux&territory_code=COM-92001,COM-92002,COM-91004&function=own");
    assert_eq!(members(&listed[0], &names), json!(["2020", 40, "E", 3, 2, 0, 1, 0.6667]));
    let departement = rows(
        "/v1/aggregates/observations?indicator_code=habitants&period=2020&breakdown_code=_T&territory_code=DEP-91&function=own",
    );
    assert_eq!(members(&departement[0], &names), json!(["2020", 1000, "P", 4, 4, 0, 0, 1.0]), "by its communes");
    refused(
        "/v1/aggregates/observations?indicator_code=habitants&territory_code=DEP-91,COM-91001&function=own",
        "lies in another",
    );
}

#[test]
fn groups_are_the_same_in_every_table() {
    let of = |format: &str| {
        get(example_data(), &format!("/v1/aggregates/funding?by=stage&function=count&labels=true&format={format}"))
    };
    let csv = of("csv");
    assert_eq!(
        csv.text(),
        "stage,stage_label,count,qualifier,qualifier_label,expected,present,suppressed,missing,coverage\r\nannounced,annoncé,2,exact,exactement,2,1,0,1,0.5000\r\npaid,payé,4,exact,exactement,4,4,0,0,1.0000\r\n"
    );
    let name = csv.header("content-disposition").expect("a name");
    assert!(name.starts_with("attachment; filename=\"reperes-aggregates-funding-publication-"), "{name}");
    let json = get(example_data(), "/v1/aggregates/funding?by=stage&function=count&labels=true").data();
    let lines: Vec<Value> = of("ndjson").text().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(json, json!(lines));
    for format in ["parquet", "xlsx"] {
        assert_eq!(of(format).status, 200, "{format}");
    }
    for query in ["function=count", "function=count&indicator_code=habitants&period=1999"] {
        for format in ["csv", "parquet", "xlsx"] {
            let several = get(example_data(), &format!("/v1/aggregates/observations?{query}&format={format}"));
            assert_eq!(several.status, 200, "a group of several indicators, or of none, has no unit: {}", several.text());
        }
    }
    for format in ["geojson", "json-stat", "sdmx-csv", "scdl"] {
        for dataset in ["observations", "funding"] {
            let problem = get(example_data(), &format!("/v1/aggregates/{dataset}?format={format}")).problem(400);
            assert_eq!(
                problem["errors"][0]["allowed"],
                json!(["json", "csv", "csv-excel", "ndjson", "parquet", "xlsx"]),
                "{problem}"
            );
        }
    }
}

#[test]
fn groups_have_labels() {
    let target = "/v1/aggregates/funding?by=payer_code,stage&function=sum&labels=true&stage=paid";
    let names = ["payer_code", "payer_label", "stage", "stage_label", "sum", "qualifier", "qualifier_label"];
    let expected = [
        json!(["departement", "Département", "paid", "payé", 700, "exact", "exactement"]),
        json!(["etat", "État", "paid", "payé", 3300.50, "exact", "exactement"]),
    ];
    assert_eq!(rows(target).iter().map(|row| members(row, &names)).collect::<Vec<_>>(), expected);
    let target = "/v1/aggregates/observations?by=territory_code&indicator_code=habitants&labels=true\
                  &fields=territory_code,unit_code,count,qualifier&limit=2";
    let expected = [("COM-91001", "Avesnes", 5), ("COM-91002", "Saint-Éloi", 3)];
    let expected = expected.map(|(code, name, count)| {
        json!({"territory_code": code, "territory_label": name, "unit_code": "habitant", "unit_label": "habitant",
               "count": count, "qualifier": "exact", "qualifier_label": "exactement"})
    });
    assert_eq!(rows(target), expected);
    let mixed = rows("/v1/aggregates/observations?labels=true");
    assert_eq!(members(&mixed[0], &["unit_code", "unit_label"]), json!([null, null]), "several indicators have no unit");
    for dataset in
        ["observations?function=own&territory_code=PER-essai&indicator_code=taux", "funding?by=stage,payer_code,period"]
    {
        let sheet = get(example_data(), &format!("/v1/aggregates/{dataset}&labels=true&format=csv"));
        assert_eq!(sheet.status, 200, "{dataset}: {}", sheet.text());
    }
}

#[test]
fn invalid_parameters_are_refused() {
    for (query, parameter) in [
        ("by=value", "by"),
        ("by=period,period", "by"),
        ("function=median", "function"),
        ("function=avg", "function"),
        ("function=own", "function"),
        ("function=own,sum&territory_code=COM-91001", "function"),
        ("by=period&sort=nature", "sort"),
        ("by=period&sort=sum", "sort"),
        ("by=period&fields=nature", "fields"),
        ("by=period&fields=max", "fields"),
        ("by=period&fields=statuses", "fields"),
        ("by=period&include=territory", "include"),
        ("by=period&facets=nature", "facets"),
        ("by=period&layout=wide", "layout"),
        ("by=period&vintages=all", "vintages"),
        ("by=period&compare=country", "compare"),
        ("by=period&geometry=centre", "geometry"),
        ("territory_code=PER-essai&function=own&by=period", "by"),
        ("territory_code=PER-essai&function=own&geography=2020", "geography"),
        ("territory_code=PER-rien&function=own", "territory_code"),
    ] {
        let problem = get(example_data(), &format!("/v1/aggregates/observations?{query}")).problem(400);
        let faults = problem["errors"].as_array().expect("faults");
        assert!(faults.iter().any(|fault| fault["name"] == parameter), "{query}: {problem}");
    }
    get(example_data(), "/v1/aggregates/funding?function=own&territory_code=COM-91001").problem(400);
    get(example_data(), "/v1/aggregates/funding?last=1").problem(400);
    get(example_data(), "/v1/aggregates/territories?by=kind").problem(404);
    get(example_data(), "/v1/aggregates").problem(404);
}

#[test]
fn lists_have_rows_and_say_where_groups_are() {
    for (dataset, name, instead) in [
        ("observations", "group_by", "by"),
        ("observations", "aggregate", "function"),
        ("observations", "rollup", "function"),
        ("funding", "group_by", "by"),
        ("funding", "aggregate", "function"),
    ] {
        for at in [dataset.to_owned(), format!("aggregates/{dataset}")] {
            let problem = get(example_data(), &format!("/v1/{at}?{name}=x")).problem(400);
            let fault = &problem["errors"][0];
            assert_eq!((&fault["name"], &fault["closest"]), (&json!(name), &json!([instead])), "{problem}");
            let address = format!("`/v1/aggregates/{dataset}`");
            assert!(fault["detail"].as_str().is_some_and(|detail| detail.contains(&address)), "{problem}");
        }
    }
    get(example_data(), "/v1/territories?group_by=kind").problem(400);
}
