//! Refusals of values: each value is checked by itself, then against the other rows.

use super::{FLOWS, HEAD, commune, faults_of_communes, unchanged_database};
use crate::publishing_files::{contents, faults, publish_bytes, refused, with_references};

#[test]
fn values_are_checked_one_by_one_and_all_faults_are_reported() {
    let head = "code,title,payer_code,territory_code,stage,period,amount_eur,decided_on,rae_code,beneficiary_share,source_code\n";
    let rows = "f-1,T,etat,DEP-01,paid,2019-13,1e308,31/02,123456,0,essai
f-2,T,etat,DEP-01,payed,2019-01-01/2018-01-01,\"1 000,5\",2019-02-29,,1.5,essai
f 3,,etat,DEP-01,paid,2019,NaN,,,100,essai
f-4,T,etat,DEP-01,paid,2019,--1,,,1,essai
f-5,T,etat,DEP-01,paid,2019,1234567890123456789012345678901,,,1,essai
f-6,T,etat,DEP-01,paid,2019,12.,,,1,essai
f-7,T,etat,DEP-01,paid,2019,1234567890123456,,,0.1234567890123456,essai
f-8,T,etat,DEP-01,paid,2019,12345678901234.56,,,0.12345678901234500,essai
f-9,T,etat,DEP-01,paid,2019,1000.505,,,1,essai
f-10,T,etat,DEP-01,paid,2019,1000.500,,,1,essai
f-11,T,etat,DEP-01,paid,2019,1234567890123.45,,,1,essai
";
    let before = contents(unchanged_database());
    let decimal = "is not a decimal number with a point and at most 30 digits, such as 12.5";
    let period = "is not a period; periods look like 2019, 2019-Q3, 2019-06, 2019-06-30, 2019-01-01/2019-10-31, 2019-05-25/..";
    let share = "is not a share, which is more than 0 and at most 1: 0.5 is half";
    let day = "is not a day of the calendar, such as 2019-06-30";
    assert_eq!(
        faults(publish_bytes(unchanged_database(), "funding", format!("{head}{rows}").as_bytes())),
        [
            format!("fichier:2: period `2019-13`: {period}"),
            format!("fichier:2: amount_eur `1e308`: {decimal}"),
            format!("fichier:2: decided_on `31/02`: {day}"),
            "fichier:2: rae_code `123456`: has 6 characters, and at most 5 are allowed".to_owned(),
            format!("fichier:2: beneficiary_share `0`: {share}"),
            "fichier:3: stage `payed`: is not one of the values of this field (did you mean `paid`?): announced, programmed, committed, paid".to_owned(),
            format!("fichier:3: period `2019-01-01/2018-01-01`: {period}"),
            format!("fichier:3: amount_eur `1 000,5`: {decimal}"),
            format!("fichier:3: decided_on `2019-02-29`: {day}"),
            format!("fichier:3: beneficiary_share `1.5`: {share}"),
            "fichier:4: code `f 3`: is not a code: letters, digits and hyphens, at most 200".to_owned(),
            "fichier:4: title: is empty, and every row must have a value".to_owned(),
            format!("fichier:4: amount_eur `NaN`: {decimal}"),
            format!("fichier:4: beneficiary_share `100`: {share}"),
            format!("fichier:5: amount_eur `--1`: {decimal}"),
            format!("fichier:6: amount_eur `1234567890123456789012345678901`: {decimal}"),
            format!("fichier:7: amount_eur `12.`: {decimal}"),
            "fichier:8: amount_eur `1234567890123456`: has 16 significant digits, and at most 15 are allowed".to_owned(),
            "fichier:8: beneficiary_share `0.1234567890123456`: has 16 significant digits, and at most 15 are allowed".to_owned(),
            "fichier:9: amount_eur `12345678901234.56`: has 16 significant digits, and at most 15 are allowed".to_owned(),
            "fichier:10: amount_eur `1000.505`: has 3 decimals, and an amount in euros has at most 2".to_owned(),
        ]
    );
    let actors = "code,kind,name,role,siret,rna,source_code
a-1,state,A,r,35600000049837,,essai
a-2,state,A,r,35600000049838,,essai
a-3,state,A,r,11000001500014,,essai
a-4,state,A,r,1100000150001,,essai
a-5,state,A,r,1100000150001X,W12345678,essai
a-6,state,A,r,11000001500013,w591000001,essai
";
    assert_eq!(
        faults(publish_bytes(unchanged_database(), "actors", actors.as_bytes())),
        [
            "fichier:3: siret `35600000049838`: is not a SIRET: its check digit is wrong",
            "fichier:4: siret `11000001500014`: is not a SIRET: its check digit is wrong",
            "fichier:5: siret `1100000150001`: is not a SIRET, which has 14 digits; were leading zeros lost?",
            "fichier:6: siret `1100000150001X`: is not a SIRET, which has 14 digits",
            "fichier:6: rna `W12345678`: is not an RNA number, which is W and 9 digits",
            "fichier:7: rna `w591000001`: is not an RNA number, which is W and 9 digits",
        ]
    );
    assert_eq!(
        faults_of_communes(b"code,kind,name,siren,geography_year,source_code\nEPCI-1,epci,E,200093200,2026,essai\nEPCI-2,epci,E,93201,2026,essai\n"),
        [
            "fichier:2: siren `200093200`: is not a SIREN: its check digit is wrong",
            "fichier:3: siren `93201`: is not a SIREN, which has 9 digits; were leading zeros lost?",
        ]
    );
    assert_eq!(
        faults_of_communes(
            b"code,kind,name,valid_from,valid_until,geography_year,source_code\nCOM-1,commune,A,2020-01-01,2020-01-01,2026,essai\n\
              COM-2,commune,B,2020-01-01,2019-12-31,2026,essai\nCOM-3,commune,C,2020-01-01,2020-01-02,2026,essai\n"
        ),
        [
            "fichier:2: valid_until `2020-01-01`: is not after `valid_from`",
            "fichier:3: valid_until `2019-12-31`: is not after `valid_from`",
        ]
    );
    assert_eq!(contents(unchanged_database()), before);
}

