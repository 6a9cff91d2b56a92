//! Owns the graph of files: which file uses which, and the circles in it.
//! Must not know what else is allowed.

use std::collections::{BTreeMap, BTreeSet};

use super::source::Source;

/// Which file uses which, by path. Names that a file exports again count as those of the file that has them.
pub fn graph(sources: &[Source]) -> BTreeMap<&str, BTreeSet<&str>> {
    let files: BTreeMap<&[String], &str> = sources
        .iter()
        .filter(|source| source.room() != "main")
        .map(|source| (&source.module[..], source.path.as_str()))
        .collect();
    let mut exports: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    for source in sources {
        for (path, name) in &source.exports {
            if let Some((file, _)) = file_of(&files, path) {
                exports.insert((&source.path, name), file);
            }
        }
    }
    let mut graph: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for source in sources {
        let used = source.paths.iter().filter_map(|path| {
            let (file, name) = file_of(&files, path)?;
            Some(name.and_then(|name| exports.get(&(file, name)).copied()).unwrap_or(file))
        });
        graph.insert(&source.path, used.filter(|file| *file != source.path).collect());
    }
    graph
}

/// The file that a path leads to, and the name in it that comes next.
fn file_of<'a>(files: &BTreeMap<&[String], &'a str>, path: &'a [String]) -> Option<(&'a str, Option<&'a str>)> {
    let path = path.strip_prefix(&["crate".to_owned()])?;
    (1..=path.len()).rev().find_map(|length| files.get(&path[..length]).map(|file| (*file, path.get(length).map(String::as_str))))
}

/// The circles: files each of which leads to every other one of its circle.
pub fn circles<'a>(graph: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> Vec<BTreeSet<&'a str>> {
    let reached: BTreeMap<&str, BTreeSet<&str>> = graph.keys().map(|file| (*file, reach(graph, file))).collect();
    let mut circles: Vec<BTreeSet<&str>> = Vec::new();
    for file in graph.keys().filter(|file| reached[*file].contains(*file)) {
        let circle: BTreeSet<&str> = reached[file].iter().copied().filter(|other| reached[other].contains(file)).collect();
        if !circles.contains(&circle) {
            circles.push(circle);
        }
    }
    circles
}

/// Every file that is reached from one by one step or more.
fn reach<'a>(graph: &BTreeMap<&'a str, BTreeSet<&'a str>>, from: &str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut next: Vec<&str> = graph[from].iter().copied().collect();
    while let Some(file) = next.pop() {
        if reached.insert(file) {
            next.extend(graph.get(file).into_iter().flatten());
        }
    }
    reached
}
