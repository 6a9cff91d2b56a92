//! Real requests have the responses that the official geography and the press kit imply.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{bundled, get};

fn total(target: &str) -> i64 {
    let reply = get(bundled(), target);
    reply.data();
    reply.json()["meta"]["total"]["value"].as_i64().expect("a total")
}

fn codes(target: &str) -> Vec<String> {
    get(bundled(), target)
        .data()
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| row["code"].as_str().expect("a code").to_owned())
        .collect()
}

#[test]
fn the_geography_is_complete() {
    for (target, expected) in [
        ("/v1/territories?kind=commune", 34_969),
        ("/v1/territories?kind=epci", 1255),
        ("/v1/territories?kind=departement", 109),
        ("/v1/territories?kind=region", 18),
        ("/v1/territories?kind=commune&within=REG-32", 3782),
        ("/v1/territories?kind=epci&touching=REG-32", 92),
        ("/v1/territories?kind=epci&within=REG-32", 90),
        ("/v1/territories?kind=commune&within=DEP-62", 887),
        ("/v1/territories?kind=commune&within=PER-bassin-minier", 250),
        ("/v1/territories?kind=epci&touching=PER-bassin-minier", 13),
    ] {
        assert_eq!(total(&format!("{target}&total=exact&limit=1")), expected, "{target}");
    }
    assert_eq!(get(bundled(), "/v1/territories/REG-32").data()["population"], 5_992_194);
}

#[test]
fn codes_include_their_level_and_keep_leading_zeros() {
    for (code, name) in [
        ("DEP-32", "Gers"),
        ("REG-32", "Hauts-de-France"),
        ("DEP-02", "Aisne"),
        ("REG-02", "Martinique"),
        ("COM-2A004", "Ajaccio"),
        ("DEP-2B", "Haute-Corse"),
        ("COM-01001", "L'Abergement-Clémenciat"),
    ] {
        let row = get(bundled(), &format!("/v1/territories/{code}")).data();
        assert_eq!((row["code"].as_str(), row["name"].as_str()), (Some(code), Some(name)));
    }
    let lomme = get(bundled(), "/v1/territories/COMA-59355").data();
    assert_eq!(
        (&lomme["name"], &lomme["commune_code"], &lomme["population"]),
        (&json!("Lomme"), &json!("COM-59350"), &Value::Null)
    );
    assert_eq!(get(bundled(), "/v1/territories/COM-20004").data()["commune_code"], "COM-2A004");
    assert_eq!(codes("/v1/territories?official_code=02&sort=code"), ["DEP-02", "REG-02"]);
}

#[test]
fn sorting_by_population_lists_the_largest_communes_of_the_pas_de_calais() {
    let expected = ["COM-62193", "COM-62041", "COM-62160", "COM-62498", "COM-62510"];
    assert_eq!(codes("/v1/territories?kind=commune&within=DEP-62&sort=-population&limit=5"), expected);
}

#[test]
fn names_are_sorted_as_in_french() {
    let names: Vec<String> = get(bundled(), "/v1/territories?kind=departement&sort=name&limit=40")
        .data()
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| row["name"].as_str().expect("a name").to_owned())
        .collect();
    let place = |name: &str| names.iter().position(|n| n == name).unwrap_or_else(|| panic!("{name} is not among {names:?}"));
    assert!(place("Doubs") < place("Drôme") && place("Drôme") < place("Essonne") && place("Finistère") < place("Gard"));
    assert!(place("Corrèze") < place("Corse-du-Sud") && place("Corse-du-Sud") < place("Côte-d'Or"));
}

