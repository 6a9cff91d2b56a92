//! Insee's Filosofi by commune: wide tables with decimal commas, suppressed values, and codes without their leading zeros.

use super::{added, faults, observations, recipe_folder, recipe_manifest, with_references};
use crate::harness::publish;
use crate::publishing_files::{command, contents, folder};

const RECIPE: &str = "insee-filosofi-communes";

const HEADER: &str = "CODGEO;NBMENFISC21;NBPERSMENFISC21;MED21;PIMP21;TP6021;TP60AGE121;TP60AGE221;TP60AGE321;TP60AGE421;TP60AGE521;TP60AGE621;TP60TOL121;TP60TOL221;PACT21;PTSA21;PCHO21;PBEN21;PPEN21;PPAT21;PPSOC21;PPFAM21;PPMINI21;PPLOGT21;PIMPOT21;D121;D921;RD21";

/// A line of a commune: the first figures, then suppressed values.
fn line(code: &str, first: &str) -> String {
    let rest = 27 - first.split(';').count();
    format!("{code};{first}{}\n", ";s".repeat(rest))
}

#[test]
fn every_cell_becomes_a_row_and_a_suppressed_cell_has_no_value() {
    let server = with_references();
    let text = [
        HEADER.to_owned() + "\n",
        line("01001", "346;895;25820;62,5;10,1;nd;12,0"),
        line("1002", "115;266;24480"),
        line("2A004", "20;40;-15"),
        line("75101", "8;9;30000"),
    ]
    .concat();
    let report = publish(&server.url, &recipe_folder(RECIPE, text.as_bytes())).expect("the file is right");
    assert_eq!((added(&report, "observations"), added(&report, "indicators"), added(&report, "sources")), (4 * 27, 19, 1));
    assert_eq!((report.files[0].rows, report.warning_count), (4 * 27, 0));
    let row = |territory: &str, breakdown: &str, value: &str, status: &str, place: &str| {
        [territory, "2021", breakdown, value, status, place].map(str::to_owned)
    };
    assert_eq!(
        observations(&server, "filosofi-niveau-de-vie-median"),
        [
            row("ARM-75101", "_T", "30000", "A", "ligne 5, colonne MED21"),
            row("COM-01001", "_T", "25820", "A", "ligne 2, colonne MED21"),
            row("COM-01002", "_T", "24480", "A", "ligne 3, colonne MED21"),
            row("COM-2A004", "_T", "-15", "A", "ligne 4, colonne MED21"),
        ]
    );
    let poverty = observations(&server, "filosofi-taux-de-pauvrete");
    assert_eq!(poverty.len(), 4 * 9);
    assert!(poverty.contains(&row("COM-01001", "_T", "10.1", "A", "ligne 2, colonne TP6021")));
    assert!(poverty.contains(&row("COM-01001", "age-referent.moins-de-30", "null", "O", "ligne 2, colonne TP60AGE121")));
    assert!(poverty.contains(&row("COM-01001", "age-referent.30-39", "12.0", "A", "ligne 2, colonne TP60AGE221")));
    assert!(poverty.contains(&row("COM-01001", "occupation.locataires", "null", "Q", "ligne 2, colonne TP60TOL221")));
    assert_eq!(poverty.iter().filter(|row| row[4] == "Q").count(), 4 * 9 - 3);
    let latin = crate::publishing_files::writers::encoded(&text, "windows-1252");
    let again = publish(&server.url, &recipe_folder(RECIPE, &latin)).expect("the file is right");
    assert_eq!(again.release, None, "{again}");
}

#[test]
fn an_unknown_value_is_refused_with_its_position() {
    let server = with_references();
    let text = [
        HEADER.to_owned() + "\n",
        line("01001", "346;c;25820"),
        line("01002", "115;;2 448"),
        line("99999", "1;1;1"),
        line("01001", "346;895;25820,5,0"),
    ]
    .concat();
    let number = "is not a number with `,` before its decimals, nor one of the recipe's marks: s, nd";
    assert_eq!(
        faults(&server, &recipe_folder(RECIPE, text.as_bytes())),
        [
            format!("fichier:2: value (C) `c`: {number}"),
            "fichier:3: value (C): is empty; a mark of the recipe may say what that means".to_owned(),
            format!("fichier:3: value (D) `2 448`: {number}"),
            format!("fichier:5: value (D) `25820,5,0`: {number}"),
        ]
    );
    let unknown = [HEADER.to_owned() + "\n", line("99999", "1;1;1")].concat();
    let listed = faults(&server, &recipe_folder(RECIPE, unknown.as_bytes()));
    assert_eq!(
        listed,
        ["fichier:2: territory_code `COM-99999`: no row of territories has this code; closest: COM-01001, COM-01002, COM-2A004"]
    );
    let missing = HEADER.replace(";MED21;", ";MEDI21;").replace("CODGEO", "CODGEO21") + "\n" + &line("01001", "1;1;1");
    assert_eq!(
        faults(&server, &recipe_folder(RECIPE, missing.as_bytes())),
        [
            "fichier: `territory_code`: no column is called `CODGEO`; closest: CODGEO21",
            "fichier: no column is called `MED21`; closest: MEDI21, RD21",
        ]
    );
    assert_eq!(
        faults(&server, &recipe_folder(RECIPE, format!("{HEADER}\n").as_bytes())),
        ["fichier: the table has no rows below its header"]
    );
    let text = HEADER.to_owned() + "\n" + &line("01001", "1;1;1");
    let promised =
        folder(&(recipe_manifest(RECIPE, "f.csv") + "rows = 28\n[file.totals]\nvalue = \"4\"\n"), &[("f.csv", text.as_bytes())]);
    assert_eq!(
        faults(&server, &promised),
        ["f.csv: `value` sums to 3, where the manifest says 4", "f.csv: the file gives 27 rows where the manifest says 28"]
    );
}

#[test]
fn explain_shows_the_field_of_each_column_and_publishes_nothing() {
    let server = with_references();
    let text = HEADER.to_owned() + "\n" + &line("01001", "346;895;25820") + &line("01002", "1;1;1");
    let folder = folder("", &[("f.csv", text.as_bytes())]);
    let path = folder.join("f.csv");
    let before = contents(&server.url);
    let (code, out, err) =
        command(&server.url, &["publish", path.to_str().expect("a path"), "--recipe", RECIPE, "--explain", "4"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(out.matches("observations, from f.csv, line 2\n").count(), 4);
    for line in [
        "  territory_code     = COM-01001  <- A2 `01001`\n",
        "  indicator_code     = filosofi-menages-fiscaux  <- B2 `NBMENFISC21`\n",
        "  value              = 346  <- B2 `346`\n",
        "  value              = (none)  <- E2 `s`\n",
        "  statuses           = Q  <- marks\n",
        "  source_location    = ligne 2, colonne PIMP21\n",
        "nothing was published (dry run): Revenus et pauvreté des communes en 2021 (Filosofi)\n",
        "  observations: 54 added, 0 changed, 0 withdrawn, 0 unchanged\n",
    ] {
        assert!(out.contains(line), "{line}{out}");
    }
    assert_eq!(contents(&server.url), before);
}
