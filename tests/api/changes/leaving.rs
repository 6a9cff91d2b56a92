//! Every way in which a row leaves a selection while it stays published, told apart from a withdrawal.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::history::{
    COMMITMENTS, CONTOURS, INDICATORS, MEASURES, SUMMARY, TERRITORIES, observations, publish_amended, square, withdraw,
};
use crate::harness::{SOURCES, TestServer, bundle, get, publish};

const PERIMETERS: &str = "PER-a,perimeter,A,,,,2026,essai
PER-b,perimeter,B,,,,2026,essai
";

const MEMBERSHIPS: &str = "container_code,part_code,population_share,source_code
PER-a,COM-91001,1,essai
PER-a,COM-91002,1,essai
PER-b,COM-91003,1,essai
";

/// What a row of `habitants` is called.
fn code(commune: &str) -> String {
    format!("habitants~{commune}~2020~_T~observed~essai")
}

/// The operations of a release on a selection of one dataset: operation, code, reason and successor.
fn operations(server: &TestServer, release: i32, dataset: &str, filters: &str) -> BTreeSet<String> {
    let target = format!("/v1/changes?dataset={dataset}&{filters}&since={}&until={release}", release - 1);
    let told = |change: &Value| json!([change["op"], change["code"], change["reason"], change["successor_code"]]).to_string();
    let changes = get(server.address, &target).data();
    let lines = get(server.address, &format!("{target}&format=ndjson")).text();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    assert_eq!(changes, json!(lines), "{target}: NDJSON says something else");
    let csv = get(server.address, &format!("{target}&format=csv")).body;
    let mut reader = csv::Reader::from_reader(csv.as_slice());
    let names: Vec<String> = reader.headers().expect("a header").iter().map(str::to_owned).collect();
    let at = |name: &str| names.iter().position(|other| other == name).expect("a column");
    for (record, change) in reader.records().zip(&lines) {
        let record = record.expect("a line");
        for name in ["op", "code", "reason", "successor_code"] {
            assert_eq!(&record[at(name)], change[name].as_str().unwrap_or_default(), "{target}: {name} as CSV");
        }
        let rest = ["note", "title", "name", "value"].map(|name| names.iter().position(|other| other == name));
        for place in rest.into_iter().flatten().filter(|_| change["op"] != "upsert") {
            assert_eq!(&record[place], "", "{target}: a row that is gone has its key alone");
        }
    }
    changes.as_array().expect("a list").iter().map(told).collect()
}

fn set<const N: usize>(expected: [Value; N]) -> BTreeSet<String> {
    expected.iter().map(Value::to_string).collect()
}

fn left(code: &str) -> Value {
    json!(["leave", code, null, null])
}

fn came(code: &str) -> Value {
    json!(["upsert", code, null, null])
}

