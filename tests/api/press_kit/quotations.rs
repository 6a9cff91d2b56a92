//! Every quotation stands on the lines that its row cites. The lines are those of the extracted text of the press kit; what it
//! says of a person is left out of them.

use std::collections::BTreeSet;

use reperes::datasets::collections;

use super::{KIT, plain, rows};

const LINES: &str = include_str!("../../fixtures/press-kit/lines.txt");

/// The numbers after « ligne » or « lignes »: `34-36 et 38`.
fn cited(place: &str) -> BTreeSet<usize> {
    let Some((_, rest)) = place.split_once("ligne") else { return BTreeSet::new() };
    let rest = rest.trim_start_matches('s').trim_start();
    let end = rest.find(|c: char| !c.is_ascii_digit() && !"-, et".contains(c)).unwrap_or(rest.len());
    let ranges = rest[..end].split([',', 'e', 't', ' ']).filter(|part| !part.is_empty());
    ranges
        .flat_map(|range| {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            let number = |text: &str| text.parse::<usize>().unwrap_or_else(|_| panic!("{place}: {range}"));
            number(first)..=number(last)
        })
        .collect()
}

/// The texts in quotation marks after the place, with those within them.
fn quoted(place: &str) -> Vec<String> {
    let (mut found, mut depth, mut start) = (Vec::new(), 0, 0);
    let after = plain(place).split_once(" : ").map(|(_, quotes)| quotes.to_owned()).unwrap_or_default();
    for (at, c) in after.char_indices() {
        match c {
            '«' => {
                depth += 1;
                start = if depth == 1 { at + c.len_utf8() } else { start };
            }
            '»' => {
                depth -= 1;
                if depth == 0 {
                    found.push(after[start..at].trim().to_owned());
                }
            }
            _ => {}
        }
    }
    found
}

#[test]
fn every_quotation_stands_on_the_lines_cited() {
    let lines: Vec<&str> = LINES.lines().collect();
    let mut quotations = 0;
    for dataset in collections().filter(|dataset| dataset.field("source_location").is_some()) {
        if dataset.name.starts_with("territor") || ["memberships", "breakdowns"].contains(&dataset.name) {
            continue;
        }
        for row in rows(&format!("/v1/{}?source_code={KIT}&limit=1000", dataset.name)) {
            let place = row["source_location"].as_str().unwrap_or_else(|| panic!("{row}"));
            let numbers = cited(place);
            assert!(!numbers.is_empty() && numbers.iter().all(|line| (1..=lines.len()).contains(line)), "{place}");
            let text: Vec<&str> = numbers.iter().map(|line| lines[line - 1]).collect();
            let text = plain(&text.join(" "));
            for quotation in quoted(place) {
                assert!(text.contains(&quotation), "{}: « {quotation} » is not in « {text} »", row["code"]);
                quotations += 1;
            }
        }
    }
    assert!(quotations > 250, "only {quotations} quotations");
}