#[test]
fn faults_beyond_the_listed_ones_are_counted() {
    let before = contents(unchanged_database());
    let wrong: String = (0..450).map(|number| format!("COM-{number:05},comune,Ici,x,2026,essai\n")).collect();
    let (listed, count) = refused(publish_bytes(unchanged_database(), "territories", format!("{HEAD}{wrong}").as_bytes()));
    assert_eq!((listed.len(), count), (100, 900));
    assert!(listed[99].starts_with("fichier:51: population `x`"), "{}", listed[99]);
    let lost: String = (0..450).map(|number| format!("COM-{number:05},commune,Ici,1,2026,esai\n")).collect();
    let (listed, count) = refused(publish_bytes(unchanged_database(), "territories", format!("{HEAD}{lost}").as_bytes()));
    assert_eq!((listed.len(), count), (100, 450));
    assert_eq!(listed[99], "fichier:101: source_code `esai`: no row of sources has this code; closest: essai");
    let doubled: String = (0..450).map(|_| commune(1)).collect();
    let (listed, count) = refused(publish_bytes(unchanged_database(), "territories", format!("{HEAD}{doubled}").as_bytes()));
    assert_eq!((listed.len(), count), (100, 449));
    assert_eq!(listed[0], "fichier:3 `COM-00001`: the key stands in territories more than once");
    assert_eq!(contents(unchanged_database()), before);
}

#[test]
fn figures_are_checked_against_their_indicators() {
    let before = contents(unchanged_database());
    let row = |indicator: &str, territory: &str, value: &str| {
        format!("{indicator},{territory},2020,_T,observed,{value},exact,A,2026,essai\n")
    };
    let rows = [
        row("taux", "DEP-01", "100.1"),
        row("taux", "DEP-02", "-1"),
        row("habitants", "DEP-01", "-5"),
        row("habitants", "DEP-02", "5"),
        row("taus", "DEP-01", "5"),
        row("taux", "DEP-2a", "5"),
    ]
    .concat();
    assert_eq!(
        faults(publish_bytes(unchanged_database(), "observations", format!("{FLOWS}{rows}").as_bytes())),
        [
            "fichier:2: value `100.1`: taux admits at least 0 and at most 100",
            "fichier:3: value `-1`: taux admits at least 0 and at most 100",
            "fichier:4: value `-5`: habitants admits at least 0",
            "fichier:6: indicator_code `taus`: no row of indicators has this code; closest: taux, habitants",
            "fichier:7: territory_code `DEP-2a`: no row of territories has this code; closest: DEP-2A, DEP-01, DEP-02",
        ]
    );
    assert_eq!(contents(unchanged_database()), before);
    let url = with_references();
    let precise = [row("taux", "DEP-01", "12.34"), row("taux", "DEP-02", "12.30"), row("habitants", "DEP-01", "1.5")].concat();
    let report = publish_bytes(&url, "observations", format!("{FLOWS}{precise}").as_bytes()).expect("the rows are right");
    let warnings: Vec<String> = report.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "fichier:2: value `12.34`: values of taux have at most 1 decimal(s)",
            "fichier:4: value `1.5`: values of habitants have at most 0 decimal(s)",
        ]
    );
    assert_eq!((report.release, report.warning_count), (Some(2), 2));
}
