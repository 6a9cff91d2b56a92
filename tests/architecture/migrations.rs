//! The migrations: those that a version of the program has released never change, and new ones come after them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};

/// The released migrations, as `sha256sum` writes them, below the version that released each.
const FROZEN: &str = include_str!("frozen_migrations.txt");

/// What to do about a change.
const ADVICE: &str = "databases that have run it would keep what it made before. Undo the change, and write a new migration \
                      after the last one (CONTRIBUTING.md, « Add a migration »)";

/// The released files, each with its digest and the version.
fn frozen() -> Vec<(&'static str, &'static str, &'static str)> {
    let mut version = "";
    let mut files = Vec::new();
    for line in FROZEN.lines() {
        match line.strip_prefix("# ") {
            Some(heading) => version = heading,
            None => files.push(line.split_once("  ").map(|(digest, path)| (path, digest, version)).expect("a digest and a path")),
        }
    }
    files
}

/// The folders of migrations, in the order in which they run.
fn folders() -> BTreeSet<String> {
    let read = fs::read_dir("migrations").expect("the migrations");
    read.map(|entry| entry.expect("an entry").path().display().to_string()).collect()
}

/// The folder of a file.
fn folder(path: &str) -> String {
    Path::new(path).parent().expect("a folder").display().to_string()
}

#[test]
fn a_released_migration_never_changes() {
    for (path, digest, version) in frozen() {
        let text = fs::read(path).unwrap_or_else(|_| panic!("{path} is gone, and {version} has released it: {ADVICE}"));
        assert!(hex::encode(Sha256::digest(&text)) == digest, "{path} has changed, and {version} has released it: {ADVICE}");
    }
}

#[test]
fn released_migrations_are_listed_whole_and_new_ones_come_after_them() {
    let listed: BTreeSet<&str> = frozen().iter().map(|(path, ..)| *path).collect();
    let released: BTreeSet<String> = listed.iter().map(|path| folder(path)).collect();
    for folder in &released {
        for file in ["down.sql", "up.sql"].map(|name| format!("{folder}/{name}")) {
            assert!(listed.contains(file.as_str()), "tests/architecture/frozen_migrations.txt lacks {file}");
        }
    }
    let last = released.last().expect("a version has released migrations");
    for new in folders().difference(&released) {
        assert!(new > last, "{new} comes before {last}, which is released: databases that have run that one would skip it");
    }
}

#[test]
fn a_version_freezes_its_migrations() {
    let headings: Vec<&str> = FROZEN.lines().filter_map(|line| line.strip_prefix("# ")).collect();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        headings.last(),
        Some(&version),
        "this version freezes the migrations that no earlier one has released: append `# {version}` to \
         tests/architecture/frozen_migrations.txt, and the lines of `sha256sum migrations/*/*.sql` that it lacks"
    );
    assert!(headings.is_sorted_by(|one, other| one != other), "each version stands once");
}

#[test]
fn a_migration_has_a_day_a_number_and_a_name_and_can_be_reverted() {
    for folder in folders() {
        let name = folder.trim_start_matches("migrations/");
        let (version, title) = name.split_once('_').unwrap_or_else(|| panic!("{folder} has no name"));
        let numbers: Vec<usize> = version.split('-').map(str::len).collect();
        assert!(
            numbers == [4, 2, 2, 6] && version.chars().all(|c| c.is_ascii_digit() || c == '-'),
            "{folder} has no day or number"
        );
        assert!(!title.is_empty(), "{folder} has no name");
        for file in ["up.sql", "down.sql"].map(|name| Path::new(&folder).join(name)) {
            let text = fs::read_to_string(&file).unwrap_or_else(|_| panic!("{} is missing", file.display()));
            assert!(!text.trim().is_empty(), "{} is empty", file.display());
        }
        let up = fs::read_to_string(Path::new(&folder).join("up.sql")).expect("it is there");
        assert!(up.starts_with("-- "), "{folder}/up.sql does not say what it does");
    }
}
