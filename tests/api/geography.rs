//! The geography in time: former codes, codes that named two territories, and the containments of a day. The expected values
//! come from Insee's history and yearly editions.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{bundled, example_data, get};

fn total(target: &str) -> i64 {
    let reply = get(bundled(), &format!("{target}&total=exact&limit=1"));
    assert_eq!(reply.status, 200, "{target}: {}", reply.text());
    reply.json()["meta"]["total"]["value"].as_i64().expect("a total")
}

fn rows(target: &str) -> Vec<Value> {
    get(bundled(), target).data().as_array().expect("a list").clone()
}

/// The values of one member in all rows of a list, over all its pages.
fn all_pages(target: &str, member: &str) -> Vec<String> {
    let (mut found, mut next) = (Vec::new(), Some(target.to_owned()));
    while let Some(address) = next {
        let page = get(bundled(), &address).json();
        found.extend(page["data"].as_array().expect("a list").iter().map(|row| row[member].as_str().expect("a text").to_owned()));
        next = page["links"]["next"].as_str().map(str::to_owned);
    }
    found
}

fn members_of(row: &Value, members: &[&str]) -> Vec<Value> {
    members.iter().map(|member| row[*member].clone()).collect()
}

#[test]
fn a_former_code_has_its_dates_its_end_event_and_its_successors() {
    for (code, name, valid_until, event, successors) in [
        ("COM-59355", "Lomme", "2000-02-27", "33", json!(["COM-59350"])),
        ("COM-60455", "La Neuville-Garnier", "2019-01-01", "32", json!(["COM-60054"])),
        ("COM-20004", "Ajaccio", "1976-01-01", "41", json!(["COM-2A004"])),
        ("COM-75050", "Nanterre", "1968-01-01", "41", json!(["COM-92050"])),
        ("COM-14011", "Aurseulles", "2025-01-01", "50", json!(["COM-14581"])),
        ("COM-60606", "Sarron", "1951-07-09", "30", json!([])),
        ("DEP-20", "Corse", "1976-01-01", "reform", json!(["DEP-2A", "DEP-2B"])),
        ("REG-31", "Nord-Pas-de-Calais", "2016-01-01", "reform", json!(["REG-32"])),
        ("EPCI-245900410", "Métropole Européenne de Lille", "2021-01-01", "epci", json!(["EPCI-200093201"])),
    ] {
        let row = get(bundled(), &format!("/v1/territories/{code}")).data();
        let found = members_of(&row, &["status", "name", "valid_until", "end_event_code", "successor_codes"]);
        assert_eq!(found, [json!("former"), json!(name), json!(valid_until), json!(event), successors], "{code}");
    }
    let lille = get(bundled(), "/v1/territories/COM-59350").data();
    assert_eq!(
        members_of(&lille, &["status", "valid_from", "valid_until"]),
        [json!("current"), json!("1943-01-01"), Value::Null]
    );
    let included = get(bundled(), "/v1/territories/COM-59355?include=successors").json()["included"]["territories"].clone();
    assert_eq!(included["COM-59350"]["name"], "Lille");
}

#[test]
fn every_former_code_has_an_end_date_except_three_that_never_were_communes() {
    let never = rows("/v1/territories?status=former&valid_until__isnull=true");
    assert_eq!(
        never.iter().map(|row| row["code"].as_str().expect("a code")).collect::<Vec<_>>(),
        ["COM-44225", "COM-49382", "COM-50649"]
    );
    assert_eq!(total("/v1/territories?status=current&valid_until__isnull=false"), 0);
}

#[test]
fn a_code_that_named_two_communes_has_a_state_for_each() {
    let states: Vec<Vec<Value>> = rows("/v1/territory_states?territory_code=COM-60054")
        .iter()
        .map(|row| {
            members_of(row, &["valid_from", "valid_until", "name", "start_event_code", "predecessor_codes", "successor_codes"])
        })
        .collect();
    let expected = json!([
        ["1943-01-01", "2019-01-01", "Beaumont-les-Nonains", null, [], []],
        ["2019-01-01", "2021-01-01", "Les Hauts Talican", "32", ["COM-60455", "COM-60694"], []],
        ["2021-01-01", "2024-01-01", "Les Hauts-Talican", "10", [], ["COM-60694"]],
        ["2024-01-01", null, "Beaumont-les-Nonains", "21", [], []],
    ]);
    assert_eq!(json!(states), expected);
    for (day, name) in
        [("2018-12-31", "Beaumont-les-Nonains"), ("2019-01-01", "Les Hauts Talican"), ("2024", "Beaumont-les-Nonains")]
    {
        let row = get(bundled(), &format!("/v1/territories/COM-60054?geography={day}")).data();
        assert_eq!(row["name"], name, "{day}");
    }
    let villotran = get(bundled(), "/v1/territories/COM-60694?geography=2018").data();
    assert_eq!(members_of(&villotran, &["name", "population"]), [json!("Villotran"), Value::Null]);
    assert_eq!(get(bundled(), "/v1/territories/COM-60694").data()["name"], "Les Hauts-Talican");
    let between = get(bundled(), "/v1/territories/COM-60694?geography=2020-06-30").problem(404);
    assert!(
        between["detail"].as_str().is_some_and(|text| text.contains("/v1/territory_states?territory_code=COM-60694")),
        "{between}"
    );
}

