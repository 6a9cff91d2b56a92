//! Publishing files of every format and recipe from the command line: a file is published as a whole, or refused with every
//! fault and its position.

mod binary_formats;
mod bit_flips;
mod dead_publishers;
mod file_formats;
mod interruption;
mod latest_observations;
mod modes;
mod recipes;
mod refusals;
mod round_trip;
mod units;
mod withdrawals;
mod writers;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use reperes::datasets::REGISTRY;
use reperes::publication::Report;
use reperes::publish::PublishError;

use crate::harness::{SOURCES, bundle, migrated, publish, root_directory, scratch, with_database};

/// The head of every manifest of these tests.
const HEAD: &str = "title = \"Essai\"\ndescription = \"Essai\"\npublisher = \"Repères\"\nlicence = \"etalab-2.0\"\n";

/// The territories that the rows of these tests refer to.
const TERRITORIES: &str = "code,kind,name,region_code,geography_year,source_code
REG-99,region,Région,,2026,essai
DEP-01,departement,Ain,REG-99,2026,essai
DEP-02,departement,Aisne,REG-99,2026,essai
DEP-2A,departement,Corse-du-Sud,REG-99,2026,essai
COM-01001,commune,L'Abergement-Clémenciat,REG-99,2026,essai
COM-01002,commune,L'Abergement-de-Varey,REG-99,2026,essai
COM-2A004,commune,Ajaccio,REG-99,2026,essai
";

const INDICATORS: &str =
    "code,title,definition,unit_code,decimals,territory_additivity,time_additivity,direction,minimum,maximum,source_code
taux,Taux,Taux,percent,1,none,none,down,0,100,essai
habitants,Habitants,Habitants,habitant,0,sum,none,none,0,,essai
";

const ACTORS: &str = "code,kind,name,role,source_code\netat,state,État,financeur,essai\n";

/// A database with the rows that the tests refer to.
fn with_references() -> String {
    let url = migrated();
    let ground = bundle(&[("sources", SOURCES), ("territories", TERRITORIES), ("indicators", INDICATORS), ("actors", ACTORS)]);
    publish(&url, &ground).expect("the ground is right");
    url
}

/// A folder of files with a manifest, which begins with [`HEAD`].
pub fn folder(manifest: &str, files: &[(&str, &[u8])]) -> PathBuf {
    let folder = scratch("publication");
    fs::create_dir_all(&folder).expect("a folder can be made");
    for (name, bytes) in files {
        fs::write(folder.join(name), bytes).expect("a file can be written");
    }
    fs::write(folder.join("manifest.toml"), format!("{HEAD}{manifest}")).expect("a file can be written");
    folder
}

/// The manifest of one file of a dataset.
fn manifest_of(dataset: &str, path: &str) -> String {
    format!("[[file]]\npath = \"{path}\"\ndataset = \"{dataset}\"\n")
}

/// Publishes one file of a dataset under a name that does not show its format.
pub fn publish_bytes(url: &str, dataset: &str, bytes: &[u8]) -> Result<Report, PublishError> {
    publish(url, &folder(&manifest_of(dataset, "fichier"), &[("fichier", bytes)]))
}

/// The listed faults of a refusal, each as the line that the program prints, and the count of all faults.
fn refused(outcome: Result<Report, PublishError>) -> (Vec<String>, usize) {
    match outcome {
        Err(PublishError::Refused { faults, count }) => (faults.iter().map(ToString::to_string).collect(), count),
        other => panic!("it was not refused: {other:?}"),
    }
}

/// The faults of a refusal, which must list all of them.
pub fn faults(outcome: Result<Report, PublishError>) -> Vec<String> {
    let (listed, count) = refused(outcome);
    assert_eq!(listed.len(), count, "{listed:?}");
    listed
}

/// The number of rows of each table of a database, and the number of staging tables.
pub fn contents(url: &str) -> Vec<(String, i64)> {
    let tables = REGISTRY.iter().map(|dataset| dataset.name).chain(["withdrawals"]);
    let mut counts: Vec<(String, String)> =
        tables.map(|table| (table.to_owned(), format!("SELECT count(*) FROM \"{table}\""))).collect();
    counts.push(("staged".to_owned(), "SELECT count(*) FROM pg_class WHERE relname LIKE 'stage\\_%'".to_owned()));
    with_database(url, async |client| {
        let mut found = Vec::new();
        for (name, query) in counts {
            found.push((name, client.query_one(&query, &[]).await.expect("a count").get(0)));
        }
        found
    })
}

/// The command that runs the program on a database.
fn program(url: &str, arguments: &[&str]) -> Command {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut program = Command::new(env!("CARGO_BIN_EXE_reperes"));
    program
        .args(arguments)
        .current_dir(root_directory())
        .env("DATABASE_URL", url)
        .env("REPERES_BUNDLES", root.join("tests/fixtures/bundles"))
        .env("REPERES_RECIPES", root.join("data/recipes"))
        .env("RUST_LOG", "off");
    program
}

/// Runs the program on a database and returns its exit code, its standard output and its standard error.
fn command(url: &str, arguments: &[&str]) -> (i32, String, String) {
    let output = program(url, arguments).output().expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code().expect("it ends by itself"), text(output.stdout), text(output.stderr))
}
