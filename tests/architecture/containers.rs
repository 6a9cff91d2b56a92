//! What the Dockerfile copies goes through `.dockerignore`, and the program needs nothing else to be built.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Whether a name matches a pattern of one segment, in which `*` stands for any characters.
fn matches_segment(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, between)) = parts.split_last() else { return rest.is_empty() };
    for part in between {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// Whether a pattern of `.dockerignore` matches a path or a folder above it.
fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<&str>, Vec<&str>) = (pattern.split('/').collect(), path.split('/').collect());
    pattern.len() <= path.len() && pattern.iter().zip(&path).all(|(pattern, name)| matches_segment(pattern, name))
}

/// Whether a file is sent to the builder: the last pattern that matches it decides.
fn is_sent(ignore: &str, path: &str) -> bool {
    let lines = ignore.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.fold(true, |sent, line| match line.strip_prefix('!') {
        Some(pattern) if matches(pattern, path) => true,
        None if matches(line, path) => false,
        _ => sent,
    })
}

/// The files below a path.
fn files(path: &Path) -> Vec<String> {
    if !path.is_dir() {
        return vec![path.to_string_lossy().into_owned()];
    }
    let entries = fs::read_dir(path).expect("the folder can be read");
    entries.flatten().flat_map(|entry| files(&entry.path())).collect()
}

/// The paths that the Dockerfile copies from the folder that it is built in.
fn copied() -> Vec<String> {
    let dockerfile = fs::read_to_string("Dockerfile").expect("the Dockerfile can be read").replace("\\\n", " ");
    let lines = dockerfile.lines().filter(|line| line.starts_with("COPY ") || line.starts_with("ADD "));
    let mut found = Vec::new();
    for line in lines.filter(|line| !line.contains("--from=")) {
        let words: Vec<&str> = line.split_whitespace().skip(1).filter(|word| !word.starts_with("--")).collect();
        let (_, sources) = words.split_last().expect("a COPY has a target");
        found.extend(sources.iter().map(|source| source.trim_end_matches('/').to_owned()));
    }
    found
}

/// The files that sources include in the program: those of `include_str!` and its kind.
fn included() -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for source in files(Path::new("src")).into_iter().chain(["build.rs".to_owned()]) {
        let text = fs::read_to_string(&source).unwrap_or_default();
        for macro_name in ["include_str!(\"", "include_bytes!(\""] {
            for rest in text.split(macro_name).skip(1) {
                let name = rest.split('"').next().expect("a text ends");
                let path = Path::new(&source).parent().expect("a folder").join(name);
                found.insert(path.canonicalize().unwrap_or_else(|error| panic!("{source} includes {name}: {error}")));
            }
        }
    }
    found
}

#[test]
fn everything_that_is_copied_is_sent_to_the_builder() {
    let ignore = fs::read_to_string(".dockerignore").expect("the file can be read");
    let copied = copied();
    assert!(copied.len() >= 8, "only {copied:?}");
    for source in &copied {
        let all = files(Path::new(source));
        let sent = all.iter().filter(|file| is_sent(&ignore, file)).count();
        assert!(sent > 0, "`COPY {source}` copies nothing: .dockerignore leaves it out");
        if !Path::new(source).is_dir() {
            assert_eq!(sent, 1, "{source}");
        }
    }
    for required in ["src", "migrations", "data/recipes", "build.rs"] {
        let left_out: Vec<String> = files(Path::new(required)).into_iter().filter(|file| !is_sent(&ignore, file)).collect();
        assert!(left_out.is_empty(), "{required}: {left_out:?}");
    }
    for secret in [".env", ".git/config", "target/debug/reperes", "var/postgres", "tests/api/main.rs"] {
        assert!(!is_sent(&ignore, secret), "{secret} goes to the builder");
    }
}

#[test]
fn the_program_includes_no_file_that_is_not_copied() {
    let ignore = fs::read_to_string(".dockerignore").expect("the file can be read");
    let root = fs::canonicalize(".").expect("a folder");
    let (copied, included) = (copied(), included());
    assert!(included.len() >= 2, "only {included:?}");
    for file in included {
        let path = file.strip_prefix(&root).expect("a file of the project").to_string_lossy().into_owned();
        assert!(copied.iter().any(|source| Path::new(&path).starts_with(source)), "{path} is not copied");
        assert!(is_sent(&ignore, &path), "{path} is copied, but .dockerignore leaves it out");
    }
}

#[test]
fn patterns_are_read_as_the_builder_reads_them() {
    let ignore = "*\n!src\n!data/0*-*\n!a.toml\nsrc/secret\n";
    for (path, sent) in [
        ("src/main.rs", true),
        ("src/secret/key", false),
        ("data/01-geography/a.csv", true),
        ("data/recipes/x.toml", false),
        ("a.toml", true),
        ("b.toml", false),
        ("srcs/x", false),
    ] {
        assert_eq!(is_sent(ignore, path), sent, "{path}");
    }
}
