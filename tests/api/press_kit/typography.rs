//! French texts that the service brings have typographic apostrophes and spaces that do not break, and searches need neither.
//! Names of territories keep the spelling of INSEE.

use std::path::Path;

use reperes::datasets::{REGISTRY, collections};
use reperes::query::model::cube;
use reperes::query::{Field, Kind};

use super::codes;

const NO_BREAK: char = '\u{a0}';
const NARROW: char = '\u{202f}';

/// What is wrong with a French text.
fn wrong(text: &str) -> Option<String> {
    let all: Vec<char> = text.chars().collect();
    let fault = |at: usize, why: &str| {
        let around: String = all[at.saturating_sub(15)..(at + 15).min(all.len())].iter().collect();
        Some(format!("{why}: …{around}…"))
    };
    for (at, c) in all.iter().enumerate() {
        let (before, after) = (at.checked_sub(1).map(|at| all[at]), all.get(at + 1).copied());
        let ends = after.is_none_or(char::is_whitespace);
        match c {
            '\'' => return fault(at, "a straight apostrophe"),
            '«' if after != Some(NO_BREAK) => return fault(at, "no U+00A0 after «"),
            '»' if before != Some(NO_BREAK) => return fault(at, "no U+00A0 before »"),
            ':' if ends && before == Some(' ') => return fault(at, "a plain space before a colon"),
            ';' | '!' | '?' if ends && before == Some(' ') => return fault(at, "a plain space before ;, ! or ?"),
            '%' | '€' if before == Some(' ') => return fault(at, "a plain space before a unit"),
            ' ' if before.is_some_and(|c| c.is_ascii_digit()) => {
                let digits = all[at + 1..].iter().take_while(|c| c.is_ascii_digit()).count();
                if digits == 3 {
                    return fault(at, "a plain space between thousands");
                }
            }
            _ => {}
        }
    }
    None
}

/// Whether a field holds French prose.
fn is_prose(dataset: &str, field: &Field) -> bool {
    let name_of_insee = field.name == "name" && dataset.starts_with("territor");
    let bare = ["siren", "siret", "rna", "email", "phone", "url", "licence_url", "website", "legal_act_url", "sha256", "symbol"];
    matches!(field.kind, Kind::Text | Kind::TextList)
        && !name_of_insee
        && !bare.contains(&field.name)
        && !field.name.ends_with("_codes")
}

/// The texts of a bundle: where each stands, and what it says.
fn texts(folder: &Path) -> Vec<(String, String)> {
    let manifest = std::fs::read_to_string(folder.join("manifest.toml")).expect("a manifest");
    let manifest: toml::Table = manifest.parse().expect("TOML");
    let mut found = Vec::new();
    for name in ["title", "description", "publisher", "notes"] {
        found.extend(
            manifest.get(name).and_then(toml::Value::as_str).map(|text| (format!("{name} of {folder:?}"), text.to_owned())),
        );
    }
    for file in manifest["file"].as_array().expect("files") {
        let (path, dataset) = (file["path"].as_str().expect("a path"), file["dataset"].as_str().expect("a dataset"));
        let dataset = REGISTRY.iter().find(|one| one.name == dataset).expect("a dataset");
        for (name, text) in file.get("constants").and_then(toml::Value::as_table).into_iter().flatten() {
            if dataset.field(name).is_some_and(|field| is_prose(dataset.name, field)) {
                found.push((format!("{path}, constant {name}"), text.as_str().expect("a text").to_owned()));
            }
        }
        let mut reader = csv::Reader::from_path(folder.join(path)).expect("a file");
        let header = reader.headers().expect("a header").clone();
        let prose: Vec<bool> =
            header.iter().map(|name| dataset.field(name).is_some_and(|field| is_prose(dataset.name, field))).collect();
        if !prose.contains(&true) {
            continue;
        }
        for (line, record) in reader.records().enumerate() {
            let record = record.expect("a row");
            for (at, cell) in record.iter().enumerate().filter(|(at, cell)| prose[*at] && !cell.is_empty()) {
                found.push((format!("{path}, line {}, {}", line + 2, &header[at]), cell.to_owned()));
            }
        }
    }
    found
}

#[test]
fn every_bundled_text_is_set_as_french_is() {
    let mut read = 0;
    let mut faults = Vec::new();
    for bundle in ["01-geography", "02-strategy", "03-geography-history"] {
        for (place, text) in texts(&Path::new("data").join(bundle)) {
            read += 1;
            faults.extend(wrong(&text).map(|why| format!("{place}: {why}")));
            assert!(!text.contains("Fin constaté "), "{place}: « fin » is feminine");
        }
    }
    assert!(read > 3000, "only {read} texts");
    assert!(faults.is_empty(), "{} faults, the first: {:#?}", faults.len(), &faults[..faults.len().min(20)]);
}

#[test]
fn every_title_and_label_of_the_program_is_set_as_french_is() {
    let mut all: Vec<&str> = collections().map(|dataset| dataset.title).collect();
    for field in REGISTRY.iter().flat_map(|dataset| dataset.fields) {
        all.extend(field.choices().into_iter().flatten().map(|choice| choice.label));
    }
    all.extend(cube::COMPONENTS.iter().map(|component| component.title));
    let faults: Vec<String> = all.iter().filter_map(|text| wrong(text).map(|why| format!("{text}: {why}"))).collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn plain_apostrophes_and_spaces_find_typographic_ones() {
    let thousands = format!("/v1/measures?summary__contains=40{NARROW}000");
    assert_eq!(codes(&thousands), ["pacea"]);
    for plain in ["40 000", "40%C2%A0000"] {
        assert_eq!(codes(&format!("/v1/measures?summary__contains={plain}")), ["pacea"], "{plain}");
    }
    for (typographic, plain) in [("d’ici+la+fin", "d'ici+la+fin"), ("«%C2%A0Garantie", "«+Garantie")] {
        let found = codes(&format!("/v1/measures?summary__contains={typographic}&sort=code"));
        assert!(!found.is_empty(), "{typographic}");
        assert_eq!(found, codes(&format!("/v1/measures?summary__contains={plain}&sort=code")), "{plain}");
    }
    for start in ["Plan+«+10+000+entreprises", "plan+«%C2%A010%E2%80%AF000+entreprises+pour+l'inclusion"] {
        assert_eq!(codes(&format!("/v1/measures?title__startswith={start}")), ["plan-10000-entreprises"], "{start}");
    }
    assert_eq!(codes("/v1/indicators?q=privation+materielle+d'enfants&sort=code").len(), 2);
}
