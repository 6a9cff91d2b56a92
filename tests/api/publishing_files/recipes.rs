//! The recipes of the service read made-up files in the layouts of the agencies: every value, status and position is as in the
//! file, and a recipe refuses values that it does not know.

mod budgets;
mod filosofi;
mod own_recipes;
mod series;
mod subsidies;
mod workbooks;

use std::path::PathBuf;

use reperes::publication::Report;
use reperes::publish::PublishError;
use serde_json::Value;

use super::folder;
use crate::harness::{SOURCES, TestServer, breakdowns, bundle, get, migrated, publish, units};

const TERRITORIES: &str = "code,kind,name,geography_year,source_code
FR,country,France,2026,essai
REG-32,region,Hauts-de-France,2026,essai
REG-94,region,Corse,2026,essai
DEP-01,departement,Ain,2026,essai
DEP-02,departement,Aisne,2026,essai
DEP-2A,departement,Corse-du-Sud,2026,essai
DEP-21,departement,Côte-d'Or,2026,essai
DEP-80,departement,Somme,2026,essai
DEP-971,departement,Guadeloupe,2026,essai
DEP-973,departement,Guyane,2026,essai
COM-01001,commune,L'Abergement-Clémenciat,2026,essai
COM-01002,commune,L'Abergement-de-Varey,2026,essai
COM-2A004,commune,Ajaccio,2026,essai
ARM-75101,municipal_arrondissement,Paris 1er Arrondissement,2026,essai
";

const ACTORS: &str = "code,kind,name,role,source_code\ncd-80,local_authority,Département de la Somme,financeur,essai\n";

/// A server with the territories and the payer that the files of these tests refer to.
fn with_references() -> TestServer {
    let url = migrated();
    let files = [
        ("sources", SOURCES),
        ("units", units()),
        ("breakdowns", breakdowns()),
        ("territories", TERRITORIES),
        ("actors", ACTORS),
    ];
    publish(&url, &bundle(&files)).expect("the references are right");
    TestServer::on(&url)
}

/// The manifest of a file that is read by a recipe.
fn recipe_manifest(recipe: &str, file: &str) -> String {
    format!("[[file]]\npath = \"{file}\"\nrecipe = \"{recipe}\"\n")
}

/// A folder of one file that is read by a recipe.
fn recipe_folder(recipe: &str, bytes: &[u8]) -> PathBuf {
    folder(&recipe_manifest(recipe, "fichier"), &[("fichier", bytes)])
}

fn added(report: &Report, dataset: &str) -> u64 {
    report.datasets.iter().find(|effect| effect.dataset == dataset).map_or(0, |effect| effect.added)
}

/// The observations of an indicator: territory, period, breakdown, value, statuses, location in the source.
fn observations(server: &TestServer, indicator: &str) -> Vec<[String; 6]> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Array(texts) => texts.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("+"),
        other => other.to_string(),
    };
    let rows = get(server.address, &format!("/v1/observations?indicator_code={indicator}&sort=code&limit=1000")).data();
    let columns = ["territory_code", "period", "breakdown_code", "value", "statuses", "source_location"];
    rows.as_array().expect("a list").iter().map(|row| columns.map(|column| text(&row[column]))).collect()
}

/// The faults of a publication by recipe, which must be refused and write nothing.
fn faults(server: &TestServer, folder: &std::path::Path) -> Vec<String> {
    let before = super::contents(&server.url);
    let listed = super::faults(publish(&server.url, folder));
    assert_eq!(super::contents(&server.url), before);
    listed
}

/// The error of a publication that fails before any row is read.
fn unreadable(server: &TestServer, folder: &std::path::Path) -> String {
    match publish(&server.url, folder) {
        Err(PublishError::Unreadable(why)) => why,
        other => panic!("it was read: {other:?}"),
    }
}
