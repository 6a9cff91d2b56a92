//! Subsidies as départements publish them: files of the SCDL schema, and a file that deviates from it.

use serde_json::json;

use super::{added, faults, recipe_folder, recipe_manifest, with_references};
use crate::harness::{get, publish};
use crate::publishing_files::folder;

const SCHEMA: &str = "nomAttribuant,idAttribuant,dateConvention,referenceDecision,nomBeneficiaire,idBeneficiaire,rnaBeneficiaire,objet,montant,nature,conditionsVersement,datesPeriodeVersement,idRAE,notificationUE,pourcentageSubvention\n";

#[test]
fn a_file_of_the_schema_publishes_actors_and_flows() {
    let server = with_references();
    let text = format!(
        "{SCHEMA}Ville,22590001801244,2017-06-27,2016-0400,Asso,11000001500013,W333216789,\"Aide, à l'embauche\",10000.50,aide en numéraire;aide en nature,échelonné,2017-06-27/2018-06-27,17845,non,1\n\
         Ville,22590001801244,2017-06-28,,Club,,W591000001,Tournoi,800,aide en nature,unique,2017-06-28,,oui,0.25\n"
    );
    let folder = folder(
        &(recipe_manifest("scdl-subventions", "f.csv")
            + "[file.constants]\nterritory_code = \"DEP-80\"\nsource_code = \"essai\"\n"),
        &[("f.csv", text.as_bytes())],
    );
    let report = publish(&server.url, &folder).expect("the file is right");
    assert_eq!((added(&report, "actors"), added(&report, "funding"), report.files[0].rows), (3, 2, 5));
    let flow = get(server.address, "/v1/funding/scdl-22590001801244-2").data();
    for (name, value) in [
        ("title", json!("Aide, à l'embauche")),
        ("payer_code", json!("siret-22590001801244")),
        ("beneficiary_code", json!("siret-11000001500013")),
        ("territory_code", json!("DEP-80")),
        ("stage", json!("committed")),
        ("period", json!("2017-06-27/2018-06-27")),
        ("amount_eur", json!(10000.5)),
        ("decided_on", json!("2017-06-27")),
        ("decision_reference", json!("2016-0400")),
        ("aid_natures", json!(["money", "in_kind"])),
        ("payment_terms", json!("échelonné")),
        ("rae_code", json!("17845")),
        ("eu_notified", json!(false)),
        ("beneficiary_share", json!(1)),
        ("source_code", json!("essai")),
        ("source_location", json!("ligne 2")),
    ] {
        assert_eq!(flow[name], value, "{name}");
    }
    let flow = get(server.address, "/v1/funding/scdl-22590001801244-3").data();
    assert_eq!(
        (&flow["beneficiary_code"], &flow["eu_notified"], &flow["period"]),
        (&json!("rna-W591000001"), &json!(true), &json!("2017-06-28"))
    );
    let club = get(server.address, "/v1/actors/rna-W591000001").data();
    assert_eq!((&club["name"], &club["kind"], &club["rna"]), (&json!("Club"), &json!("association"), &json!("W591000001")));
}

