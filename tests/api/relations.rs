//! Every relation between rows is a filter: the codes of related rows select the rows that refer to them, directly or
//! through another row, and `covers` selects what holds for a place. The addresses below a row redirect to these filters.

use std::collections::{BTreeMap, BTreeSet};

use reperes::datasets::{REGISTRY, collections};
use reperes::query::{Dataset, Link, RelationPath, pairs};
use serde_json::{Value, json};

use crate::harness::{Reply, SOURCES, TestServer, bundle, bundled, get, publish};

fn dataset(name: &str) -> &'static Dataset {
    REGISTRY.iter().find(|dataset| dataset.name == name).expect("a dataset")
}

fn rows(reply: &Reply) -> Vec<Value> {
    reply.data().as_array().expect("a list").clone()
}

fn codes(target: &str) -> Vec<String> {
    rows(&get(bundled(), target)).iter().map(|row| row["code"].as_str().expect("a code").to_owned()).collect()
}

/// The codes in a cell: one, several, or none.
fn cell(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    }
}

/// All rows of a dataset.
fn all(name: &str) -> Vec<Value> {
    let rows = rows(&get(bundled(), &format!("/v1/{name}?limit=1000")));
    assert!(rows.len() < 1000, "{name} has more rows than a page");
    rows
}

/// The links whose rows a filter selects, with the filter. Territories and their states are too many for this test.
pub(super) fn filtered() -> impl Iterator<Item = (&'static Dataset, &'static Link, &'static str)> {
    collections().flat_map(|dataset| dataset.links.iter().filter_map(move |link| Some((dataset, link, link.filter()?))))
}

/// Whether a row refers to another by a filter, told from the rows themselves.
fn refers(target: &Dataset, filter: &str, row: &Value, code: &str, between: &BTreeMap<&str, Vec<Value>>) -> bool {
    let Some(relation) = target.relations.iter().find(|relation| relation.name == filter) else {
        return cell(&row[filter]).contains(&code);
    };
    match relation.path {
        RelationPath::Fields(names) => names.iter().any(|name| cell(&row[*name]).contains(&code)),
        RelationPath::Through { field, dataset, by } => {
            let through =
                between[dataset].iter().filter(|other| cell(&row[field]).contains(&other["code"].as_str().expect("a code")));
            through.into_iter().any(|other| cell(&other[by]).contains(&code))
        }
        RelationPath::NamedBy { dataset, by } => between[dataset]
            .iter()
            .any(|other| other["code"] == code && cell(&other[by]).contains(&row["code"].as_str().expect("a code"))),
    }
}

#[test]
fn every_related_list_redirects_to_the_rows_that_refer_to_the_row() {
    let between = BTreeMap::from([("indicators", all("indicators")), ("conventions", all("conventions"))]);
    let (mut cache, mut compared) = (BTreeMap::new(), BTreeMap::new());
    for (dataset, link, filter) in filtered().filter(|(_, link, _)| !link.target.starts_with("territor")) {
        let target = self::dataset(link.target);
        let everything: &Vec<Value> = cache.entry(target.name).or_insert_with(|| all(target.name));
        let owners = match dataset.name {
            "territories" => codes("/v1/territories?kind=region,country,perimeter,departement&limit=1000&fields=code"),
            name => codes(&format!("/v1/{name}?limit=1000&fields=code")),
        };
        for code in owners {
            let nested = get(bundled(), &format!("/v1/{}/{code}/{}?limit=1000", dataset.name, link.name));
            assert_eq!(nested.status, 308);
            let location = nested.header("location").expect("an address");
            assert_eq!(location, format!("/v1/{}?{filter}={code}&limit=1000", target.name));
            let around = match filter {
                "covers" => codes(&format!("/v1/territories?covers={code}&fields=code")),
                _ => Vec::new(),
            };
            let holds = |row: &Value| match filter {
                "covers" => {
                    cell(&row[target.territory.expect("a field")]).iter().any(|own| around.iter().any(|code| code == own))
                }
                _ => refers(target, filter, row, &code, &between),
            };
            let expected: Vec<&Value> = everything.iter().filter(|row| holds(row)).collect();
            assert_eq!(rows(&get(bundled(), location)).iter().collect::<Vec<_>>(), expected, "{location}");
            *compared.entry((dataset.name, link.name)).or_insert(0) += expected.len();
        }
    }
    let some = compared.values().filter(|rows| **rows > 0).count();
    assert!(compared.len() > 25 && some > 18, "{some} of {} links have rows: {compared:?}", compared.len());
}

#[test]
fn every_item_and_the_index_name_the_filtered_lists() {
    let index = get(bundled(), "/v1").data();
    for (at, dataset) in collections().enumerate() {
        let item = get(bundled(), &format!("/v1/{}/{}", dataset.name, dataset.example)).json();
        for link in dataset.links {
            let (address, pattern) = match link.filter() {
                Some(filter) => {
                    let list = format!("/v1/{}?{filter}=", link.target);
                    (format!("{list}{}", pairs::encode(dataset.example)), format!("{list}{{code}}"))
                }
                None => {
                    let own = |code: &str| format!("/v1/{}/{code}/{}", dataset.name, link.name);
                    (own(dataset.example), own("{code}"))
                }
            };
            assert_eq!(item["links"]["related"][link.name], address.as_str());
            assert!(index[at]["related"].as_array().expect("addresses").contains(&json!(pattern)), "{pattern}");
        }
    }
}

