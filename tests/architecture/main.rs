//! The architecture: which room may use which, as `src/lib.rs` draws it; what only one room may do; how long files are.

mod broken;
mod circles;
mod containers;
mod migrations;
mod rules;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::LazyLock;

use source::Source;

/// The most lines of a file.
const LINES: usize = 300;

/// The most files that lie flat in `http`, `db` and `publish` together.
const FLAT: usize = 20;

/// The most type names that several files define.
const REPEATED_TYPES: usize = 15;

/// The files of `db` and `http` that name a dataset. The list may only become shorter.
const NAMING_DATASETS: [&str; 9] = [
    "src/db/read/figures.rs",
    "src/db/sql/derivations.rs",
    "src/db/sql/geography.rs",
    "src/db/sql/observation_groups.rs",
    "src/http/handlers/contour.rs",
    "src/http/handlers/index.rs",
    "src/http/handlers/profile/mod.rs",
    "src/http/response/geography_errors.rs",
    "src/http/router.rs",
];

static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(|| source::all("src"));

fn drawn() -> BTreeMap<String, BTreeSet<String>> {
    rules::drawing(&fs::read_to_string("src/lib.rs").expect("the library can be read"))
}

fn assert_none(broken: &[String]) {
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn rooms_use_only_those_that_are_drawn() {
    assert!(SOURCES.len() > 200, "only {} files were found", SOURCES.len());
    assert_none(&rules::undrawn(&SOURCES, &drawn()));
}

#[test]
fn every_drawn_arrow_is_needed() {
    assert_none(&rules::unneeded(&SOURCES, &drawn()));
}

#[test]
fn the_drawing_has_no_circle() {
    let drawing = drawn();
    let graph = drawing.iter().map(|(from, to)| (from.as_str(), to.iter().map(String::as_str).collect())).collect();
    assert_eq!(circles::circles(&graph), Vec::<BTreeSet<&str>>::new());
}

#[test]
fn files_use_each_other_without_circles() {
    assert_eq!(circles::circles(&circles::graph(&SOURCES)), Vec::<BTreeSet<&str>>::new());
}

#[test]
fn pure_rooms_touch_nothing_outside() {
    assert_none(&rules::impure(&SOURCES));
}

#[test]
fn libraries_and_sql_stand_in_their_rooms() {
    assert_none(&rules::misplaced_libraries(&SOURCES));
    assert_none(&rules::misplaced_sql(&SOURCES));
}

#[test]
fn few_files_of_the_engine_name_a_dataset() {
    // Releases are the engine's own: every row of every dataset belongs to some.
    let own = |dataset: &&&reperes::query::Dataset| matches!(dataset.rows, reperes::query::RowOrigin::Releases);
    let datasets: Vec<&str> =
        reperes::datasets::REGISTRY.iter().filter(|dataset| !own(dataset)).map(|dataset| dataset.name).collect();
    let found = rules::naming_datasets(&SOURCES, &datasets);
    let files: Vec<&str> = found.keys().copied().collect();
    assert_eq!(files, NAMING_DATASETS, "{found:#?}");
}

#[test]
fn type_names_mean_one_thing() {
    let repeated = rules::repeated_types(&SOURCES);
    assert!(repeated.len() <= REPEATED_TYPES, "{} type names stand in several files: {repeated:?}", repeated.len());
}

#[test]
fn files_say_what_they_own_and_stay_short() {
    let others = ["tests", "bench"].map(source::all);
    let files = SOURCES.iter().chain(others.iter().flatten());
    // The tables are generated.
    for file in files.filter(|file| file.path != "src/db/schema.rs") {
        assert!(file.is_documented, "{} does not say what it owns", file.path);
        assert!(file.lines <= LINES, "{} has {} lines", file.path, file.lines);
    }
}

#[test]
fn rooms_have_few_files_side_by_side() {
    let flat = |room: &str| fs::read_dir(room).expect("a folder").filter(is_source).count();
    let count: usize = ["src/http", "src/db", "src/publish"].map(flat).iter().sum();
    assert!(count <= FLAT, "{count} files lie flat");
}

fn is_source(entry: &std::io::Result<fs::DirEntry>) -> bool {
    entry.as_ref().is_ok_and(|entry| entry.path().extension().is_some_and(|extension| extension == "rs"))
}
