//! What people and other services write instead: the answer says what would have been found, and which name is right here.

use serde_json::{Value, json};

use crate::harness::{bundled, get};

fn notices(target: &str) -> Vec<Value> {
    let reply = get(bundled(), target);
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["meta"]["notices"].as_array().cloned().unwrap_or_default()
}

#[test]
fn a_text_that_rows_have_in_another_spelling_is_named() {
    for (query, parameter, instead) in [
        ("territories?name=lille", "name", json!(["Lille"])),
        ("territories?name=LILLE&kind=commune", "name", json!(["Lille"])),
        ("territories?name=L%E2%80%99Ha%C3%BF-les-Roses", "name", json!(["L'Haÿ-les-Roses"])),
        ("territories?name=oeuf-en-ternois", "name", json!(["Œuf-en-Ternois"])),
        ("territories?official_code=2a004", "official_code", json!(["2A004"])),
    ] {
        let target = format!("/v1/{query}");
        assert_eq!(get(bundled(), &target).data(), json!([]), "{target}");
        let said = notices(&target);
        let found = said.iter().find(|notice| notice["kind"] == "other_spelling").unwrap_or_else(|| panic!("{target}: {said:?}"));
        assert_eq!((&found["parameter"], &found["instead_values"]), (&json!(parameter), &instead), "{target}");
    }
    let said = notices("/v1/territories?name=Lille,roubaix&kind=commune");
    assert_eq!(said.len(), 1, "one of two values selects nothing: {said:?}");
    assert_eq!(said[0]["instead_values"], json!(["Roubaix"]));
    for silent in [
        "territories?name=Lille",
        "territories?name=Xyzzy",
        "territories?name__contains=lille",
        "territories?official_code=2A004",
    ] {
        assert_eq!(notices(&format!("/v1/{silent}")), Vec::<Value>::new(), "{silent}");
    }
}

#[test]
fn texts_are_compared_in_their_composed_form() {
    let composed = get(bundled(), "/v1/territories?name=B%C3%A9thune&kind=commune").data();
    assert_eq!(composed.as_array().map(Vec::len), Some(1));
    assert_eq!(get(bundled(), "/v1/territories?name=Be%CC%81thune&kind=commune").data(), composed);
}

#[test]
fn a_decimal_comma_is_two_values_and_the_answer_says_so() {
    let said = notices("/v1/observations?value=12,5");
    let found = said.iter().find(|notice| notice["kind"] == "two_numbers").expect("a notice");
    assert_eq!(
        (&found["parameter"], &found["code"], &found["instead_values"]),
        (&json!("value"), &json!("12,5"), &json!(["12.5"]))
    );
    for silent in ["value=12.5", "value=12", "value=12,5,7", "value=12.0,5", "population=12,5"] {
        let dataset = if silent.starts_with("value") { "observations" } else { "territories" };
        let said = notices(&format!("/v1/{dataset}?{silent}"));
        assert!(said.iter().all(|notice| notice["kind"] != "two_numbers"), "{silent}: {said:?}");
    }
}

#[test]
fn a_list_is_the_union_of_its_parameters_and_a_single_value_is_given_once() {
    let data = |target: &str| get(bundled(), target).data();
    for (repeated, listed) in [
        ("territories?kind=region&kind=departement&limit=200", "territories?kind=region,departement&limit=200"),
        ("territories?within=DEP-59&within=DEP-62&kind=arrondissement", "territories?within=DEP-59,DEP-62&kind=arrondissement"),
        ("territories?kind=region&fields=code&fields=name", "territories?kind=region&fields=code,name"),
        ("changes?dataset=units&dataset=sources&limit=5", "changes?dataset=units,sources&limit=5"),
        ("aggregates/observations?by=period&by=nature&function=count", "aggregates/observations?by=period,nature&function=count"),
    ] {
        assert_eq!(data(&format!("/v1/{repeated}")), data(&format!("/v1/{listed}")), "{repeated}");
    }
    for scalar in
        ["limit=1&limit=2", "release=1&release=1", "population__gte=1&population__gte=2", "q=a&q=b", "format=json&format=csv"]
    {
        let problem = get(bundled(), &format!("/v1/territories?{scalar}")).problem(400);
        assert_eq!(problem["errors"][0]["reason"], "repeated", "{scalar}");
    }
}

#[test]
fn a_code_of_another_kind_suggests_the_one_with_its_number() {
    for (code, right) in [("COM-75101", "ARM-75101"), ("REG-59", "DEP-59"), ("EPCI-59350", "COM-59350")] {
        let problem = get(bundled(), &format!("/v1/territories/{code}")).json();
        assert_eq!(problem["closest"][0], json!(right), "{code}: {problem}");
        let filtered = get(bundled(), &format!("/v1/observations?territory_code={code}")).problem(400);
        assert_eq!(filtered["errors"][0]["closest"][0], json!(right), "{code}");
    }
}

#[test]
fn one_fault_is_one_error() {
    for (query, name) in [
        ("territories?lon=3.0573E0&lat=50.6", "lon"),
        ("territories?lon=3.06&lat=nord", "lat"),
        ("territories?format=geojso&geometry=centre", "format"),
        ("observations?format=cvs&layout=wide", "format"),
        ("aggregates/observations?by=perid&function=count&sort=period", "by"),
        ("aggregates/observations?function=own&territory_code=", "territory_code"),
    ] {
        let problem = get(bundled(), &format!("/v1/{query}")).problem(400);
        let named: Vec<&str> =
            problem["errors"].as_array().expect("errors").iter().filter_map(|one| one["name"].as_str()).collect();
        assert_eq!(named, [name], "{query}: {problem}");
    }
    let alone = get(bundled(), "/v1/territories?lon=3.06").problem(400);
    assert_eq!(alone["errors"][0]["reason"], "requires_other");
}

#[test]
fn names_of_other_services_name_what_does_the_same_here() {
    for (query, closest) in [
        ("observations?year=2019", "period"),
        ("territories?year=2015", "geography"),
        ("territories?page=2", "cursor"),
        ("territories?offset=100", "cursor"),
        ("territories?per_page=10", "limit"),
        ("territories?departement=59", "within"),
        ("observations?commune=59350", "within"),
        ("territories?order_by=name", "sort"),
        ("territories?search=lille", "q"),
        ("territories?select=code", "fields"),
        ("territories?Page=2", "cursor"),
    ] {
        let problem = get(bundled(), &format!("/v1/{query}")).problem(400);
        let error = &problem["errors"][0];
        assert_eq!((&error["reason"], &error["closest"]), (&json!("unknown_parameter"), &json!([closest])), "{query}: {problem}");
    }
    let none = get(bundled(), "/v1/units?departement=59").problem(400);
    assert_ne!(none["errors"][0]["closest"], json!(["within"]), "units have no territory");
}
