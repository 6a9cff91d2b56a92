//! Every migration can be reverted: `down.sql` leaves what was there before `up.sql`, and nothing stays of all of them.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::run;
use crate::harness::{binaries, database, with_database};

/// Everything in the schema that no extension made, by its kind and name.
const OBJECTS: &str = "\
SELECT all_of.kind || ' ' || all_of.name FROM ( \
    SELECT 'relation' AS kind, relname::text AS name, oid, oid AS home FROM pg_class WHERE relnamespace = 'public'::regnamespace \
    UNION ALL SELECT 'function', proname::text, oid, oid FROM pg_proc WHERE pronamespace = 'public'::regnamespace \
    UNION ALL SELECT 'type', typname::text, oid, CASE WHEN typelem > 0 THEN typelem ELSE oid END FROM pg_type WHERE typnamespace = 'public'::regnamespace \
    UNION ALL SELECT 'trigger', tgname::text, t.oid, t.oid FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid \
        WHERE c.relnamespace = 'public'::regnamespace \
) all_of WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid IN (all_of.oid, all_of.home) AND d.deptype = 'e') ORDER BY 1";

/// The folders of the migrations, in order.
fn migrations() -> Vec<PathBuf> {
    let read = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")).expect("the migrations");
    let mut folders: Vec<PathBuf> = read.map(|entry| entry.expect("an entry").path()).collect();
    folders.sort();
    folders
}

fn execute(url: &str, text: &str) {
    with_database(url, async |client| client.batch_execute(text).await.expect("the statements are right"));
}

fn execute_file(url: &str, path: PathBuf) {
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    with_database(url, async |client| {
        client.batch_execute(&text).await.unwrap_or_else(|error| panic!("{}: {error:?}", path.display()));
    });
}

/// The schema as statements.
fn schema(url: &str) -> String {
    let dumped = Command::new(binaries().join("pg_dump")).args(["--schema-only", url]).output().expect("pg_dump is installed");
    assert!(dumped.status.success(), "{}", String::from_utf8_lossy(&dumped.stderr));
    let text = String::from_utf8(dumped.stdout).expect("the dump is text");
    // Each dump has a random word.
    text.lines().filter(|line| !line.contains("restrict ")).collect::<Vec<_>>().join("\n")
}

fn assert_same(one: &str, other: &str, what: &str) {
    let differs = one.lines().zip(other.lines()).find(|(one, other)| one != other);
    assert!(one == other, "{what}: {differs:?}");
}

fn objects(url: &str) -> Vec<String> {
    with_database(url, async |client| {
        client.query(OBJECTS, &[]).await.expect("the catalogue").iter().map(|row| row.get(0)).collect()
    })
}

#[test]
fn each_migration_reverts_what_it_makes_and_all_of_them_leave_nothing() {
    let url = database();
    // Extensions stay, since others may use them.
    execute(&url, "CREATE EXTENSION unaccent; CREATE EXTENSION pg_trgm");
    let mut states = vec![schema(&url)];
    let folders = migrations();
    for folder in &folders {
        execute_file(&url, folder.join("up.sql"));
        states.push(schema(&url));
        assert!(states[states.len() - 2] != states[states.len() - 1], "{} makes nothing", folder.display());
    }
    assert!(objects(&url).len() > 150, "{}", objects(&url).len());
    for (folder, before) in folders.iter().zip(&states).rev() {
        execute_file(&url, folder.join("down.sql"));
        assert_same(before, &schema(&url), &folder.display().to_string());
    }
    assert_eq!(objects(&url), Vec::<String>::new());
    for folder in &folders {
        execute_file(&url, folder.join("up.sql"));
    }
    assert_same(&states[folders.len()], &schema(&url), "up again");
    for folder in folders.iter().rev() {
        execute_file(&url, folder.join("down.sql"));
    }
    let service = url.replace("//reperes@", "//reperes_service@");
    assert_eq!(run(&service, &["migrate"]).code, Some(0));
    assert_eq!(run(&service, &["verify"]).code, Some(0));
}
