//! Versions: every figure that was ever published, with the releases that had it, in all pages, sort orders and representations.

use reperes::query::{Column, Context, Representation};
use serde_json::{Value, json};

use crate::harness::four_releases::{four_releases, part, published};
use crate::harness::{SOURCES, TestServer, bundle, get, publish, territories};

const VERSIONS: [(&str, i32, i32, Option<i32>); 6] = [
    ("changes", 1, 1, Some(2)),
    ("changes", 2, 2, None),
    ("comes", 1, 4, None),
    ("goes", 1, 1, Some(3)),
    ("quits", 1, 1, Some(3)),
    ("stays", 1, 1, None),
];

fn version((breakdown, value, first, last): (&str, i32, i32, Option<i32>)) -> Value {
    json!([part(breakdown), value, first, last, four_releases().published[usize::try_from(first).expect("small") - 1]])
}

fn versions(target: &str) -> Vec<Value> {
    let rows = four_releases().get(target).data();
    let names = ["breakdown_code", "value", "released_from", "released_until", "published_at"];
    rows.as_array().expect("a list").iter().map(|row| json!(names.map(|name| row[name].clone()))).collect()
}

fn expected(only: impl Fn(&&(&str, i32, i32, Option<i32>)) -> bool) -> Vec<Value> {
    VERSIONS.iter().filter(only).map(|one| version(*one)).collect()
}

#[test]
fn vintages_are_the_versions_published_up_to_the_release() {
    for path in ["/v1/observations?", "/v1/observations?indicator_code=stays&", "/v1/observations?territory_code=stays&"] {
        let of = |query: &str| versions(&format!("{path}{query}"));
        assert_eq!(of("vintages=all"), expected(|_| true));
        assert_eq!(of("vintages=first"), expected(|one| (one.0, one.2) != ("changes", 2)));
        assert_eq!(of("vintages=revised"), expected(|one| one.0 == "changes"));
        assert_eq!(
            of("vintages=all&breakdown_code=essai.goes,essai.changes"),
            expected(|one| ["goes", "changes"].contains(&one.0))
        );
        assert_eq!(of("vintages=all&value=2"), [version(VERSIONS[1])]);
        assert_eq!(of("vintages=first&value=2"), [Value::Null; 0], "a filter does not make a later version the first");
        // A release contains neither later versions nor the end of a version that a later release closed.
        let open = |one: (&'static str, i32, i32, Option<i32>)| version((one.0, one.1, one.2, None));
        let first: Vec<Value> = VERSIONS.into_iter().filter(|one| one.2 == 1).map(open).collect();
        assert_eq!(of("vintages=all&release=1"), first);
        let second: Vec<Value> = VERSIONS
            .into_iter()
            .filter(|one| one.2 <= 2)
            .map(|one| if one.0 == "changes" { version(one) } else { open(one) })
            .collect();
        assert_eq!(of(&format!("vintages=all&as_of={}", four_releases().published[1])), second);
        assert_eq!(of("vintages=revised&release=1"), [Value::Null; 0]);
    }
    let code = "stays~stays~2020~essai.goes~observed~stays";
    assert_eq!(versions(&format!("/v1/observations?vintages=all&code={code}")), expected(|one| one.0 == "goes"));
    four_releases().get(&format!("/v1/observations?code={code}")).problem(400);
    let counted = four_releases().get("/v1/observations?vintages=all&total=exact&limit=1").json();
    assert_eq!(counted["meta"]["total"], json!({"value": 6, "relation": "eq"}));
    let faceted = four_releases().get("/v1/observations?vintages=all&facets=nature&include=indicator&limit=1").json();
    assert_eq!(faceted["meta"]["facets"]["nature"]["choices"], json!([{"value": "observed", "count": 6}]));
    assert_eq!(faceted["included"]["indicators"]["stays"]["code"], "stays");
    let current = four_releases().get("/v1/observations").data();
    assert!(current.as_array().expect("a list").iter().all(|row| row.get("released_from").is_none()));
}

#[test]
fn pages_of_versions_visit_each_version_once_in_every_order() {
    let sorts = [
        "",
        "&sort=-value",
        "&sort=note",
        "&sort=-released_from",
        "&sort=released_from,-breakdown_code",
        "&sort=-code",
        "&sort=period",
    ];
    for sort in sorts {
        let whole = four_releases().get(&format!("/v1/observations?vintages=all{sort}")).data();
        for limit in 1..=5 {
            let mut next = Some(format!("/v1/observations?vintages=all&limit={limit}{sort}"));
            let mut seen = Vec::new();
            while let Some(target) = next {
                let page = four_releases().get(&target).json();
                seen.extend(page["data"].as_array().expect("a list").clone());
                next = page["links"]["next"].as_str().map(str::to_owned);
            }
            assert_eq!(Value::from(seen), whole, "{limit} by {sort}");
        }
    }
    let newest: Vec<Value> = versions("/v1/observations?vintages=all&sort=-released_from&limit=2");
    assert_eq!(newest, [version(VERSIONS[2]), version(VERSIONS[1])]);
    let next =
        four_releases().get("/v1/observations?vintages=all&limit=1").json()["links"]["next"].as_str().expect("a page").to_owned();
    four_releases().get(&next.replace("vintages=all", "vintages=first")).problem(400);
}

#[test]
fn versions_are_the_same_in_every_representation_that_has_them() {
    let dataset = published().find(|dataset| dataset.name == "observations").expect("the dataset");
    let context = Context::of(reperes::datasets::REGISTRY, dataset).of_versions();
    let columns: Vec<Column> = context.fields().map(Column::of).collect();
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_ref()).collect();
    assert_eq!(&names[names.len() - 3..], ["released_from", "released_until", "published_at"]);
    let rows = four_releases().get("/v1/observations?vintages=all").data();
    let rows = rows.as_array().expect("a list");
    let csv = four_releases().get("/v1/observations?vintages=all&format=csv").text();
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some(&*names.join(",")));
    for (line, row) in lines.clone().zip(rows) {
        let cells: Vec<&str> = line.split(',').collect();
        let text = |name: &str| row[name].as_str().map_or_else(|| row[name].to_string().replace("null", ""), str::to_owned);
        let end = names[names.len() - 3..].iter().map(|name| text(name)).collect::<Vec<_>>();
        assert_eq!(cells[cells.len() - 3..], end);
    }
    assert_eq!(lines.count(), rows.len());
    let lines = four_releases().get("/v1/observations?vintages=all&format=ndjson").text();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(&lines, rows);
    let features = four_releases().get("/v1/observations?vintages=all&format=geojson").json();
    assert_eq!(features["features"].as_array().map(Vec::len), Some(rows.len()));
    for format in ["parquet", "xlsx"] {
        assert_eq!(four_releases().get(&format!("/v1/observations?vintages=all&format={format}")).status, 200, "{format}");
    }
    let last = four_releases().get("/v1/observations?vintages=all&last=1&total=exact").json();
    assert_eq!(last["meta"]["total"]["value"], rows.len(), "each series has one period, with all its versions");
    let fields = four_releases().get("/v1/observations?vintages=all&fields=value,released_from&limit=1").data();
    assert_eq!(fields, json!([{"value": 1, "released_from": 1}]));
}

