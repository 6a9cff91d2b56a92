//! The program runs in an empty folder, as after `cargo install`, because it contains its data and its recipes.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::harness::{Program, Signal, get, root_directory};

/// A file of the schema that the bundled recipe `scdl-subventions` reads.
const SUBSIDIES: &str = "nomAttribuant,idAttribuant,dateConvention,referenceDecision,nomBeneficiaire,idBeneficiaire,rnaBeneficiaire,objet,montant,nature,conditionsVersement,datesPeriodeVersement,idRAE,notificationUE,pourcentageSubvention
Ville,22590001801244,2017-06-28,,Club,,W591000001,Tournoi,800,aide en nature,unique,2017-06-28,,oui,0.25
";

fn empty_folder(name: &str) -> PathBuf {
    let folder = root_directory().join(name);
    fs::create_dir(&folder).expect("the folder is new");
    folder
}

#[test]
fn an_installed_program_serves_its_data_and_finds_its_recipes_in_an_empty_folder() {
    let folder = empty_folder("installed");
    let mut program = Program::start_in(&folder, &[("REPERES_ADDRESS", "127.0.0.1:0"), ("REPERES_WORKERS", "1")]);
    let address = program.address();
    let nord = get(address, "/v1/territories/DEP-59").data();
    assert_eq!((&nord["name"], &nord["region_code"]), (&"Nord".into(), &"REG-32".into()));
    let releases = get(address, "/v1/releases?total=exact").json();
    assert_eq!(releases["meta"]["total"]["value"], 3, "one release for each bundle");
    let log = program.seen.join("\n");
    for bundle in ["01-geography", "02-strategy", "03-geography-history"] {
        assert!(log.contains(&format!("{bundle} is published as release")), "{log}");
    }

    fs::write(folder.join("subventions.csv"), SUBSIDIES).expect("the file can be written");
    let reperes = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_reperes"));
        command.current_dir(&folder).env_clear().env("RUST_LOG", "warn").args(arguments);
        let output = command.output().expect("the program runs");
        (output.status.code(), [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat())
    };
    let place = ["--constant", "territory_code=DEP-80", "subventions.csv"];
    let (code, report) = reperes(&[&["publish", "--dry-run", "--recipe", "scdl-subventions"], &place[..]].concat());
    assert_eq!(code, Some(0), "{report}");
    assert!(report.contains("funding: 1 added, 0 changed, 0 withdrawn"), "{report}");
    let (code, report) = reperes(&[&["publish", "--recipe", "scdl-subvention"], &place[..]].concat());
    assert_eq!(code, Some(1), "{report}");
    assert!(report.contains("there is no recipe scdl-subvention; closest: scdl-subventions, "), "{report}");
    let (code, report) = reperes(&["verify"]);
    assert_eq!(code, Some(0), "{report}");
    assert!(report.contains("03-geography-history: release 3, ") && report.ends_with("\nsound\n"), "{report}");

    program.signal(Signal::TERM);
    assert_eq!(program.end().0, Some(0));
    let mut left: Vec<_> = fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").file_name()).collect();
    left.sort();
    assert_eq!(left, ["subventions.csv", "var"]);
}
