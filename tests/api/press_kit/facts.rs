//! The facts that a program would misread most easily: what is in force, whom a rule is for, what is counted and what is set.

use serde_json::{Value, json};

use super::{KIT, codes, plain, row, rows};
use crate::harness::{bundled, get};

/// The measures that have begun by the end of 2019 and go on.
const IN_FORCE: [&str; 9] = [
    "complementaire-sante-solidaire",
    "espace-collaboratif",
    "financement-creches",
    "maison-des-parents-valenciennes",
    "petits-dejeuners-ecole",
    "plan-10000-entreprises",
    "tarification-sociale-cantines",
    "territoire-demonstrateur-bassin-minier",
    "tiers-payant-assistant-maternel",
];

#[test]
fn what_began_and_goes_on_is_in_force() {
    assert_eq!(codes("/v1/measures?period__overlaps=2020-01-01&sort=code"), IN_FORCE);
    let later = codes("/v1/measures?period__overlaps=2026-01-01&sort=code");
    assert_eq!(later.len(), IN_FORCE.len() + 1);
    assert!(later.contains(&"obligation-formation-18-ans".to_owned()), "{later:?}");
    assert_eq!(codes("/v1/measures?period__overlaps=2018&sort=code"), [""; 0]);
    let early = ["espace-collaboratif", "financement-creches", "plan-10000-entreprises"];
    let with_conferences = codes("/v1/measures?period__overlaps=2019-03-31&sort=code");
    assert_eq!(with_conferences, [&["conferences-regionales"][..], &early[..]].concat());
    assert_eq!(
        codes("/v1/funding?period__overlaps=2020-01-01&sort=code"),
        ["bassin-minier-2019-2021", "fonds-supplementaires-2020-2022", "soutien-cantines-2019"]
    );
    assert_eq!(
        codes("/v1/events?period__overlaps=2019-07-10&sort=code"),
        [
            "conference-regionale-2",
            "conferences-regionales-2019",
            "nomination-haut-commissaire",
            "signature-convention-bassin-minier"
        ]
    );
    for (code, period, start) in [
        ("tiers-payant-assistant-maternel", "2019-05-25/..", "2019-05-25"),
        ("maison-des-parents-valenciennes", "2019-04/..", "2019-04-01"),
        ("obligation-formation-18-ans", "2020-09/..", "2020-09-01"),
    ] {
        let measure = row(&format!("/v1/measures/{code}"));
        let found = ["period", "period_start", "period_end"].map(|name| measure[name].clone());
        assert_eq!(found, [json!(period), json!(start), Value::Null], "{code}");
    }
}

#[test]
fn rules_of_the_nation_hold_for_the_nation_and_say_so() {
    for code in [
        "complementaire-sante-solidaire",
        "financement-creches",
        "obligation-formation-18-ans",
        "prime-activite",
        "revalorisation-aah-minimum-vieillesse",
        "tarification-sociale-cantines",
        "tiers-payant-assistant-maternel",
    ] {
        let measure = row(&format!("/v1/measures/{code}"));
        assert_eq!(measure["territory_codes"], json!(["FR", "REG-32"]), "{code}");
        let note = plain(measure["note"].as_str().expect("a note"));
        assert!(note.starts_with("Règle nationale"), "{code}: {note}");
    }
    for (code, place) in [("places-accueil-jeune-enfant", "DEP-59"), ("centres-sociaux", "DEP-62")] {
        assert_eq!(row(&format!("/v1/measures/{code}"))["territory_codes"], json!(["REG-32"]), "{code}");
        let figures = rows(&format!("/v1/observations?measure_code={code}"));
        assert_eq!(figures.iter().map(|row| &row["territory_code"]).collect::<Vec<_>>(), [place], "{code}");
    }
}

#[test]
fn what_a_rule_sets_is_not_observed_and_words_are_not_counted() {
    let mut rules = codes("/v1/observations?nature=rule&fields=code");
    rules.sort();
    assert_eq!(
        rules,
        [
            format!("age-obligation-formation~FR~2020-09~_T~rule~{KIT}"),
            format!("hausse-prime-activite-smic~FR~2019~_T~rule~{KIT}"),
            format!("part-resultat-net-dotation~FR~2019-12~_T~rule~{KIT}"),
        ]
    );
    for gone in [
        "concertations-initiees",
        "domaines-break-poverty",
        "entreprises-plan-inclusion",
        "objectifs-revenu-universel-activite",
        "reformes-annoncees",
    ] {
        get(bundled(), &format!("/v1/indicators/{gone}")).problem(404);
    }
    for (indicator, value) in [("evolution-foyers-prime-activite", 40), ("evolution-personnes-accedant-logement", 20)] {
        let figures = rows(&format!("/v1/observations?indicator_code={indicator}"));
        assert_eq!((&figures[0]["value"], &figures[0]["qualifier"]), (&json!(value), &json!("about")), "{indicator}");
    }
    for (indicator, value) in [("places-accueil-jeune-enfant-en-projet", 350), ("centres-sociaux-en-projet", 12)] {
        let figures = rows(&format!("/v1/observations?indicator_code={indicator}"));
        let found = ["value", "nature", "period_basis"].map(|name| figures[0][name].clone());
        assert_eq!(found, [json!(value), json!("observed"), json!("document_date")], "{indicator}");
    }
}

#[test]
fn how_each_date_is_known_can_be_asked_for() {
    for list in ["observations?", "funding?", "events?period__isnull=false&", "measures?period__isnull=false&"] {
        assert_eq!(rows(&format!("/v1/{list}period_basis__isnull=true&limit=1000")), Vec::<Value>::new(), "{list}");
    }
    assert_eq!(rows("/v1/observations?period_basis=document_date&limit=1000").len(), 16);
    assert_eq!(codes("/v1/events?period_basis=other_source&sort=code"), ["atelier-citoyen-arras", "nomination-haut-commissaire"]);
    assert_eq!(codes("/v1/events?period__isnull=true"), ["ouverture-concertations"]);
    assert!(rows("/v1/measures?limit=1000").iter().all(|row| row["status_as_of"] == "2019-12"));
}

#[test]
fn a_fact_of_another_source_names_it_with_its_address() {
    let named: Vec<String> = ["measures", "conventions", "events"]
        .into_iter()
        .flat_map(|dataset| rows(&format!("/v1/{dataset}?other_source_codes__isnull=false&limit=1000")))
        .flat_map(|row| row["other_source_codes"].as_array().expect("codes").clone())
        .map(|code| code.as_str().expect("a code").to_owned())
        .collect();
    assert!(named.len() > 12, "{named:?}");
    for code in named {
        let source = row(&format!("/v1/sources/{code}"));
        assert!(source["url"].as_str().is_some_and(|url| url.starts_with("https://")), "{source}");
    }
}