#[test]
fn ancestors_and_members_include_territories_that_straddle_a_boundary() {
    assert_eq!(
        codes("/v1/territories/COM-62498/ancestors"),
        ["ARR-627", "DEP-62", "EPCI-246200364", "FR", "PER-bassin-minier", "REG-32"]
    );
    let straddling = get(bundled(), "/v1/territories/EPCI-200069722/ancestors?kind=region&sort=code").data();
    let shares: Vec<(&str, f64)> = straddling
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| (row["code"].as_str().expect("a code"), row["population_share"].as_f64().expect("a share")))
        .collect();
    assert_eq!(shares.iter().map(|s| s.0).collect::<Vec<_>>(), ["REG-28", "REG-32"]);
    assert!((shares[0].1 + shares[1].1 - 1.0).abs() < 0.0001, "{shares:?}");
    assert_eq!(total("/v1/territories/PER-bassin-minier/members?total=exact&limit=1"), 250);
    assert_eq!(total("/v1/territories/EPCI-246200364/members?total=exact&limit=1"), 36);
    let parts = ["COM-59298", "COM-59355", "COMA-59298", "COMA-59355"];
    assert_eq!(codes("/v1/territories/COM-59350/members?status=current,former&sort=code"), parts);
    assert_eq!(codes("/v1/territories/COM-59350/members?sort=code"), parts[2..]);
}

#[test]
fn paging_through_all_communes_visits_each_once() {
    let mut next = Some("/v1/territories?kind=commune&sort=-population&limit=1000".to_owned());
    let (mut seen, mut count) = (BTreeSet::new(), 0);
    while let Some(target) = next {
        let reply = get(bundled(), &target).json();
        for row in reply["data"].as_array().expect("a list") {
            seen.insert(row["code"].as_str().expect("a code").to_owned());
            count += 1;
        }
        next = reply["links"]["next"].as_str().map(str::to_owned);
    }
    assert_eq!((seen.len(), count), (34_969, 34_969));
}

/// Each figure of the press kit: indicator, territory, period, nature, value, qualifier.
const FIGURES: &[(&str, &str, &str, &str, i64, &str)] = &[
    ("places-accueil-jeune-enfant-en-projet", "DEP-59", "2019-12", "observed", 350, "nearly"),
    ("centres-sociaux-en-projet", "DEP-62", "2019-12", "observed", 12, "exact"),
    ("evolution-privation-materielle-enfants-pauvres", "FR", "2022", "target", -50, "exact"),
    ("enfants-petits-dejeuners", "REG-32", "2019-09-01/2019-12-31", "observed", 15_000, "nearly"),
    ("ecoles-petits-dejeuners", "REG-32", "2019-09-01/2019-12-31", "observed", 150, "more_than"),
    ("points-conseil-budget-labellises", "REG-32", "2020", "expected", 20, "exact"),
    ("points-conseil-budget", "REG-32", "2019-12", "observed", 35, "exact"),
    ("points-conseil-budget", "REG-32", "2020-12-31", "expected", 55, "exact"),
    ("territoires-logement-d-abord-accelere", "REG-32", "2019-12", "observed", 4, "exact"),
    ("personnes-accedant-logement", "REG-32", "2019-01-01/2019-10-31", "observed", 1400, "nearly"),
    ("evolution-personnes-accedant-logement", "REG-32", "2019-01-01/2019-10-31", "observed", 20, "about"),
    ("age-obligation-formation", "FR", "2020-09", "rule", 18, "exact"),
    ("jeunes-garantie-jeunes", "REG-32", "2019-12-31", "expected", 15_000, "nearly"),
    ("jeunes-pacea", "REG-32", "2019-12-31", "expected", 40_000, "more_than"),
    ("departements-signataires", "REG-32", "2019-12", "observed", 5, "exact"),
    ("places-medico-sociales-precarite", "REG-32", "2020", "expected", 100, "nearly"),
    ("temps-acces-accueil-social", "REG-32", "2019-12", "target", 30, "less_than"),
    ("hausse-prime-activite-smic", "FR", "2019", "rule", 100, "exact"),
    ("foyers-prime-activite", "REG-32", "2019-06-30", "observed", 422_000, "more_than"),
    ("foyers-prime-activite-supplementaires", "REG-32", "2019-01-01/2019-06-30", "observed", 120_000, "more_than"),
    ("evolution-foyers-prime-activite", "REG-32", "2019-01-01/2019-06-30", "observed", 40, "about"),
    ("delai-orientation-rsa", "DEP-02", "2019-12", "target", 1, "at_most"),
    ("delai-orientation-rsa", "DEP-59", "2019-12", "target", 1, "at_most"),
    ("delai-orientation-rsa", "DEP-60", "2019-12", "target", 1, "at_most"),
    ("delai-orientation-rsa", "DEP-62", "2019-12", "target", 1, "at_most"),
    ("delai-orientation-rsa", "DEP-80", "2019-12", "target", 1, "at_most"),
    ("participants-ateliers-citoyens", "COM-59512", "2019-11-06", "observed", 100, "more_than"),
    ("participants-ateliers-citoyens", "COM-62041", "2019-12-12", "expected", 100, "more_than"),
    ("acteurs-mobilises", "REG-32", "2019-12", "observed", 500, "at_least"),
    ("conferences-regionales", "REG-32", "2019", "observed", 3, "exact"),
    ("animateurs-groupes-de-travail", "REG-32", "2019-12", "observed", 15, "exact"),
    ("membres-espace-collaboratif", "REG-32", "2019-09", "observed", 500, "more_than"),
    ("entreprises-projet-pilote", "COM-62119", "2019-12", "observed", 12, "exact"),
    ("jeunes-projet-pilote", "COM-62119", "2019-12", "target", 1000, "exact"),
    ("part-resultat-net-dotation", "FR", "2019-12", "rule", 2, "at_most"),
];