#[test]
fn a_row_that_is_still_published_leaves_and_one_that_is_not_is_withdrawn() {
    let server = TestServer::empty();
    let one = |files: &[(&str, &str)]| _ = publish(&server.url, &bundle(files)).expect("the bundle is right");
    let of = |value: &str| {
        let all = ["COM-91001", "COM-91002", "COM-91003"].map(|commune| ("habitants", commune, "2020", value, "exact"));
        observations(&all)
    };
    one(&[
        ("sources", SOURCES),
        ("territories", &format!("{SUMMARY}{TERRITORIES}{PERIMETERS}")),
        ("memberships", MEMBERSHIPS),
        ("contours", &format!("{CONTOURS}{}", square("COM-91001", 2))),
        ("indicators", INDICATORS),
        ("observations", &of("85")),
        ("commitments", COMMITMENTS),
        ("measures", &format!("{MEASURES}m1,axe,Une,Résumé,completed,COM-91001,essai\n")),
    ]);
    let [first, second, third] = ["COM-91001", "COM-91002", "COM-91003"].map(code);

    // 2: a value changes so that a filter no longer matches.
    one(&[("observations", &observations(&[("habitants", "COM-91001", "2020", "15", "exact")]))]);
    assert_eq!(operations(&server, 2, "observations", "value__gt=50"), set([left(&first)]));
    assert_eq!(operations(&server, 2, "observations", "value__lt=50"), set([came(&first)]));
    assert_eq!(operations(&server, 2, "observations", "within=DEP-91"), set([came(&first)]));

    // 3: a commune moves; its observations do not change.
    one(&[("territories", &format!("{SUMMARY}COM-91001,commune,Avesnes,100,DEP-92,REG-99,2026,essai\n"))]);
    assert_eq!(operations(&server, 3, "observations", "within=DEP-91"), set([left(&first)]));
    assert_eq!(operations(&server, 3, "observations", "within=DEP-92"), set([came(&first)]));
    // The perimeter has a commune elsewhere now, so it no longer lies wholly in the département.
    assert_eq!(operations(&server, 3, "territories", "within=DEP-91"), set([left("COM-91001"), left("PER-a")]));
    assert_eq!(operations(&server, 3, "territories", "departement_code=DEP-91"), set([left("COM-91001")]));
    assert_eq!(operations(&server, 3, "measures", "within=DEP-91"), set([left("m1")]));
    assert_eq!(operations(&server, 3, "observations", "within=REG-99"), set([]));

    // 4: a contour moves.
    one(&[("contours", &format!("{CONTOURS}{}", square("COM-91001", 7)))]);
    assert_eq!(operations(&server, 4, "territories", "lon=2.5&lat=50.5"), set([left("COM-91001")]));
    assert_eq!(operations(&server, 4, "territories", "bbox=7,50,8,51"), set([came("COM-91001")]));

    // 5: a membership is withdrawn; its commune stays.
    withdraw(&server.url, "memberships", &["PER-a~COM-91002"], "Retrait", None);
    assert_eq!(operations(&server, 5, "observations", "within=PER-a"), set([left(&second)]));
    assert_eq!(operations(&server, 5, "territories", "within=PER-a"), set([left("COM-91002")]));
    let memberships = set([json!(["withdraw", "PER-a~COM-91002", "Retrait", null])]);
    assert_eq!(operations(&server, 5, "memberships", ""), memberships);

    // 6: the territory of `within` is withdrawn, with a successor; what lay in it stays.
    publish_amended(&server.url, &bundle(&[]), |manifest| {
        let asked = |dataset: &str, code: &str, more: &str| {
            format!("[[withdraw]]\ndataset = \"{dataset}\"\ncodes = [\"{code}\"]\nreason = \"Supprimé\"\n{more}")
        };
        manifest + &asked("memberships", "PER-b~COM-91003", "") + &asked("territories", "PER-b", "successor = \"PER-a\"\n")
    });
    assert_eq!(operations(&server, 6, "observations", "within=PER-b"), set([left(&third)]));
    let gone = json!(["withdraw", "PER-b", "Supprimé", "PER-a"]);
    assert_eq!(operations(&server, 6, "territories", "within=PER-b"), set([left("COM-91003"), gone.clone()]));
    assert_eq!(operations(&server, 6, "territories", "kind=perimeter"), set([gone]));

    // 7: a list no longer has the value of a filter.
    one(&[("measures", &format!("{MEASURES}m1,axe,Une,Résumé,completed,COM-91003,essai\n"))]);
    assert_eq!(operations(&server, 7, "measures", "territory_codes=COM-91001"), set([left("m1")]));

    // 8: a new edition leaves a row out, without a reason: the title of its release stands for one.
    let edition = bundle(&[("observations", &observations(&[("habitants", "COM-91002", "2020", "15", "exact")]))]);
    publish_amended(&server.url, &edition, |manifest| {
        manifest.replace("dataset = ", "mode = \"replace\"\ndataset = ") + "[file.scope]\nindicator_code = \"habitants\"\n"
    });
    let titled = |code: &str| json!(["withdraw", code, "Essai", null]);
    assert_eq!(operations(&server, 8, "observations", "value__gt=50"), set([left(&second), titled(&third)]));
    assert_eq!(operations(&server, 8, "observations", ""), set([titled(&first), came(&second), titled(&third)]));
    // Only one of the two versions was selected: the row is withdrawn all the same.
    assert_eq!(operations(&server, 8, "observations", "value=15"), set([titled(&first), came(&second)]));
}
