//! Containments that cannot be, references that lead back to their row, and indicators that exclude their figures.

use super::{unchanged, with_geography};
use crate::harness::{TestServer, bundle, get, publish};
use crate::publishing_files::{contents, faults, publish_bytes};

const HEAD: &str = "code,kind,name,commune_code,departement_code,region_code,epci_code,geography_year,source_code\n";
const MEMBERSHIPS: &str = "container_code,part_code,population_share,source_code\n";
const BREAKDOWNS: &str = "code,title,parent_code,source_code\n";
const INDICATORS: &str = "code,title,definition,unit_code,decimals,territory_additivity,time_additivity,direction,minimum,maximum,successor_code,source_code\n";

fn found(dataset: &str, file: &str) -> Vec<String> {
    let before = contents(unchanged());
    let found = faults(publish_bytes(unchanged(), dataset, file.as_bytes()));
    assert_eq!(contents(unchanged()), before);
    found
}

#[test]
fn a_territory_lies_only_in_what_can_contain_it() {
    let allowed = "perimeter, ept for region, departement, arrondissement, epci, ept, commune, associated_commune, \
                   delegated_commune, municipal_arrondissement";
    assert_eq!(
        found("memberships", &format!("{MEMBERSHIPS}COM-01001,FR,1,essai\nPER-a,FR,1,essai\nPER-a,DEP-01,1,essai\n")),
        [
            format!(
                "fichier:2: container_code `COM-01001`: is of the kind commune, and cannot be the `container_code` of FR, which is of \
                 the kind country; allowed: {allowed}"
            ),
            format!(
                "fichier:3: container_code `PER-a`: is of the kind perimeter, and cannot be the `container_code` of FR, which is of \
                 the kind country; allowed: {allowed}"
            ),
            "manifest.toml: territories and memberships contain themselves: COM-01001 → DEP-01 → REG-99 → FR → COM-01001"
                .to_owned(),
        ]
    );
    let rows = "FR,country,France,COM-01001,,,,2026,essai\nCOM-01003,commune,Ailleurs,,REG-99,DEP-01,COM-01001,2026,essai\n";
    let lines = found("territories", &format!("{HEAD}{rows}"));
    let starts: Vec<&str> = lines.iter().filter_map(|line| line.split_once(", which").map(|(start, _)| start)).collect();
    assert_eq!(
        starts,
        [
            "fichier:2: commune_code `COM-01001`: is of the kind commune, and cannot be the `commune_code` of FR",
            "fichier:3: departement_code `REG-99`: is of the kind region, and cannot be the `departement_code` of COM-01003",
            "fichier:3: region_code `DEP-01`: is of the kind departement, and cannot be the `region_code` of COM-01003",
            "fichier:3: epci_code `COM-01001`: is of the kind commune, and cannot be the `epci_code` of COM-01003",
        ]
    );
}

#[test]
fn a_territory_keeps_a_kind_that_can_contain_what_lies_in_it() {
    let lines =
        found("territories", &format!("{HEAD}DEP-01,commune,Ain,,,REG-99,,2026,essai\nPER-a,commune,Périmètre,,,,,2026,essai\n"));
    let starts: Vec<&str> = lines.iter().filter_map(|line| line.split_once(", which").map(|(start, _)| start)).collect();
    assert_eq!(
        starts,
        [
            "fichier:2: departement_code `DEP-01`: is of the kind commune, and cannot be the `departement_code` of COM-01001",
            "fichier:2: departement_code `DEP-01`: is of the kind commune, and cannot be the `departement_code` of COM-01002",
            "fichier:3: container_code `PER-a`: is of the kind commune, and cannot be the `container_code` of COM-01001",
        ]
    );
}