#[test]
fn values_that_violate_the_schema_are_refused() {
    let server = with_references();
    let text = format!(
        "{SCHEMA}Ville,21860194600000,05/12/2016,r,Pic,11000001500013,W3222,Création,9000,aide en numéraire,unique,2016-12-05,,non,100\n\
         Ville,22590001801244,2016-12-05,r,Beaulieu,,,Avance,\"100000,1\",aide en numérère,unique,2016-12-05,,no,\"0,5\"\n\
         Ville,22590001801244,2016-12-05,r,Beaulieu,11000001500013,,,,aide en nature,unique,2017-06-27_2018-06-27,10065é,oui,0.2\n"
    );
    assert_eq!(
        faults(&server, &recipe_folder("scdl-subventions", text.as_bytes())),
        [
            "fichier:2: beneficiary_share (O) `100`: is not a share, which is more than 0 and at most 1: 0.5 is half",
            "fichier:2: decided_on (C) `05/12/2016`: is not a day of the calendar, such as 2019-06-30",
            "fichier:2: siret (B) `21860194600000`: is not a SIRET: its check digit is wrong",
            "fichier:2: rna (G) `W3222`: is not an RNA number, which is W and 9 digits",
            "fichier:3: aid_natures (J) `aide en numérère`: is not one of the texts that the recipe knows; closest: aide en numéraire, aide en nature, aide en numéraire;aide en nature",
            "fichier:3: amount_eur (I) `100000,1`: is not a number with `.` before its decimals",
            "fichier:3: beneficiary_share (O) `0,5`: is not a number with `.` before its decimals",
            "fichier:3: eu_notified (N) `no`: is not one of the texts that the recipe knows; closest: non",
            "fichier:4: rae_code (M) `10065é`: has 6 characters, and at most 5 are allowed",
            "fichier:4: amount_eur (I): is empty, and must not be",
            "fichier:4: period (L) `2017-06-27_2018-06-27`: is of no form that the recipe knows",
            "fichier:4: title (H): is empty, and must not be",
        ]
    );
}

#[test]
fn a_file_that_deviates_from_the_schema_is_read_by_its_own_recipe() {
    let server = with_references();
    let header = "nomAttribuant;idAttribuant;dateConvention;referenceDecision;nomBeneficiaire;idBeneficiaire;objet;montant;nature;conditionsVersement;datesPeriodeVersement;pourcentageSubvention;type\n";
    let text = format!(
        "{header}D\u{fffd}partement;22800001400016;2022/01/13;21.1.42;SM BAIE;11000001500013;Fonctionnement 2022;232 000,00;aide en num\u{fffd}raire;avance de 232 000 \u{fffd};2022/01/13_2024/01/12;1;fonctionnement\n\
         D\u{fffd}partement;22800001400016;2022/02/28;6.2;SM BAIE;11000001500013;Travaux;1\u{a0}014\u{a0}105,5;aide en numéraire;unique;2022/02/28;0,5;investissement\n"
    );
    let report = publish(&server.url, &recipe_folder("scdl-subventions-somme", text.as_bytes())).expect("the file is right");
    assert_eq!((added(&report, "actors"), added(&report, "funding")), (1, 2));
    let warnings: Vec<String> = report.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "fichier:2: A `D\u{fffd}partement`: holds U+FFFD: characters were destroyed before the file was sent, and are published so",
            "fichier:3: A `D\u{fffd}partement`: holds U+FFFD: characters were destroyed before the file was sent, and are published so",
        ]
    );
    let flow = get(server.address, "/v1/funding/cd80-subventions-2022-2").data();
    for (name, value) in [
        ("amount_eur", json!(232000.0)),
        ("period", json!("2022-01-13/2024-01-12")),
        ("decided_on", json!("2022-01-13")),
        ("aid_natures", json!(["money"])),
        ("note", json!("Type : fonctionnement. Conditions de versement : avance de 232 000 \u{fffd}")),
    ] {
        assert_eq!(flow[name], value, "{name}");
    }
    assert_eq!(get(server.address, "/v1/funding/cd80-subventions-2022-3").data()["amount_eur"], json!(1_014_105.5));
    let wrong =
        text.replace("232 000,00", "232 00,00").replace("2022/02/28;0,5", "2022/02/30;0,5").replace("1\u{a0}014\u{a0}105,5", "");
    assert_eq!(
        faults(&server, &recipe_folder("scdl-subventions-somme", wrong.as_bytes())),
        [
            "fichier:2: amount_eur (H) `232 00,00`: is not a number with `,` before its decimals",
            "fichier:3: amount_eur (H): is empty, and must not be",
            "fichier:3: period (K) `2022/02/30`: is not a day of the calendar, such as 2019/06/30",
        ]
    );
}
