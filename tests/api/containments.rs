//! What lies in what, as rows: memberships as they were published, and the containments that each release derives.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{bundled, example_data, get};

fn rows(target: &str) -> Vec<Value> {
    let reply = get(bundled(), target);
    assert_eq!(reply.status, 200, "{target}: {}", reply.text());
    reply.data().as_array().expect("a list").clone()
}

fn total(target: &str) -> i64 {
    get(bundled(), &format!("{target}&total=exact&limit=1")).json()["meta"]["total"]["value"].as_i64().expect("a total")
}

fn texts(rows: &[Value], name: &str) -> Vec<String> {
    rows.iter().map(|row| row[name].as_str().expect("a text").to_owned()).collect()
}

#[test]
fn memberships_are_a_dataset_with_the_words_of_containments() {
    let one = get(bundled(), "/v1/memberships/PER-bassin-minier~COM-62498").data();
    let expected = json!({
        "code": "PER-bassin-minier~COM-62498", "container_code": "PER-bassin-minier", "part_code": "COM-62498",
        "population_share": 1, "source_code": "mission-bassin-minier-communes", "source_location": "Colonne code_commune",
        "note": null,
    });
    assert_eq!(one, expected);
    assert_eq!(total("/v1/memberships?"), 379);
    assert_eq!(total("/v1/memberships?container_code=PER-bassin-minier"), 250);
    assert_eq!(total("/v1/memberships?container_code=PER-bassin-minier&within=DEP-59"), 118);
    assert_eq!(texts(&rows("/v1/memberships?part_code=COM-93066"), "container_code"), ["EPT-200057867"]);
    let history = get(bundled(), "/v1/memberships/PER-bassin-minier~COM-62498/history").data();
    assert_eq!(history.as_array().map(Vec::len), Some(1), "{history}");
    get(bundled(), "/v1/memberships/PER-bassin-minier~COM-59350").problem(404);
    get(bundled(), "/v1/memberships?container_code=PER-bassin-miner").problem(400);
}

#[test]
fn containments_are_what_links_between_territories_and_within_read() {
    let found = rows("/v1/containments?part_code=COM-59350");
    let expected = [("ARR-595", true), ("DEP-59", true), ("EPCI-200093201", true), ("FR", false), ("REG-32", false)];
    let pairs: Vec<(String, bool)> =
        found.iter().map(|row| (row["container_code"].as_str().expect("a code").to_owned(), row["direct"] == true)).collect();
    assert_eq!(pairs, expected.map(|(code, direct)| (code.to_owned(), direct)));
    assert!(found.iter().all(|row| row["population_share"] == 1 && row["direct"].is_boolean()), "{found:?}");
    for code in ["COM-59350", "EPCI-200069722", "PER-bassin-minier", "COMA-59355", "COM-59355"] {
        let ancestors = rows(&format!("/v1/territories/{code}/ancestors?sort=code&fields=code,population_share"));
        let containers = rows(&format!("/v1/containments?part_code={code}&fields=container_code,population_share"));
        assert_eq!(texts(&ancestors, "code"), texts(&containers, "container_code"), "{code}");
        let shares = |rows: &[Value]| rows.iter().map(|row| row["population_share"].clone()).collect::<Vec<_>>();
        assert_eq!(shares(&ancestors), shares(&containers), "{code}");
    }
    for code in ["DEP-59", "EPCI-200093201", "PER-bassin-minier", "COM-59350"] {
        let members = total(&format!("/v1/territories/{code}/members?status=former,current"));
        assert_eq!(total(&format!("/v1/containments?container_code={code}&direct=true")), members, "{code}");
        let descendants = total(&format!("/v1/territories/{code}/descendants?status=former,current"));
        assert_eq!(total(&format!("/v1/containments?container_code={code}")), descendants, "{code}");
        // `within` also has the territory itself.
        let within = total(&format!("/v1/territories?within={code}&status=former,current"));
        assert_eq!(total(&format!("/v1/containments?container_code={code}&population_share=1")) + 1, within, "{code}");
    }
    assert_eq!(get(bundled(), "/v1/containments/REG-32~EPCI-200069722").data()["population_share"], 0.20143);
    get(bundled(), "/v1/containments/DEP-59~DEP-59").problem(404);
    get(bundled(), "/v1/containments?direct=yes").problem(400);
    // Its rows are of today; those of another day are read from a territory.
    get(bundled(), "/v1/containments?within=DEP-59&geography=2012").problem(400);
    assert_eq!(total("/v1/territories/DEP-59/members?geography=2012&kind=commune"), 650);
}

#[test]
fn no_territory_is_a_part_of_itself_in_lists_files_and_changes() {
    let listed = get(bundled(), "/v1/containments?format=csv&fields=container_code,part_code").text();
    let listed: BTreeSet<&str> = listed.lines().skip(1).collect();
    assert!(listed.iter().all(|line| line.split_once(',').is_some_and(|(container, part)| container != part)));
    let file = get(bundled(), "/v1/files/containments.csv").text();
    let mut file = csv::Reader::from_reader(file.as_bytes());
    assert_eq!(file.headers().expect("a header"), &["code", "container_code", "part_code", "population_share", "direct"][..]);
    let whole: BTreeSet<String> =
        file.records().map(|row| row.expect("a row")).map(|row| format!("{},{}", &row[1], &row[2])).collect();
    assert!(whole.iter().map(String::as_str).eq(listed.iter().copied()), "the file has what the list has");
    let changes = get(example_data(), "/v1/changes?dataset=memberships,containments&limit=1000").data();
    let changes = changes.as_array().expect("a list");
    let names = |row: &Value| row.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    for change in changes {
        let dataset = change["dataset"].as_str().expect("a name");
        let code = change["code"].as_str().expect("a code");
        let row = get(example_data(), &format!("/v1/{dataset}/{code}")).data();
        assert_eq!((&change["row"], names(&change["row"])), (&row, names(&row)), "{code}");
        assert_ne!(row["container_code"], row["part_code"]);
    }
    assert_eq!(changes.iter().filter(|change| change["dataset"] == "memberships").count(), 4);
}

#[test]
fn scopes_hold_the_territories_that_they_name() {
    let of = |target: &str| {
        let found = get(example_data(), target).data();
        found.as_array().expect("a list").iter().map(|row| row["code"].as_str().expect("a code").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(of("/v1/territories?within=COM-91001"), ["COM-91001"]);
    assert_eq!(
        of("/v1/territories?touching=DEP-91"),
        ["COM-91001", "COM-91002", "COM-91003", "COM-91004", "DEP-91", "PER-essai"]
    );
    assert_eq!(of("/v1/territories?within=DEP-91,COM-92001&kind=departement"), ["DEP-91"]);
    assert_eq!(of("/v1/territories?within=DEP-91&touching=PER-essai"), ["COM-91001", "COM-91002", "COM-91003"]);
    assert_eq!(of("/v1/memberships?within=COM-91001"), ["PER-essai~COM-91001"]);
    let dated = rows("/v1/territories?within=DEP-60&geography=2010&kind=departement");
    assert_eq!(texts(&dated, "code"), ["DEP-60"]);
    assert!(!rows("/v1/observations?within=DEP-59&geography=2026&territory_code=DEP-59").is_empty());
}