#[test]
fn every_figure_of_the_press_kit_is_found_as_published() {
    for (indicator, territory, period, nature, value, qualifier) in FIGURES {
        let target =
            format!("/v1/observations?indicator_code={indicator}&territory_code={territory}&period={period}&nature={nature}");
        let rows = get(bundled(), &target).data();
        assert_eq!(rows.as_array().map(Vec::len), Some(1), "{target}");
        assert_eq!((&rows[0]["value"], &rows[0]["qualifier"]), (&json!(value), &json!(qualifier)), "{target}");
        assert!(rows[0]["source_location"].as_str().is_some_and(|place| place.contains("ligne")), "{target}");
        assert_eq!(
            get(bundled(), &format!("/v1/indicators/{indicator}")).data()["unit_code"],
            rows[0]["unit_code"],
            "{indicator}"
        );
        assert!(rows[0]["unit_code"].is_string(), "{indicator} has no unit");
    }
    assert_eq!(total("/v1/observations?source_code=dossier-pauvrete-hdf-2019&total=exact&limit=1"), FIGURES.len() as i64);
}

#[test]
fn funding_and_conventions_are_as_published() {
    let flows = get(bundled(), "/v1/funding?sort=code").data();
    let flows: Vec<Value> = flows
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| json!([row["code"], row["amount_eur"], row["qualifier"], row["stage"], row["period"]]))
        .collect();
    assert_eq!(
        flows,
        [
            json!(["bassin-minier-2019-2021", 48_000_000, "more_than", "announced", "2019-01-01/2021-12-31"]),
            json!(["fonds-supplementaires-2019", 10_000_000, "nearly", "announced", "2019"]),
            json!(["fonds-supplementaires-2020-2022", null, null, "announced", "2020-01-01/2022-12-31"]),
            json!(["soutien-cantines-2019", null, null, "announced", "2019-04-01/.."]),
        ]
    );
    let convention = get(bundled(), "/v1/conventions/convention-bassin-minier").data();
    assert_eq!(
        (&convention["signed_on"], &convention["signatory_codes"]),
        (&json!("2019-07-10"), &json!(["etat", "cd-59", "cd-62"]))
    );
    assert_eq!(codes("/v1/funding?convention_code=convention-bassin-minier"), ["bassin-minier-2019-2021"]);
    assert_eq!(total("/v1/conventions?kind=departmental&total=exact"), 5);
    assert_eq!(codes("/v1/commitments?sort=kind,rank").len(), 9);
}

#[test]
fn a_contour_is_a_geojson_feature() {
    let reply = get(bundled(), "/v1/territories/COM-59350/contour");
    assert_eq!(reply.header("content-type"), Some("application/geo+json; charset=utf-8"));
    let feature = reply.json();
    assert_eq!((&feature["type"], &feature["id"]), (&json!("Feature"), &json!("COM-59350")));
    let ring = feature["geometry"]["coordinates"].to_string();
    assert!(ring.split([',', '[', ']']).all(|number| { number.split_once('.').is_none_or(|(_, decimals)| decimals.len() <= 5) }));
    get(bundled(), "/v1/territories/COM-13055/contour").problem(404);
    get(bundled(), "/v1/territories/COM-99999/contour").problem(404);
}
