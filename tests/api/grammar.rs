//! Parameters that are not filters: search, points and boxes, columns, labels, related rows, facets, counts.

use reperes::datasets::collections;
use serde_json::{Value, json};

use crate::harness::{bundled, example_data, get};

fn rows(target: &str) -> Vec<Value> {
    get(bundled(), target).data().as_array().expect("a list").clone()
}

fn codes(target: &str) -> Vec<String> {
    rows(target).iter().map(|row| row["code"].as_str().expect("a code").to_owned()).collect()
}

#[test]
fn a_search_folds_accents_case_hyphens_and_elisions() {
    for words in ["st etienne", "Saint-Étienne", "SAINT ETIENNE", "saint-eti", "etienne st", "st%20%20etienne"] {
        let found = codes(&format!("/v1/territories?q={words}&kind=commune&limit=3&fields=code"));
        assert_eq!(found[0], "COM-42218", "{words}");
    }
    let access = codes("/v1/measures?q=l'accès&fields=code");
    assert!(access.len() > 3, "{access:?}");
    for words in ["acces", "ACCÈS", "d’accès", "l’acces"] {
        assert_eq!(codes(&format!("/v1/measures?q={words}&fields=code")), access, "{words}");
    }
    let sorted = |target: &str| {
        let mut found = codes(target);
        found.sort();
        found
    };
    assert_eq!(sorted("/v1/measures?q=enfant&fields=code"), sorted("/v1/measures?q=enfants&fields=code"));
    let observed = rows("/v1/observations?q=petits dejeuners&fields=indicator_code");
    assert_eq!(observed.len(), 2, "observations are found by their indicator: {observed:?}");
    assert_eq!(rows("/v1/territories?q=59350&fields=code")[0]["code"], "COM-59350");
}

#[test]
fn a_search_ranks_the_exact_name_first_and_then_by_population() {
    let names = |target: &str| -> Vec<Value> { rows(target).iter().map(|row| json!([row["name"], row["kind"]])).collect() };
    assert_eq!(
        names("/v1/territories?q=lille&limit=3&fields=name,kind"),
        [json!(["Lille", "arrondissement"]), json!(["Lille", "commune"]), json!(["Lillers", "commune"])]
    );
    let page = get(bundled(), "/v1/territories?q=saint&kind=commune&limit=50&fields=code,population").json();
    let populations: Vec<i64> =
        page["data"].as_array().expect("a list").iter().map(|row| row["population"].as_i64().unwrap_or(-1)).collect();
    assert!(populations.is_sorted_by(|a, b| a >= b), "{populations:?}");
    let mut all = 0;
    let mut next = Some("/v1/territories?q=saint&kind=commune&limit=1000&fields=code&total=exact".to_owned());
    let mut total = Value::Null;
    while let Some(target) = next {
        let page = get(bundled(), &target).json();
        all += page["data"].as_array().expect("a list").len();
        total = page["meta"]["total"]["value"].clone();
        next = page["links"]["next"].as_str().map(str::to_owned);
    }
    assert_eq!(json!(all), total);
    assert!(all > 3000, "{all} communes");
}

#[test]
fn a_search_without_an_exact_match_finds_similar_names() {
    let page = get(bundled(), "/v1/territories?q=roubais&kind=commune&fields=name").json();
    assert_eq!((page["data"][0]["name"].clone(), page["meta"]["search"].clone()), (json!("Roubaix"), json!("approximate")));
    assert!(get(bundled(), "/v1/territories?q=lille&limit=1").json()["meta"].get("search").is_none());
    assert_eq!(rows("/v1/territories?q=xqzvwk&fields=name"), Vec::<Value>::new());
    for q in ["", "%20", "-'", "a b c d e f g h i j k"] {
        get(bundled(), &format!("/v1/territories?q={q}")).problem(400);
    }
    let odd = [("%27%3B--", 400), ("a%26b", 200), ("!%7C%28%29%3A*", 400), ("de", 200), ("l%27", 200), ("%E4%B8%AD", 200)];
    for (q, status) in odd {
        let reply = get(bundled(), &format!("/v1/territories?q={q}&limit=1"));
        assert_eq!(reply.status, status, "{q}: {}", reply.text());
    }
}

#[test]
fn territories_are_found_by_a_point_and_by_a_bounding_box() {
    let here = codes("/v1/territories?lon=3.0573&lat=50.6292&fields=code");
    assert_eq!(here, ["ARR-595", "COM-59350", "DEP-59", "EPCI-200093201", "FR", "REG-32"]);
    assert_eq!(codes("/v1/territories?lon=-30&lat=40&fields=code"), Vec::<String>::new());
    let boxed = codes("/v1/territories?bbox=3.05,50.62,3.06,50.63&kind=commune&fields=code");
    assert_eq!(boxed, ["COM-59350"]);
    for query in
        ["lon=3", "lat=50", "lon=200&lat=50", "lon=a&lat=50", "bbox=1,2,3", "bbox=3,50,2,51", "bbox=1,2,3,4,5", "lon=1e3&lat=1"]
    {
        get(bundled(), &format!("/v1/territories?{query}")).problem(400);
    }
    // Only territories have a place themselves; rows of other datasets are found by the code of their territory.
    for dataset in collections().filter(|dataset| dataset.name != "territories") {
        for query in ["lon=3&lat=50", "bbox=3.05,50.62,3.06,50.63"] {
            let problem = get(bundled(), &format!("/v1/{}?{query}", dataset.name)).problem(400);
            let names: Vec<&str> = query.split('&').filter_map(|pair| pair.split('=').next()).collect();
            let refused: Vec<&Value> = problem["errors"].as_array().expect("errors").iter().map(|e| &e["name"]).collect();
            assert_eq!(refused, names, "{}", dataset.name);
        }
    }
}