#[test]
fn lille_belongs_to_the_epci_of_the_day() {
    let epci = |day: &str| all_pages(&format!("/v1/territories/COM-59350/ancestors?kind=epci&geography={day}"), "code");
    assert_eq!(epci("2020-12-31"), ["EPCI-245900410"]);
    assert_eq!(epci("2021-01-01"), ["EPCI-200093201"]);
    assert!(epci("2018-12-31").is_empty(), "EPCI are known from 2019 on");
    let of_2020 = all_pages("/v1/territories/EPCI-245900410/members?geography=2020", "code");
    let of_2021 = all_pages("/v1/territories/EPCI-200093201/members?geography=2021", "code");
    let haute_deule = all_pages("/v1/territories/EPCI-245901061/members?geography=2020", "code");
    assert_eq!((of_2020.len(), of_2021.len(), haute_deule.len()), (90, 95, 5));
    let both: BTreeSet<&String> = of_2020.iter().chain(&haute_deule).collect();
    assert_eq!(both, of_2021.iter().collect());
    let new = &rows("/v1/territory_states?territory_code=EPCI-200093201")[0];
    assert_eq!(new["predecessor_codes"], json!(["EPCI-245900410", "EPCI-245901061"]));
    assert!(new["note"].as_str().is_some_and(|note| note.contains("faute de date")));
}

#[test]
fn the_number_of_communes_equals_that_of_the_editions_and_of_insee() {
    for (within, day, expected) in [
        ("FR", "2012-01-01", 36_700),
        ("FR", "2015-01-01", 36_658),
        ("FR", "2019-01-01", 35_064),
        ("FR", "2021", 35_059),
        ("FR", "2024", 35_029),
        ("FR", "2025-12-31", 34_969),
        ("DEP-60", "2010-01-01", 693),
        ("DEP-60", "2014-12-31", 693),
        ("DEP-60", "2015-01-01", 692),
        ("DEP-60", "2019", 679),
        ("DEP-60", "2024", 680),
        ("DEP-59", "2012-06-30", 650),
        ("DEP-59", "2026", 647),
        ("REG-32", "2019", 3789),
        ("REG-32", "2023", 3787),
        ("REG-32", "2026", 3782),
        ("REG-31", "2012", 1545),
        ("REG-22", "2012", 2291),
    ] {
        assert_eq!(total(&format!("/v1/territories?kind=commune&within={within}&geography={day}")), expected, "{within} {day}");
    }
    assert_eq!(total("/v1/territories/DEP-60/members?kind=commune&geography=2010-01-01"), 693);
    assert_eq!(total("/v1/territories/DEP-20/members?kind=commune&geography=1975-12-31"), 360);
    assert_eq!(total("/v1/territories/DEP-2A/members?kind=commune&geography=1976-01-01"), 124);
    assert_eq!(get(bundled(), "/v1/territories/DEP-75?geography=1967-12-31").data()["name"], "Seine");
}

#[test]
fn the_geography_of_this_year_is_the_one_without_the_parameter() {
    let kinds = "kind=country,region,departement,arrondissement,epci,commune";
    for target in [
        format!("/v1/territories?within=REG-32&{kinds}"),
        format!("/v1/territories?touching=DEP-60&{kinds}"),
        format!("/v1/territories/EPCI-200069722/ancestors?{kinds}"),
        format!("/v1/territories/COM-59350/ancestors?{kinds}"),
        format!("/v1/territories/DEP-80/members?{kinds}"),
        format!("/v1/territories/REG-32/descendants?{kinds}"),
    ] {
        let paged = format!("{target}&limit=1000&sort=code");
        let today = all_pages(&paged, "code");
        assert!(!today.is_empty(), "{target} gives nothing");
        assert_eq!(all_pages(&format!("{paged}&geography=2026"), "code"), today, "{target}");
    }
    let members = ["name", "kind", "population", "arrondissement_code", "departement_code", "region_code", "epci_code"];
    let today = get(bundled(), "/v1/territories/COM-59350").data();
    assert_eq!(
        members_of(&get(bundled(), "/v1/territories/COM-59350?geography=2026").data(), &members),
        members_of(&today, &members)
    );
}