#[test]
fn the_counts_of_the_bundled_data_are_those_of_the_nested_lists() {
    for (target, count) in [
        ("/v1/observations?territory_code=REG-32", 20),
        ("/v1/funding?commitment_code=mode-1", 3),
        ("/v1/measures?actor_code=etat", 3),
        ("/v1/observations?commitment_code=engagement-1", 2),
        ("/v1/measures?territory_codes=DEP-59", 3),
        ("/v1/measures?within=DEP-59", 8),
    ] {
        assert_eq!(rows(&get(bundled(), &format!("{target}&limit=1000"))).len(), count, "{target}");
    }
    let roles: Vec<usize> = ["lead_codes", "partner_codes"]
        .iter()
        .map(|role| rows(&get(bundled(), &format!("/v1/measures?{role}=cd-62"))).len())
        .collect();
    assert_eq!(roles, [3, 1], "in any role is more than in one");
}

#[test]
fn an_actor_is_found_in_any_role_and_several_codes_select_any() {
    for dataset in collections() {
        let Some(relation) = dataset.relations.iter().find(|relation| relation.name == "actor_code") else {
            let actors = dataset.fields.iter().filter(|field| field.reference() == Some("actors")).count();
            assert_eq!(actors, 0, "{} refers to actors", dataset.name);
            continue;
        };
        let fields = dataset.fields.iter().filter(|field| field.reference() == Some("actors")).map(|field| field.name);
        assert!(fields.eq(relation.fields().iter().copied()), "{}: every role counts", dataset.name);
        let of = |codes: &str| -> BTreeSet<String> {
            self::codes(&format!("/v1/{}?actor_code={codes}&limit=1000", dataset.name)).into_iter().collect()
        };
        let (one, other) = (of("etat"), of("cd-59"));
        assert!(!one.is_empty(), "{}", dataset.name);
        assert_eq!(of("cd-59,etat"), one.union(&other).cloned().collect(), "{}", dataset.name);
        let unknown = get(bundled(), &format!("/v1/{}?actor_code=etats", dataset.name)).problem(400);
        assert_eq!(unknown["errors"][0]["closest"][0], "etat", "{unknown}");
        get(bundled(), &format!("/v1/{}?actor_code__ne=etat", dataset.name)).problem(400);
        get(bundled(), &format!("/v1/{}?actor_code=", dataset.name)).problem(400);
    }
    get(bundled(), "/v1/actors?actor_code=etat").problem(400);
}

#[test]
fn covers_selects_what_holds_for_a_place() {
    let lille = ["COM-59350", "FR", "REG-32", "DEP-59", "ARR-595", "EPCI-200093201"];
    let mut found = codes("/v1/territories?covers=COM-59350&fields=code");
    found.sort();
    let mut expected = lille.map(str::to_owned).to_vec();
    let perimeters = codes("/v1/territories?kind=perimeter&fields=code");
    let around = rows(&get(bundled(), "/v1/territories/COM-59350/ancestors"));
    let around: BTreeSet<&str> = around.iter().filter_map(|row| row["code"].as_str()).collect();
    expected.extend(perimeters.into_iter().filter(|code| around.contains(code.as_str())));
    expected.sort();
    assert_eq!(found, expected);
    let mut some = 0;
    for dataset in collections().filter(|dataset| dataset.territory.is_some() && !dataset.name.starts_with("territor")) {
        if ["memberships", "containments"].contains(&dataset.name) {
            continue;
        }
        let field = dataset.territory.expect("a field");
        let given = rows(&get(bundled(), &format!("/v1/{}?covers=COM-59350&limit=1000", dataset.name)));
        let everything = all(dataset.name);
        let holds = |row: &&Value| cell(&row[field]).iter().any(|code| found.iter().any(|other| other == code));
        assert_eq!(given.iter().collect::<Vec<_>>(), everything.iter().filter(holds).collect::<Vec<_>>(), "{}", dataset.name);
        some += usize::from(!given.is_empty() && given.len() < everything.len());
    }
    assert!(some >= 4, "{some}");
    // In 2012 Lille lay in the old region, and no EPCI is known of that time.
    let before = codes("/v1/territories?covers=COM-59350&geography=2012&fields=code");
    assert_eq!(before, ["COM-59350", "DEP-59", "FR", "REG-31"]);
    let figures = |query: &str| codes(&format!("/v1/observations?covers=COM-59350&fields=code&limit=1000{query}"));
    let then = figures("&geography=2012");
    assert!(then.iter().any(|code| code.contains("~DEP-59~")) && !then.iter().any(|code| code.contains("~REG-32~")), "{then:?}");
    assert!(figures("").iter().any(|code| code.contains("~REG-32~")));
    let unknown = get(bundled(), "/v1/measures?covers=COM-5935").problem(400);
    assert!(cell(&unknown["errors"][0]["closest"]).contains(&"COM-59350"), "{unknown}");
    get(bundled(), "/v1/indicators?covers=COM-59350").problem(400);
}

