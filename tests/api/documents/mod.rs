//! The documents: the tests run every block of commands and compare the output with the documented one.

mod expected;
mod links;
mod markdown;
mod shell;

use std::collections::BTreeSet;
use std::fs;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{TestServer, bundled_server, migrated, owner};
use expected::check;
use markdown::{Block, Kind};
use shell::Shell;

/// The documents with blocks of commands, each with the number of blocks that no test runs (`norun`).
const DOCUMENTS: &[(&str, usize)] = &[
    ("CONTRIBUTING.md", 3),
    ("README.md", 2),
    ("bench/README.md", 2),
    ("data/refresh-geography/README.md", 1),
    ("docs/api.md", 0),
    ("docs/operators.md", 4),
    ("docs/performance.md", 1),
    ("docs/publishing.md", 0),
];

/// The folders that are searched for documents, besides the root of the repository.
const FOLDERS: &[&str] = &["bench", "data", "deploy", "docs", "examples", "fuzz", "migrations", "openapi", "tests"];

#[test]
fn every_document_with_commands_is_listed_and_gives_a_reason_for_each_skipped_block() {
    let mut found = BTreeSet::new();
    for path in all_documents() {
        let blocks = markdown::blocks(&path);
        if blocks.is_empty() {
            continue;
        }
        let name = path.to_str().expect("the path is text").to_owned();
        let left_out: Vec<&Block> = blocks.iter().filter(|block| block.not_run.is_some()).collect();
        for block in &left_out {
            let reason = block.not_run.as_deref().unwrap_or_default();
            println!("{} is not run: {reason}", block.place);
            assert!(reason.len() > 10, "{} does not say why it is not run", block.place);
        }
        found.insert((name, left_out.len()));
    }
    let listed: BTreeSet<(String, usize)> = DOCUMENTS.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
    assert_eq!(found, listed, "documents with commands, and the number of blocks in each that are not run");
}

#[test]
fn documents_that_only_read_show_the_real_responses() {
    let server = bundled_server();
    let mut commands = 0;
    for (name, blocks) in documents(|blocks| !writes(blocks)) {
        commands += run(&name, &blocks, server);
    }
    assert!(commands >= 20, "only {commands} commands were run");
}

#[test]
fn documents_that_write_show_the_real_output_of_the_program() {
    let url = migrated();
    let published = Command::new(env!("CARGO_BIN_EXE_reperes"))
        .arg("migrate")
        .envs([("DATABASE_URL", url.as_str()), ("DATABASE_OWNER_URL", &owner(&url)), ("RUST_LOG", "warn")])
        .status()
        .expect("the program starts");
    assert!(published.success(), "the bundled data is published");
    let server = TestServer::on(&url);
    let mut commands = 0;
    for (name, blocks) in documents(writes) {
        commands += run(&name, &blocks, &server);
    }
    assert!(commands >= 10, "only {commands} commands were run");
}

/// Runs the blocks of a document from first to last in one shell, and returns the number of commands.
fn run(name: &str, blocks: &[Block], server: &TestServer) -> usize {
    let shell = Shell::open(name, server);
    let mut commands = 0;
    for block in blocks.iter().filter(|block| block.not_run.is_none()) {
        for step in block.steps() {
            let output = shell.run(&step.command, block.kind);
            check(&block.place, &step, &output);
            commands += 1;
        }
    }
    commands
}

/// Whether the blocks start the program, which may write to the database.
fn writes(blocks: &[Block]) -> bool {
    blocks.iter().filter(|block| block.not_run.is_none()).any(|block| block.text.contains("reperes "))
}

/// The listed documents whose blocks are chosen.
fn documents(chosen: impl Fn(&[Block]) -> bool) -> Vec<(String, Vec<Block>)> {
    let all = DOCUMENTS.iter().map(|(name, _)| ((*name).to_owned(), markdown::blocks(Path::new(name))));
    all.filter(|(_, blocks)| chosen(blocks)).collect()
}

/// Every Markdown file of the repository, with its path from the root.
fn all_documents() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = FOLDERS.iter().map(PathBuf::from).collect();
    let root = entries(Path::new(".")).into_iter().filter(|path| path.is_file());
    found.extend(root.filter_map(|path| path.strip_prefix(".").map(Path::to_owned).ok()));
    while let Some(folder) = folders.pop() {
        for path in entries(&folder) {
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    assert!(found.len() >= DOCUMENTS.len(), "only {} documents were found", found.len());
    found
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{} cannot be read: {error}", folder.display()));
    entries.map(|entry| entry.expect("the entry can be read").path()).collect()
}

#[test]
fn a_document_that_is_wrong_fails() {
    let block = |text: &str| markdown::parse("essai.md", text).remove(0);
    let shell = Shell::open("essai", bundled_server());
    let passes = |text: &str| {
        let block = block(text);
        std::panic::catch_unwind(AssertUnwindSafe(|| {
            for step in block.steps() {
                check(&block.place, &step, &shell.run(&step.command, block.kind));
            }
        }))
        .is_ok()
    };
    let address = "http://127.0.0.1:8080/v1/territories/DEP-59";
    assert!(passes(&format!("```console\n$ curl '{address}'\n{{\"name\": \"Nord\"}}\n```\n")));
    assert!(!passes(&format!("```console\n$ curl '{address}'\n{{\"name\": \"Sud\"}}\n```\n")), "a wrong member");
    assert!(!passes(&format!("```console\n$ curl '{address}'\nNord\n```\n")), "a line that is not printed");
    assert!(!passes("```console\n$ false\n```\n"), "a command that fails");
    assert!(passes("```console\n$ sh -c 'exit 3'\n[exit code 3]\n```\n"));
    assert!(!passes("```console\n$ true\n[exit code 3]\n```\n"), "a command that does not fail");
    assert!(!passes("```sh\ncurl 'http://127.0.0.1:8080/v1/rien'\n```\n"), "an address that is refused");
    assert_eq!(block("```sh norun: needs Docker\ntrue\n```\n").not_run.as_deref(), Some("needs Docker"));
    assert_eq!(block("```sh\ntrue\n```\n").kind, Kind::Script);
}