#[test]
fn fields_and_labels_select_the_columns() {
    let figure = "indicator_code=places-accueil-jeune-enfant-en-projet&territory_code=DEP-59";
    let row = &rows(&format!("/v1/observations?fields=value,territory_code,nature&labels=true&{figure}"))[0];
    assert_eq!(
        row,
        &json!({"value": 350, "territory_code": "DEP-59", "territory_label": "Nord", "nature": "observed", "nature_label": "observé"})
    );
    let row = &rows("/v1/observations?fields=territory_code&labels=false&limit=1&territory_code=DEP-59")[0];
    assert_eq!(row, &json!({"territory_code": "DEP-59"}));
    assert_eq!(get(bundled(), "/v1/territories/DEP-59?fields=name").data(), json!({"name": "Nord"}));
    for query in ["fields=", "fields=code,code", "fields=nom", "labels=noms", "labels=both", "labels=name", "labels="] {
        get(bundled(), &format!("/v1/observations?{query}")).problem(400);
    }
    let next = get(bundled(), "/v1/territories?fields=name&sort=-population&limit=2").json()["links"]["next"].clone();
    assert_eq!(rows(next.as_str().expect("a next page")).len(), 2);
}

#[test]
fn included_rows_appear_once_in_the_page() {
    let page = get(bundled(), "/v1/conventions?include=funding,signatories&fields=code").json();
    let names: Vec<&String> = page["included"]["actors"].as_object().expect("rows by code").keys().collect();
    assert_eq!(names, ["cd-02", "cd-59", "cd-60", "cd-62", "cd-80", "etat"]);
    assert_eq!(page["included"]["funding"]["bassin-minier-2019-2021"]["convention_code"], "convention-bassin-minier");
    assert_eq!(page["meta"]["included_truncated"], Value::Null, "nothing is cut");
    let item = get(bundled(), "/v1/territories/COM-59350?include=departement,epci&fields=name").json();
    assert_eq!(item["included"]["territories"]["DEP-59"]["name"], "Nord");
    assert_eq!(item["included"]["territories"]["EPCI-200093201"]["code"], "EPCI-200093201");
    let twice = get(bundled(), "/v1/measures?code=sorties-ase,contractualisation-departements&include=leads,partners").text();
    for code in ["etat", "cd-02"] {
        assert_eq!(twice.matches(&format!("\"{code}\":{{\"code\"")).count(), 1, "{code} has two roles and comes once");
    }
    let none = get(bundled(), "/v1/conventions?signed_on=1999-01-01&include=funding").json();
    assert_eq!((&none["data"], &none["included"]), (&json!([]), &json!({"funding": {}})));
    assert!(get(bundled(), "/v1/conventions").json().get("included").is_none());
    for query in ["include=rien", "include=funding,funding", "include=funding&format=csv"] {
        get(bundled(), &format!("/v1/conventions?{query}")).problem(400);
    }
}

#[test]
fn facets_count_the_rows_of_each_remaining_value() {
    let facets =
        get(bundled(), "/v1/territories?facets=kind,legal_form&kind=epci&within=REG-32&limit=1").json()["meta"]["facets"].clone();
    let count = |facet: &str, value: &str| {
        let choices = facets[facet]["choices"].as_array().expect("a list");
        choices.iter().find(|choice| choice["value"] == value).map(|choice| choice["count"].clone())
    };
    assert_eq!(count("kind", "commune"), Some(json!(3782)), "the filter on the field itself is left out");
    assert_eq!(count("kind", "epci"), Some(json!(90)));
    let forms: i64 =
        facets["legal_form"]["choices"].as_array().expect("a list").iter().filter_map(|choice| choice["count"].as_i64()).sum();
    assert_eq!(forms, 90, "all other filters hold");
    let listed = get(bundled(), "/v1/conventions?facets=signatory_codes").json()["meta"]["facets"]["signatory_codes"].clone();
    assert_eq!(listed["choices"][0], json!({"value": "etat", "count": 6}));
    for query in ["facets=name", "facets=kind,kind", "facets=kind&format=ndjson"] {
        get(bundled(), &format!("/v1/territories?{query}")).problem(400);
    }
}

#[test]
fn counts_report_whether_they_are_exact_or_bounded() {
    let total = |query: &str| get(bundled(), &format!("/v1/territories?limit=1&{query}")).json()["meta"]["total"].clone();
    assert_eq!(total("total=bounded"), json!({"value": 10_000, "relation": "gte"}));
    assert_eq!(total("total=bounded&kind=region"), json!({"value": 18, "relation": "eq"}));
    assert_eq!(total("total=exact&kind=commune"), json!({"value": 34_969, "relation": "eq"}));
    assert_eq!(total("total=none"), Value::Null);
    get(example_data(), "/v1/territories?count=exact").problem(400);
    assert_eq!(get(example_data(), "/v1/territories?format=csv&total=exact").header("total-count"), Some("11"));
}
