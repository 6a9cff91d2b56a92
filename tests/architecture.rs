//! The direction of imports: which module may use which. `src/lib.rs` draws it.

use std::fs;
use std::path::Path;

/// Each module with those that it may use, beside itself.
const DIRECTIONS: &[(&str, &[&str])] = &[
    ("problem", &[]),
    ("query", &["problem"]),
    ("access", &["query"]),
    ("metrics", &[]),
    ("sharded_cache", &[]),
    ("db", &["sharded_cache", "metrics", "query"]),
    ("format", &["query"]),
    ("http", &["access", "sharded_cache", "db", "format", "metrics", "problem", "publish", "query"]),
    ("datasets", &["query"]),
    ("publish", &["access", "db", "metrics", "problem", "query"]),
    ("postgres", &[]),
    ("config", &["db", "http", "query"]),
    ("app", &["datasets", "db", "http", "metrics", "problem", "publish", "query"]),
    ("server", &["app", "http", "problem"]),
    ("cli", &["access", "app", "config", "datasets", "db", "http", "postgres", "publish", "query", "server"]),
    ("lib", &[]),
    ("main", &[]),
];

#[test]
fn modules_use_only_those_below_them() {
    let mut files = Vec::new();
    collect(Path::new("src"), &mut files);
    assert!(files.len() > 40);
    for (path, text) in files {
        let module = path.trim_start_matches("src/").split(['/', '.']).next().expect("a module");
        let (_, allowed) = DIRECTIONS
            .iter()
            .find(|(name, _)| *name == module)
            .unwrap_or_else(|| panic!("{path} belongs to no module of the map"));
        for used in text.split("crate::").skip(1).filter_map(|rest| rest.split(|c: char| !c.is_ascii_lowercase()).next()) {
            assert!(used == module || allowed.contains(&used) || used.is_empty(), "{path} uses {used}");
        }
        assert!(!text.contains("crate::{") && !text.contains("super::super"), "{path} hides what it uses");
        let pure = ["problem", "query", "format", "datasets"].contains(&module);
        for library in ["actix", "diesel", "tokio_postgres"] {
            let used = text.contains(&format!("{library}_")) || text.contains(&format!("{library}::"));
            assert!(!(pure && used), "{path} uses {library}");
        }
        let http = ["http", "app", "server"].contains(&module);
        assert!(!(http && (text.contains("SELECT ") || text.contains("diesel"))), "{path} holds SQL");
    }
}

#[test]
fn every_file_says_what_it_owns_and_stays_short() {
    let mut files = Vec::new();
    collect(Path::new("src"), &mut files);
    collect(Path::new("tests"), &mut files);
    for (path, text) in files.into_iter().filter(|(_, text)| !text.starts_with("// @generated")) {
        assert!(text.starts_with("//! "), "{path} does not say what it owns");
        assert!(text.lines().count() <= 330, "{path} has {} lines", text.lines().count());
    }
}

fn collect(folder: &Path, files: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push((path.display().to_string(), fs::read_to_string(&path).expect("a file can be read")));
        }
    }
}
