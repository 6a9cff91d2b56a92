//! Insee's quarterly series: one file of values and one of statuses, with a column for each quarter.

use super::{faults, observations, recipe_manifest, unreadable, with_references};
use crate::harness::publish;
use crate::publishing_files::folder;

const RECIPE: &str = "insee-emploi-trimestriel";
const HEADER: &str = "Libellé;idBank;Dernière mise à jour;Période;2001-T4;2002-T1;2002-T2\n";
const ABOUT: &str = "\"idBank\";\"Zone géographique\";\"Activité\"\n";

fn pair(values: &str, about: &str) -> std::path::PathBuf {
    let manifest = recipe_manifest(RECIPE, "valeurs.csv") + "companion = \"caracteristiques.csv\"\n";
    let (values, about) = (format!("{HEADER}{values}"), format!("{ABOUT}{about}"));
    folder(&manifest, &[("valeurs.csv", values.as_bytes()), ("caracteristiques.csv", about.as_bytes())])
}

#[test]
fn values_are_joined_with_the_statuses_of_the_companion_file() {
    let server = with_references();
    let values = "Emploi - Ain;1737244;30/03/2018 12:00;;21895;22200;\nCodes;;;;A;SD;\n\
                  Emploi - Corse;001737300;30/03/2018 12:00;;1;;3\nCodes;;;;P;O;A\n\
                  Emploi - France;1737400;30/03/2018 12:00;;1;1;1\nCodes;;;;A;A;A\n";
    let about = "\"001737244\";\"01 - Ain\";\"A17-GZ - Commerce ; réparation\"\n\"001737300\";\"Corse\";\"Secteurs marchands non agricoles\"\n\
                 \"001737400\";\"France métropolitaine\";\"A17-GZ - Commerce\"\n\"001737999\";\"\";\"\"\n";
    let report = publish(&server.url, &pair(values, about)).expect("the files are right");
    assert_eq!(report.files[0].rows, 5);
    let row = |territory: &str, period: &str, breakdown: &str, value: &str, status: &str, place: &str| {
        [territory, period, breakdown, value, status, place].map(str::to_owned)
    };
    assert_eq!(
        observations(&server, "emploi-salarie"),
        [
            row("DEP-01", "2001-Q4", "activite.a17-gz", "21895", "A", "série 1737244, 2001-T4"),
            row("DEP-01", "2002-Q1", "activite.a17-gz", "22200", "P", "série 1737244, 2002-T1"),
            row("REG-94", "2001-Q4", "activite.marchand-non-agricole", "1", "P", "série 001737300, 2001-T4"),
            row("REG-94", "2002-Q1", "activite.marchand-non-agricole", "null", "O", "série 001737300, 2002-T1"),
            row("REG-94", "2002-Q2", "activite.marchand-non-agricole", "3", "A", "série 001737300, 2002-T2"),
        ]
    );
}

#[test]
fn files_whose_rows_do_not_match_are_refused() {
    let server = with_references();
    let ain = "\"001737244\";\"01 - Ain\";\"A17-GZ - Commerce\"\n";
    let values = "Ain;1737244;;;1;2;3\nCodes;;;;A;A;A\n";
    for (values, about, expected) in [
        ("Ain;1737245;;;1;2;3\nCodes;;;;A;A;A\n", ain, "valeurs.csv:2: key (B) `1737245`: has no row in the second file"),
        (
            "Ain;1737244;;;1;2;3\nCodes;;;;A;Z;A\n",
            ain,
            "valeurs.csv:2: statuses (F) `Z`: is not one of the statuses that the recipe knows",
        ),
        (
            "Ain;1737244;;;1;2;3\nCodes;;;;A;;A\n",
            ain,
            "valeurs.csv:2: statuses (F): has no status where the figure above it needs one",
        ),
        ("Ain;1737244;;;1;2;3\n", ain, "valeurs.csv:2: the row is not followed by one of statuses"),
        (
            values,
            "\"001737244\";\"01 - Aisne\";\"A17-GZ - Commerce\"\n",
            "valeurs.csv:2: territory_code `01 - Aisne`: the territory DEP-01 is Ain, where the file says `Aisne`",
        ),
        (
            values,
            "\"001737244\";\"Picardie\";\"A17-GZ - Commerce\"\n",
            "valeurs.csv:2: territory_code `Picardie`: is not the name of a territory (region)",
        ),
        (
            values,
            "\"001737244\";\"01 - Ain\";\"Pêche\"\n",
            "valeurs.csv:2: breakdown_code `Pêche`: is not one of the texts that the recipe knows; closest: ",
        ),
    ] {
        let listed = faults(&server, &pair(values, about));
        assert!(listed.len() == 1 && listed[0].starts_with(expected), "{expected}: {listed:?}");
    }
    let values = format!("{values}Ain;1737244;;;1;2;3\nAin;1737244;;;1;2;3\nCodes;;;;A;A;A\n");
    assert_eq!(faults(&server, &pair(&values, ain)), ["valeurs.csv:4: the row is not followed by one of statuses"]);
    let twice = format!("{ain}\"1737244\";\"02 - Aisne\";\"A17-GZ - Commerce\"\n");
    assert_eq!(
        unreadable(&server, &pair("", &twice)),
        "the second file caracteristiques.csv cannot be read: line 3: the key `001737244` stands in it twice"
    );
    let keyless = folder(
        &(recipe_manifest(RECIPE, "v.csv") + "companion = \"c.csv\"\n"),
        &[("v.csv", HEADER.as_bytes()), ("c.csv", "\"idBanque\";\"Zone géographique\";\"Activité\"\n".as_bytes())],
    );
    assert_eq!(
        unreadable(&server, &keyless),
        "the second file c.csv cannot be read: no column is called `idBank`; closest: idBanque"
    );
    let alone = folder(&recipe_manifest(RECIPE, "v.csv"), &[("v.csv", HEADER.as_bytes())]);
    assert_eq!(faults(&server, &alone), ["v.csv: its recipe needs a second file (`companion`)"]);
    let needless = folder(
        &(recipe_manifest("insee-filosofi-communes", "v.csv") + "companion = \"v.csv\"\n"),
        &[("v.csv", HEADER.as_bytes())],
    );
    assert_eq!(faults(&server, &needless), ["v.csv: its recipe takes no second file (`companion`)"]);
}