#[test]
fn pages_and_exports_keep_the_day_of_the_geography() {
    let target = "/v1/territories?kind=commune&within=DEP-62&geography=2010";
    let paged = all_pages(&format!("{target}&sort=-name&limit=100"), "code");
    assert_eq!((paged.len(), paged.iter().collect::<BTreeSet<_>>().len()), (895, 895));
    let csv = get(bundled(), &format!("{target}&format=csv&fields=code")).text();
    assert_eq!(csv.lines().skip(1).map(str::to_owned).collect::<BTreeSet<_>>(), paged.into_iter().collect());
    let pinned = get(bundled(), &format!("{target}&limit=1")).json()["links"]["pinned"].as_str().expect("an address").to_owned();
    assert!(pinned.contains("geography=2010-01-01") && pinned.contains("release=3"), "{pinned}");
}

fn faults(target: &str) -> Value {
    get(bundled(), target).problem(400)["errors"].clone()
}

#[test]
fn days_out_of_range_are_refused_with_the_range() {
    for (day, closest) in
        [("1942-12-31", "1943-01-01"), ("1000", "1943-01-01"), ("2027-01-01", "2026-12-31"), ("9999", "2026-12-31")]
    {
        let found = faults(&format!("/v1/territories?geography={day}"));
        assert_eq!(found[0]["closest"], json!([closest]), "{day}");
        assert_eq!(found[0]["detail"], "The geography is known from 1943-01-01 to 2026-12-31.");
        assert_eq!(faults(&format!("/v1/territories/COM-59350?geography={day}"))[0]["name"], "geography");
    }
    for nonsense in ["2012-02-30", "2012-06", "12", "2012-6-30", "today", "", "0999", "2012/2013", "２０１２"] {
        let found = faults(&format!("/v1/territories?geography={}", reperes::query::pairs::encode(nonsense)));
        assert_eq!(found[0]["name"], "geography", "{nonsense}");
    }
    // A release that has no history yet is asked in vain, not in error: a later one has it.
    let early = get(bundled(), "/v1/territories?geography=2012&release=2").json();
    assert_eq!((&early["data"], &early["meta"]["notices"][0]["kind"]), (&json!([]), &json!("not_in_geography")), "{early}");
    assert_eq!(early["meta"]["notices"][0]["what"], "La publication lue n’a pas la géographie du 2012-01-01.");
    get(example_data(), "/v1/territories?geography=2012").problem(400);
}

#[test]
fn territories_that_did_not_exist_on_the_day_select_nothing_and_are_named() {
    let notices = |target: &str| {
        let mut answer = get(bundled(), target).json();
        (answer["data"].as_array().map(Vec::len), answer["meta"]["notices"].take())
    };
    let (both, found) = notices("/v1/territories?within=REG-32,DEP-59&geography=2012&limit=3");
    assert_eq!((both, found.as_array().map(Vec::len)), (Some(3), Some(1)), "DEP-59 selects what it has: {found}");
    assert_eq!(
        members_of(&found[0], &["kind", "parameter", "code", "dataset", "instead_codes"]),
        [json!("not_in_geography"), json!("within"), json!("REG-32"), json!("territories"), json!(["REG-22", "REG-31"])]
    );
    assert_eq!(found[0]["existed"], json!([{"valid_from": "2016-01-01", "valid_until": null}]));
    let (rows, found) = notices("/v1/observations?touching=REG-31&geography=2019");
    assert_eq!((rows, &found[0]["instead_codes"]), (Some(0), &json!(["REG-32"])));
    let members = &faults("/v1/territories/EPCI-200093201/members?geography=2020-06-30")[0];
    assert_eq!(members_of(members, &["name", "closest"]), [json!("geography"), json!(["2021-01-01"])]);
    assert!(members["detail"].as_str().is_some_and(|detail| detail.contains("EPCI-245900410")));
    let (rows, found) = notices("/v1/territories?within=PER-bassin-minier&geography=2020");
    assert_eq!((rows, found[0].get("existed")), (Some(0), None), "{found}");
}

#[test]
fn parameters_that_need_the_current_geography_are_refused_for_an_earlier_day() {
    for (target, parameter) in [
        ("/v1/territories?geography=2012&bbox=2,50,3,51", "bbox"),
        ("/v1/territories?geography=2012&q=lille", "q"),
        ("/v1/territories?geography=2012&format=geojson", "geography"),
        ("/v1/observations?within=DEP-59&geography=2012&compare=region", "compare"),
        ("/v1/aggregates/observations?territory_code=DEP-59&within=DEP-59&geography=2012&function=own", "geography"),
    ] {
        let found = faults(target);
        assert_eq!((found.as_array().map(Vec::len), &found[0]["name"]), (Some(1), &json!(parameter)), "{target}");
    }
}