#[test]
fn vintages_are_refused_where_they_are_meaningless() {
    let beside = ["layout=wide&format=csv", "compare=country"];
    for other in beside {
        let problem = four_releases().get(&format!("/v1/observations?vintages=all&{other}")).problem(400);
        let parameter = other.split('=').next().expect("a name");
        let faults = problem["errors"].as_array().expect("faults");
        let fault = json!({"parameter": parameter, "detail": "The parameter has no meaning beside `vintages`."});
        assert!(faults.contains(&fault), "{other}: {problem}");
    }
    for format in Representation::of(published().find(|dataset| dataset.name == "observations").expect("the dataset")) {
        let status = four_releases().get(&format!("/v1/observations?vintages=all&format={}", format.name())).status;
        assert_eq!(status, if format.is_fixed() { 400 } else { 200 }, "{}", format.name());
    }
    for wrong in [
        "vintages=last",
        "vintages=",
        "released_from=1",
        "vintages=all&released_from=1",
        "fields=released_from",
        "sort=released_from",
    ] {
        four_releases().get(&format!("/v1/observations?{wrong}")).problem(400);
    }
    for dataset in published().filter(|dataset| dataset.name != "observations") {
        four_releases().get(&format!("/v1/{}?vintages=all", dataset.name)).problem(400);
    }
}

#[test]
fn a_version_has_the_names_of_its_time() {
    let server = TestServer::empty();
    let indicator = |title: &str| {
        format!(
            "code,title,definition,unit_code,decimals,territory_additivity,time_additivity,direction,source_code\n\
             i,{title},I,personne,0,sum,none,none,essai\n"
        )
    };
    let observation = |value: &str, status: &str| {
        format!(
            "indicator_code,territory_code,period,breakdown_code,nature,value,qualifier,statuses,geography_year,source_code\n\
             i,COM-1,2019,_T,observed,{value},exact,{status},2026,essai\n"
        )
    };
    let place = territories(&[("COM-1", "A", "1")]);
    let first = bundle(&[
        ("sources", SOURCES),
        ("territories", &place),
        ("indicators", &indicator("Avant")),
        ("observations", &observation("1", "P")),
    ]);
    publish(&server.url, &first).expect("the bundle is right");
    let units = "code,title,title_plural,source_code\npersonne,individu,individus,essai\n";
    let second = bundle(&[("indicators", &indicator("Après")), ("observations", &observation("1", "A")), ("units", units)]);
    publish(&server.url, &second).expect("the bundle is right");
    for limit in ["&limit=10", ""] {
        let target = format!("/v1/observations?vintages=revised&labels=true&format=ndjson{limit}");
        let rows: Vec<Value> =
            get(server.address, &target).text().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let found: Vec<Value> =
            rows.iter().map(|row| json!([row["unit_label"], row["indicator_label"], row["statuses"]])).collect();
        assert_eq!(found, [json!(["personne", "Avant", ["P"]]), json!(["individu", "Après", ["A"]])], "a status is revised too");
    }
}