#[test]
fn relations_combine_with_everything_that_a_filter_combines_with() {
    let list = "/v1/observations?commitment_code=engagement-1";
    let own = codes(&format!("{list}&fields=code"));
    assert_eq!(own.len(), 2);
    let csv = get(bundled(), &format!("{list}&format=csv&fields=code")).text();
    assert_eq!(csv.lines().skip(1).collect::<Vec<_>>(), own);
    let facets = get(bundled(), &format!("{list}&facets=indicator_code")).json()["meta"]["facets"]["indicator_code"].clone();
    let counted: i64 = facets["choices"].as_array().expect("values").iter().filter_map(|one| one["count"].as_i64()).sum();
    assert_eq!(counted, 2);
    let first = get(bundled(), &format!("{list}&fields=code&limit=1")).json();
    let next = first["links"]["next"].as_str().expect("a next page");
    assert!(next.starts_with("/v1/observations?commitment_code=engagement-1&"), "{next}");
    assert_eq!(codes(next), own[1..]);
    let pinned = first["links"]["pinned"].as_str().expect("a pinned address");
    assert_eq!(codes(pinned), own[..1]);
    for both in ["&measure_code=points-conseil-budget", "&covers=COM-59350", "&last=1", "&vintages=all"] {
        let some = codes(&format!("{list}&fields=code{both}"));
        assert!(some.iter().all(|code| own.contains(code)), "{both}: {some:?}");
    }
    let changed = get(bundled(), "/v1/changes?dataset=observations&commitment_code=engagement-1").data();
    let changed: Vec<&str> = changed.as_array().expect("changes").iter().filter_map(|one| one["code"].as_str()).collect();
    assert_eq!(changed, own);
    get(bundled(), "/v1/changes?commitment_code=engagement-1").problem(400);
}

/// A server on which an indicator moves from one commitment to another in release 2, with its two figures unchanged.
fn moving() -> TestServer {
    let server = TestServer::empty();
    let indicators = |commitment: &str| {
        format!(
            "code,title,definition,unit_code,decimals,territory_additivity,time_additivity,commitment_code,direction,source_code\n\
             i,I,I,foyer,0,sum,none,{commitment},none,essai\nautre,Autre,Autre,foyer,0,sum,none,b,none,essai\n"
        )
    };
    let files = [
        ("sources", SOURCES),
        ("territories", "code,kind,name,geography_year,source_code\nFR,country,France,2026,essai\n"),
        ("commitments", "code,kind,rank,title,summary,source_code\na,commitment,1,A,A,essai\nb,commitment,2,B,B,essai\n"),
        ("indicators", &indicators("a")),
        (
            "observations",
            "indicator_code,territory_code,period,breakdown_code,nature,value,qualifier,statuses,geography_year,source_code\n\
             i,FR,2020,_T,observed,1,exact,A,2026,essai\ni,FR,2021,_T,observed,2,exact,A,2026,essai\n\
             autre,FR,2020,_T,observed,3,exact,A,2026,essai\n",
        ),
    ];
    publish(&server.url, &bundle(&files)).expect("the bundle is right");
    publish(&server.url, &bundle(&[("indicators", &indicators("b"))])).expect("the bundle is right");
    server
}

#[test]
fn a_relation_through_another_row_is_read_at_the_release_and_followed_in_changes() {
    let server = moving();
    let values = |query: &str| -> Vec<i64> {
        let found = rows(&get(server.address, &format!("/v1/observations?{query}")));
        found.iter().filter_map(|row| row["value"].as_i64()).collect()
    };
    assert_eq!(values("commitment_code=a&release=1"), [1, 2]);
    assert_eq!(values("commitment_code=b&release=1"), [3]);
    assert_eq!(values("commitment_code=a"), [0; 0]);
    assert_eq!(values("commitment_code=b"), [3, 1, 2]);
    assert_eq!(values("commitment_code=a,b"), [3, 1, 2]);
    assert_eq!(values("commitment_code=b&last=1"), [3, 2]);
    let changes = |commitment: &str| {
        let target = format!("/v1/changes?since=1&dataset=observations&commitment_code={commitment}");
        let found = rows(&get(server.address, &target));
        let one = |change: &Value| {
            (change["op"].as_str().expect("an operation").to_owned(), change["code"].as_str().expect("a code").to_owned())
        };
        found.iter().map(one).collect::<Vec<_>>()
    };
    let moved = ["i~FR~2020~_T~observed~essai", "i~FR~2021~_T~observed~essai"];
    let with = |op: &str| moved.map(|code| (op.to_owned(), code.to_owned())).to_vec();
    assert_eq!(changes("b"), with("upsert"), "they came into the selection");
    assert_eq!(changes("a"), with("leave"), "they left the selection");
    assert_eq!(changes("a,b"), []);
}