#[test]
fn nothing_contains_itself() {
    assert_eq!(
        found("memberships", &format!("{MEMBERSHIPS}EPT-1,EPT-2,1,essai\nEPT-2,EPT-1,0.5,essai\n")),
        ["manifest.toml: territories and memberships contain themselves: EPT-1 → EPT-2 → EPT-1"]
    );
    let former = "COM-01001,commune,Ici,COM-01002,,,,2026,essai\nCOM-01002,commune,Là,COM-01001,,,,2026,essai\n";
    assert_eq!(
        found("territories", &format!("{HEAD}{former}")),
        ["manifest.toml: territories and memberships contain themselves: COM-01001 → COM-01002 → COM-01001"]
    );
    assert_eq!(
        found("breakdowns", &format!("{BREAKDOWNS}a.1,A,a.2,essai\na.2,B,a.3,essai\na.3,C,a.1,essai\n")),
        ["manifest.toml: `parent_code` of breakdowns lead back to the same row: a.1 → a.2 → a.3 → a.1"]
    );
    let successors =
        "taux,Taux,Taux,percent,1,none,none,down,0,100,seuil,essai\nseuil,Seuil,Seuil,percent,1,none,none,down,,,taux,essai\n";
    assert_eq!(
        found("indicators", &format!("{INDICATORS}{successors}")),
        ["manifest.toml: `successor_code` of indicators lead back to the same row: seuil → taux → seuil"]
    );
}

#[test]
fn an_indicator_agrees_with_the_figures_that_are_published_of_it() {
    let taux = |bounds: &str| format!("{INDICATORS}taux,Taux,Taux,percent,1,none,none,down,{bounds},,essai\n");
    let excludes = "excludes current figures of taux, which run from 12.5 to 60";
    assert_eq!(
        found("indicators", &taux("20,100")),
        [format!("fichier:2: minimum `20 … 100`: the range of `minimum` and `maximum` {excludes}")]
    );
    assert_eq!(
        found("indicators", &taux(",59.9")),
        [format!("fichier:2: minimum ` … 59.9`: the range of `minimum` and `maximum` {excludes}")]
    );
    assert_eq!(
        found("indicators", &taux("100,0")),
        ["fichier:2: minimum `100 … 0`: the range of `minimum` and `maximum` is empty: the minimum is above the maximum"]
    );
    // A correction of the figure makes room for the bounds, in the same publication or before.
    let url = with_geography();
    let figures = "indicator_code,territory_code,period,breakdown_code,nature,value,qualifier,statuses,geography_year,source_code\n\
                   taux,COM-01002,2020,_T,observed,50,exact,A,2026,essai\n";
    publish(&url, &bundle(&[("indicators", &taux("12.5,50")), ("observations", figures)])).expect("they agree");
    let above = figures.replace(",50,", ",50.1,");
    assert_eq!(
        faults(publish_bytes(&url, "observations", above.as_bytes())),
        ["fichier:2: value `50.1`: taux admits at least 12.5 and at most 50"]
    );
    publish_bytes(&url, "indicators", taux("0,").as_bytes()).expect("wider bounds agree");
    publish_bytes(&url, "observations", above.as_bytes()).expect("the figure agrees with the wider bounds");
    let server = TestServer::on(&url);
    assert_eq!(get(server.address, "/v1/observations?territory_code=COM-01002&fields=value").data()[0]["value"], 50.1);
}

#[test]
fn the_states_of_a_territory_follow_each_other() {
    let head = "territory_code,valid_from,valid_until,kind,name,source_code\n";
    let row = |from: &str, until: &str| format!("COM-01001,{from},{until},commune,Ici,essai\n");
    let overlaps = "overlaps another of territory_states with the same key: one ends before the next begins";
    let three = row("1950-01-01", "1960-01-02") + &row("1960-01-01", "1970-01-01") + &row("1970-01-01", "");
    assert_eq!(
        found("territory_states", &format!("{head}{three}")),
        [format!("fichier:2: valid_from `1950-01-01`: {overlaps}"), format!("fichier:3: valid_from `1960-01-01`: {overlaps}"),]
    );
    // Against what is published already, before and after.
    let url = with_geography();
    let two = row("1960-01-01", "1970-01-01") + &row("1980-01-01", "");
    publish_bytes(&url, "territory_states", format!("{head}{two}").as_bytes()).expect("one ends before the next begins");
    for (from, until) in [("1950-01-01", "1960-01-02"), ("1969-12-31", "1975-01-01"), ("1975-01-01", ""), ("1990-01-01", "")] {
        let found = faults(publish_bytes(&url, "territory_states", format!("{head}{}", row(from, until)).as_bytes()));
        assert_eq!(found, [format!("fichier:2: valid_from `{from}`: {overlaps}")]);
    }
    let between = row("1970-01-01", "1980-01-01");
    publish_bytes(&url, "territory_states", format!("{head}{between}").as_bytes()).expect("it fills the gap");
}
