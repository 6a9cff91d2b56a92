//! What belongs together: measures and conventions, events and measures, actors and their roles, objectives, and what holds for
//! a place.

use serde_json::{Value, json};

use super::{codes, row};
use crate::harness::{bundled, get};

/// The rows to which an address below a row leads.
fn below(target: &str) -> Vec<String> {
    let reply = get(bundled(), target);
    assert_eq!(reply.status, 308, "{target}");
    codes(&format!("{}&sort=code", reply.header("location").expect("an address")))
}

#[test]
fn measures_and_conventions_lead_to_each_other() {
    let departments = ["02", "59", "60", "62", "80"].map(|code| format!("convention-departement-{code}"));
    for measure in ["contractualisation-departements", "sorties-ase"] {
        assert_eq!(below(&format!("/v1/measures/{measure}/conventions")), departments);
    }
    for convention in departments {
        let found = below(&format!("/v1/conventions/{convention}/measures"));
        assert_eq!(found, ["contractualisation-departements", "sorties-ase"]);
    }
    assert_eq!(codes("/v1/measures?convention_code=convention-bassin-minier"), ["territoire-demonstrateur-bassin-minier"]);
    let unknown = get(bundled(), "/v1/measures?convention_code=convention-bassin-minie").problem(400);
    assert_eq!(unknown["errors"][0]["closest"][0], "convention-bassin-minier");
}

#[test]
fn an_event_belongs_to_every_measure_that_it_concerns() {
    for measure in ["concertation-reformes", "revenu-universel-activite", "service-public-insertion"] {
        let events = below(&format!("/v1/measures/{measure}/events"));
        assert!(events.contains(&"annonce-reformes".to_owned()), "{measure}: {events:?}");
    }
    let workshop = row("/v1/events/atelier-citoyen-roubaix");
    assert_eq!(workshop["measure_codes"], json!(["ateliers-citoyens", "concertation-reformes"]));
    assert_eq!(below("/v1/territories/COM-59350/events"), ["conference-regionale-1", "conference-regionale-2"]);
}

#[test]
fn actors_have_the_roles_that_the_document_gives() {
    assert_eq!(below("/v1/actors/parlement/measures"), ["obligation-formation-18-ans"]);
    assert_eq!(codes("/v1/measures?legislator_codes=parlement"), ["obligation-formation-18-ans"]);
    let announced = ["revenu-universel-activite", "service-public-insertion"];
    assert_eq!(codes("/v1/measures?announcer_codes=president-republique&sort=code"), announced);
    assert_eq!(codes("/v1/measures?partner_codes=president-republique,etat"), [""; 0]);
    assert_eq!(codes("/v1/measures?partner_codes=acteurs-locaux"), ["mobilisation-acteurs"]);
    assert_eq!(row("/v1/measures/dotations-action-territoriale")["lead_codes"], json!([]));
    get(bundled(), "/v1/actors/centres-sociaux").problem(404);
    let sirens: Vec<Value> =
        ["mel", "cu-arras", "cd-80"].map(|code| row(&format!("/v1/actors/{code}"))["siren"].clone()).to_vec();
    assert_eq!(sirens, [json!("200093201"), json!("200033579"), json!("228000014")]);
}

#[test]
fn an_objective_has_its_baseline_its_target_and_its_deadline() {
    let of = |code: &str, names: &[&str]| -> Vec<Value> {
        let objective = row(&format!("/v1/objectives/{code}"));
        names.iter().map(|name| objective[*name].clone()).collect()
    };
    let halved = ["indicator_code", "baseline_value", "baseline_status", "target_factor", "target_value", "deadline"];
    assert_eq!(
        of("privation-materielle-enfants-2022", &halved),
        [json!("taux-privation-materielle-enfants-pauvres"), Value::Null, json!("O"), json!(0.5), Value::Null, json!("2022")]
    );
    let network = ["baseline_value", "baseline_period", "target_value", "deadline", "measure_code"];
    assert_eq!(
        of("points-conseil-budget-2020", &network),
        [json!(35), json!("2019-12"), json!(55), json!("2020-12-31"), json!("points-conseil-budget")]
    );
    assert_eq!(below("/v1/measures/points-conseil-budget/objectives"), ["points-conseil-budget-2020"]);
    let second = ["points-conseil-budget-2020", "privation-materielle-enfants-2022"];
    assert_eq!(below("/v1/commitments/engagement-2/objectives"), second);
}

#[test]
fn from_a_commune_all_is_found_that_holds_for_it() {
    let lens = "/v1/territories/COM-62498";
    assert_eq!(
        below(&format!("{lens}/covering_funding")),
        ["bassin-minier-2019-2021", "fonds-supplementaires-2019", "fonds-supplementaires-2020-2022", "soutien-cantines-2019"]
    );
    assert_eq!(below(&format!("{lens}/covering_conventions")), ["convention-bassin-minier", "convention-departement-62"]);
    let measures = below(&format!("{lens}/covering_measures"));
    assert_eq!(measures.len(), 36);
    assert!(measures.contains(&"territoire-demonstrateur-bassin-minier".to_owned()));
    assert!(!measures.contains(&"maison-des-parents-valenciennes".to_owned()), "it is in Valenciennes");
    assert_eq!(below(&format!("{lens}/measures")), [""; 0], "no source names Lens");
}
