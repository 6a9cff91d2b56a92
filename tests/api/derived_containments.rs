//! The containments that a release derives: those of the territories that changed, in a dry run too, and never others than a
//! computation of all of them.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{SOURCES, bundle, migrated, owner, publish, text};

const HEADER: &str = "code,kind,name,population,departement_code,region_code,epci_code,geography_year,source_code";

/// An EPCI that lies in one département.
const WHOLE: &str = "EPCI-200093201";

/// An EPCI that straddles two.
const ASTRIDE: &str = "EPCI-200069722";

fn commune(number: u32, name: &str, population: u32, epci: &str) -> String {
    format!("COM-{number},commune,{name},{population},DEP-{},REG-99,{epci},2026,essai\n", number / 1000)
}

/// Twenty communes of 100 inhabitants in two départements of a region, two EPCI of four communes, and a perimeter of two communes.
fn geography() -> String {
    let mut rows = format!(
        "{HEADER}\nFR,country,France,2000,,,,2026,essai\nREG-99,region,Région,2000,,,,2026,essai\n\
         DEP-91,departement,Premier,1200,,REG-99,,2026,essai\nDEP-92,departement,Second,800,,REG-99,,2026,essai\n\
         {WHOLE},epci,Entier,400,,,,2026,essai\n{ASTRIDE},epci,Partagé,400,,,,2026,essai\n\
         PER-essai,perimeter,Périmètre,,,,,2026,essai\n"
    );
    for number in (91001..=91012).chain(92001..=92008) {
        let epci = match number {
            91001..=91004 => WHOLE,
            91005 | 91006 | 92001 | 92002 => ASTRIDE,
            _ => "",
        };
        rows.push_str(&commune(number, "Commune", 100, epci));
    }
    rows
}

/// Runs the program on a database.
fn run(url: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reperes"));
    command
        .args(arguments)
        .env("DATABASE_URL", url)
        .env("DATABASE_OWNER_URL", owner(url))
        .env("REPERES_BUNDLES", "tests/fixtures/bundles")
        .env("RUST_LOG", "warn");
    let output = command.output().expect("the program runs");
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The effect on containments in a report: added, changed, withdrawn and unchanged rows.
fn effect(report: &Value) -> Option<[u64; 4]> {
    let datasets = report["datasets"].as_array().expect("a list");
    let found = datasets.iter().find(|effect| effect["dataset"] == "containments")?;
    Some(["added", "changed", "withdrawn", "unchanged"].map(|what| found[what].as_u64().expect("a number")))
}

/// Asserts that `verify` computes the same rows as are stored.
fn assert_sound(url: &str, step: &str) {
    let (code, said) = run(url, &["verify"]);
    assert_eq!(code, Some(0), "{step}: {said}");
}

/// Tries a folder and publishes it: both report the same, and the rows are right afterwards.
fn assert_effect(url: &str, folder: &Path, step: &str, expected: Option<[u64; 4]>) {
    let (code, tried) = run(url, &["publish", "--dry-run", "--json", text(folder)]);
    assert_eq!(code, Some(0), "{step}: {tried}");
    let tried: Value = serde_json::from_str(&tried).expect("the report is JSON");
    assert_eq!(effect(&tried), expected, "{step}, tried");
    let report = publish(url, folder).expect("the bundle is right");
    assert_eq!(effect(&json!(report)), expected, "{step}");
    assert_sound(url, step);
}

#[test]
fn a_release_derives_the_containments_that_it_changes() {
    let url = migrated();
    let members =
        "container_code,part_code,population_share,source_code\nPER-essai,COM-91007,1,essai\nPER-essai,COM-92003,1,essai\n";
    let first = bundle(&[("sources", SOURCES), ("territories", &geography()), ("memberships", members)]);
    // Each commune in its département, the region and France; eight in an EPCI and two in the perimeter; the départements, the
    // region, and the three sets of communes.
    let report = publish(&url, &first).expect("the bundle is right");
    assert_eq!(effect(&json!(report)), Some([20 * 3 + 8 + 2 + 2 * 2 + 1 + 3 + 4 + 4, 0, 0, 0]));
    assert_sound(&url, "the first");
    let communes = |rows: &[String]| bundle(&[("territories", &format!("{HEADER}\n{}", rows.concat()))]);
    assert_effect(&url, &communes(&[commune(91001, "Autre nom", 100, WHOLE)]), "a name", None);
    // The perimeter now lies in the second département with three quarters of its inhabitants.
    assert_effect(&url, &communes(&[commune(92003, "Commune", 300, "")]), "a population", Some([0, 2, 0, 84]));
    // The shares of both EPCI change, and one of them now touches the other département.
    assert_effect(&url, &communes(&[commune(92001, "Commune", 100, WHOLE)]), "another EPCI", Some([2, 3, 1, 82]));
    let joined = "container_code,part_code,population_share,source_code\nPER-essai,COM-91008,1,essai\n";
    assert_effect(&url, &bundle(&[("memberships", joined)]), "a member", Some([1, 2, 0, 85]));
    let (code, said) = run(&url, &["withdraw", "--reason", "Erreur", "memberships", "PER-essai~COM-91008"]);
    assert_eq!(code, Some(0), "{said}");
    assert_sound(&url, "a member less");
    // One EPCI gets a commune of the perimeter, and lies in it with that. The other keeps one commune, and lies in one département.
    let moved = [commune(91007, "Commune", 100, WHOLE), commune(91005, "Commune", 0, ""), commune(91006, "Commune", 0, "")];
    assert_effect(&url, &communes(&moved), "communes of no one", Some([2, 3, 3, 81]));
    // A département without a region lies in France at once; nearly half of all territories lie in it.
    let alone = format!("{HEADER}\nDEP-92,departement,Second,800,,,,2026,essai\n");
    let tried = bundle(&[("territories", &alone)]);
    publish(&url, &tried).expect("the bundle is right");
    assert_sound(&url, "a département without a region");
}
