//! Owns the rules of the architecture: each returns the places where it is broken.
//! Must not know how source files are read.

use std::collections::{BTreeMap, BTreeSet};

use super::source::Source;

/// Rooms that must not touch files, sockets, processes or the environment, nor a database or a web server.
const PURE: [&str; 6] = ["access", "datasets", "format", "problem", "publication", "query"];

/// What a pure room must not use.
const EFFECTS: [&[&str]; 10] = [
    &["std", "fs"],
    &["std", "net"],
    &["std", "process"],
    &["std", "env"],
    &["std", "os"],
    &["tokio"],
    &["tempfile"],
    &["actix_web"],
    &["diesel"],
    &["tokio_postgres"],
];

/// A workbook is an archive whose directory comes last, so that its writer needs a temporary file.
const TEMPORARY: &str = "src/format/xlsx.rs";

/// Libraries that one room alone uses, with the room.
const LIBRARIES: [(&str, &[&str]); 4] =
    [("tokio_postgres", &["db"]), ("diesel", &["db"]), ("diesel_async", &["db"]), ("actix_web", &["app", "http", "server"])];

/// How SQL begins.
const SQL: [&str; 9] =
    ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "CREATE TABLE", "ALTER TABLE", "DROP TABLE", "TRUNCATE ", "COPY "];

/// The arrows that `src/lib.rs` draws: a line `a → b c` for each room, with all that it may use.
pub fn drawing(lib: &str) -> BTreeMap<String, BTreeSet<String>> {
    let lines = lib.lines().filter_map(|line| line.strip_prefix("//! ")?.split_once('→'));
    lines.map(|(from, to)| (from.trim().to_owned(), to.split_whitespace().map(str::to_owned).collect())).collect()
}

/// Uses of rooms that the drawing does not allow, and rooms that it does not name.
pub fn undrawn(sources: &[Source], drawing: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let mut broken = Vec::new();
    for source in sources.iter().filter(|source| source.room() != "lib") {
        let Some(allowed) = drawing.get(source.room()) else {
            broken.push(format!("{} is in no room that is drawn", source.path));
            continue;
        };
        for used in rooms_used(source) {
            if used != source.room() && !allowed.contains(used) {
                broken.push(format!("{} uses {used}", source.path));
            }
        }
    }
    broken
}

/// Arrows that nothing needs any more.
pub fn unneeded(sources: &[Source], drawing: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let mut used: BTreeSet<(&str, &str)> = BTreeSet::new();
    for source in sources {
        used.extend(rooms_used(source).into_iter().map(|to| (source.room(), to)));
    }
    let arrows = drawing.iter().flat_map(|(from, all)| all.iter().map(move |to| (from.as_str(), to.as_str())));
    arrows.filter(|arrow| !used.contains(arrow)).map(|(from, to)| format!("nothing in {from} uses {to}")).collect()
}

fn rooms_used(source: &Source) -> BTreeSet<&str> {
    let root = if source.room() == "main" { "reperes" } else { "crate" };
    source.paths.iter().filter(|path| path[0] == root).filter_map(|path| path.get(1)).map(String::as_str).collect()
}

/// Pure rooms that touch the world outside.
pub fn impure(sources: &[Source]) -> Vec<String> {
    let pure = sources.iter().filter(|source| PURE.contains(&source.room()));
    let broken = pure.flat_map(|source| {
        let starts = |effect: &&&[&str]| {
            let exempt = source.path == TEMPORARY && **effect == ["tempfile"];
            !exempt && source.paths.iter().any(|path| begins(path, effect))
        };
        EFFECTS.iter().filter(starts).map(|effect| format!("{} uses {}", source.path, effect.join("::")))
    });
    broken.collect()
}

/// Libraries outside the rooms that they belong to.
pub fn misplaced_libraries(sources: &[Source]) -> Vec<String> {
    let mut broken = Vec::new();
    for (library, rooms) in LIBRARIES {
        let outside = sources.iter().filter(|source| !rooms.contains(&source.room()));
        let using = outside.filter(|source| source.paths.iter().any(|path| path[0] == library));
        broken.extend(using.map(|source| format!("{} uses {library}", source.path)));
    }
    broken
}

/// SQL outside `db`.
pub fn misplaced_sql(sources: &[Source]) -> Vec<String> {
    let outside = sources.iter().filter(|source| source.room() != "db");
    let broken = outside.flat_map(|source| {
        let sql = source.texts.iter().filter(|text| SQL.iter().any(|verb| text.trim_start().starts_with(verb)));
        sql.map(|text| format!("{} holds SQL: {text}", source.path))
    });
    broken.collect()
}

/// The files of rooms that serve every dataset alike and yet name one, each with the names.
pub fn naming_datasets<'a>(sources: &'a [Source], datasets: &[&'static str]) -> BTreeMap<&'a str, BTreeSet<&'static str>> {
    let mut found: BTreeMap<&str, BTreeSet<&'static str>> = BTreeMap::new();
    for source in sources.iter().filter(|source| ["db", "http"].contains(&source.room())) {
        // The tables as Diesel sees them are those of all datasets.
        for name in datasets.iter().filter(|_| source.path != "src/db/schema.rs") {
            if source.texts.iter().any(|text| names(text, name)) {
                found.entry(&source.path).or_default().insert(name);
            }
        }
    }
    found
}

/// Whether a text is the name of a dataset, its address, or SQL that reads its table.
fn names(text: &str, name: &str) -> bool {
    let word_follows = |before: &str| {
        text.match_indices(&format!("{before}{name}")).any(|(at, found)| {
            let next = text[at + found.len()..].chars().next();
            next.is_none_or(|c| !c.is_ascii_alphanumeric() && c != '_')
        })
    };
    text == name || ["FROM ", "JOIN ", "INTO ", "UPDATE ", "/v1/"].iter().any(|before| word_follows(before))
}

/// Type names that several files define.
pub fn repeated_types(sources: &[Source]) -> BTreeSet<&str> {
    let mut files: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for source in sources {
        for name in &source.types {
            files.entry(name).or_default().insert(&source.path);
        }
    }
    files.into_iter().filter(|(_, files)| files.len() > 1).map(|(name, _)| name).collect()
}

fn begins(path: &[String], start: &[&str]) -> bool {
    path.len() >= start.len() && path.iter().zip(start).all(|(part, expected)| part == expected)
}
