//! Links between the documents: each target file and heading exists. The map of the architecture names existing files only.

use std::fs;
use std::path::Path;

use super::all_documents;

/// The targets of the links in a text, outside fenced blocks.
fn targets(text: &str) -> Vec<String> {
    let mut fenced = false;
    let mut found = Vec::new();
    for line in text.lines() {
        fenced ^= line.trim_start().starts_with("```");
        if !fenced {
            found.extend(line.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target.to_owned()));
        }
    }
    found
}

/// The anchors of the headings in a text, as GitHub makes them.
fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let anchor = |heading: &str| -> String {
        let kept = heading.to_lowercase();
        kept.chars()
            .filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect()
    };
    headings.map(anchor).collect()
}

#[test]
fn every_link_between_documents_has_an_existing_target() {
    let mut checked = 0;
    for document in all_documents() {
        let text = fs::read_to_string(&document).expect("the document can be read");
        for target in targets(&text).iter().filter(|target| !target.contains("://")) {
            let (path, anchor) = target.split_once('#').map_or((target.as_str(), None), |(path, anchor)| (path, Some(anchor)));
            let folder = document.parent().unwrap_or(Path::new(""));
            let file = if path.is_empty() { document.clone() } else { folder.join(path) };
            assert!(file.exists(), "{} links to {target}, which does not exist", document.display());
            if let Some(anchor) = anchor {
                let headings = anchors(&fs::read_to_string(&file).expect("the linked document can be read"));
                assert!(headings.iter().any(|one| one == anchor), "{} links to {target}: no such heading", document.display());
            }
            checked += 1;
        }
    }
    assert!(checked > 60, "only {checked} links were found");
}

/// The paths in backquotes in the map of the architecture that start with a module, such as `http/cache/etag`.
fn named_files(text: &str) -> Vec<String> {
    let modules = ["cli", "db", "format", "http", "publish", "query", "datasets", "server"];
    let quoted = text.lines().filter(|line| line.starts_with("| ")).flat_map(|line| line.split('`').skip(1).step_by(2));
    let named = quoted.filter(|path| path.split_once('/').is_some_and(|(first, _)| modules.contains(&first)));
    named.map(|path| path.trim_end_matches(['…', '/']).to_owned()).collect()
}

#[test]
fn the_map_names_files_that_exist() {
    let text = fs::read_to_string("docs/architecture.md").expect("the map can be read");
    let named = named_files(&text);
    for path in &named {
        let (file, folder) = (format!("src/{path}.rs"), format!("src/{path}"));
        assert!(
            Path::new(&file).exists() || Path::new(&folder).is_dir(),
            "docs/architecture.md names {path}, which does not exist"
        );
    }
    assert!(named.len() > 30, "only {} files are named", named.len());
}

#[test]
fn anchors_are_computed_as_on_github() {
    assert_eq!(anchors("# The map\n## Shutdown & « handover »\n### `as_of`\n"), ["the-map", "shutdown---handover-", "as_of"]);
    assert_eq!(targets("[a](b.md#c) and [d](https://e.f)\n```sh\n[g](h)\n```\n"), ["b.md#c", "https://e.f"]);
}
