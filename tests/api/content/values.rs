//! Texts, numbers and days of every field, and the texts of manifests.

use reperes::problem::echo;
use reperes::query::model::text;
use reperes::query::{Field, Kind};

use super::unchanged;
use crate::harness::four_releases::{cell, published};
use crate::harness::publish;
use crate::publishing_files::{contents, faults, folder, publish_bytes};

/// Texts that no field holds, and why.
fn wrong_texts(most: usize) -> Vec<(String, String)> {
    let control = |character: char| {
        let code = u32::from(character);
        (format!("a{character}b"), format!("holds the character U+{code:04X}, which texts must not have"))
    };
    let long = "x".repeat(most + 1);
    vec![
        control('\u{8}'),
        control('\u{9b}'),
        control('\u{202e}'),
        control('\u{fffe}'),
        ("\u{200b}\u{a0}".to_owned(), "is blank".to_owned()),
        (long, format!("has {} characters, and at most {most} are allowed", most + 1)),
    ]
}

#[test]
fn every_text_of_every_dataset_can_be_shown_by_every_format() {
    let before = contents(unchanged());
    let mut tried = 0;
    for dataset in published() {
        let fields: Vec<&Field> = dataset.columns().filter(|field| !field.is_computed()).collect();
        let header: Vec<&str> = fields.iter().map(|field| field.name).collect();
        let (mut lines, mut expected) = (vec![header.join(",")], Vec::new());
        for field in fields.iter().filter(|field| matches!(field.kind, Kind::Text | Kind::TextList)) {
            for (wrong, why) in wrong_texts(text::max_length(field)) {
                let cells = fields.iter().map(|other| match other.name == field.name {
                    true => format!("\"{wrong}\""),
                    false => cell(dataset, other, &format!("n{}", lines.len()), "1"),
                });
                lines.push(cells.collect::<Vec<_>>().join(","));
                expected.push(format!("fichier:{}: {} `{}`: {why}", lines.len(), field.name, echo(&wrong)));
            }
        }
        if expected.is_empty() {
            continue;
        }
        tried += expected.len();
        for (lines, expected) in lines[1..].chunks(60).zip(expected.chunks(60)) {
            let file = format!("{}\n{}\n", header.join(","), lines.join("\n"));
            let found = faults(publish_bytes(unchanged(), dataset.name, file.as_bytes()));
            let found: Vec<&str> = found.iter().filter_map(|fault| fault.split_once(": ").map(|(_, rest)| rest)).collect();
            let expected: Vec<&str> = expected.iter().filter_map(|fault| fault.split_once(": ").map(|(_, rest)| rest)).collect();
            assert_eq!(found, expected, "{}", dataset.name);
        }
    }
    assert!(tried > 300, "{tried}");
    assert_eq!(contents(unchanged()), before);
}

#[test]
fn days_and_periods_lie_in_plausible_years() {
    let head = "code,kind,title,publisher,licence,published_period,retrieved_on\n";
    let rows = "s1,document,T,P,L,1699-12-31,2026-01-01\ns2,document,T,P,L,2019/2020,1000-01-01\n\
                s3,document,T,P,L,2019-01-01/2200-01-01,2200-01-01\ns4,document,T,P,L,1700,2199-12-31\n";
    let outside = "lies outside the years 1700 to 2199";
    let period = "is not a period; periods look like 2019, 2019-Q3, 2019-06, 2019-06-30, 2019-01-01/2019-10-31, 2019-05-25/..";
    assert_eq!(
        faults(publish_bytes(unchanged(), "sources", format!("{head}{rows}").as_bytes())),
        [
            format!("fichier:2: published_period `1699-12-31`: {outside}"),
            format!("fichier:3: published_period `2019/2020`: {period}"),
            format!("fichier:3: retrieved_on `1000-01-01`: {outside}"),
            format!("fichier:4: published_period `2019-01-01/2200-01-01`: {outside}"),
            format!("fichier:4: retrieved_on `2200-01-01`: {outside}"),
        ]
    );
}

#[test]
fn degrees_lie_on_the_globe() {
    let head = "code,kind,name,longitude,latitude,geography_year,source_code\n";
    let rows = "COM-1,commune,A,999,45,2026,essai\nCOM-2,commune,B,2,-90.01,2026,essai\nCOM-3,commune,C,-180,90,2026,essai\n";
    assert_eq!(
        faults(publish_bytes(unchanged(), "territories", format!("{head}{rows}").as_bytes())),
        [
            "fichier:2: longitude `999`: is not a number of degrees from -180 to 180",
            "fichier:3: latitude `-90.01`: is not a number of degrees from -90 to 90",
        ]
    );
}

#[test]
fn a_list_has_at_most_a_thousand_values() {
    let many = vec!["59000"; 1001];
    let row = serde_json::json!([{
        "code": "COM-1", "kind": "commune", "name": "A", "postal_codes": many, "geography_year": 2026, "source_code": "essai"
    }]);
    let found = faults(publish_bytes(unchanged(), "territories", row.to_string().as_bytes()));
    assert_eq!(found.len(), 1);
    assert!(found[0].ends_with(": has 1001 values, and at most 1000 are allowed"), "{}", found[0]);
}

#[test]
fn the_texts_of_a_manifest_can_be_shown_too() {
    let before = contents(unchanged());
    let file = b"code,kind,title,publisher,licence\nautre,document,T,P,L\n";
    let of_file = "[[file]]\npath = \"fichier\"\ndataset = \"sources\"\n";
    let whole = [
        ("title", "Titre"),
        ("description", "Description"),
        ("publisher", "Éditeur"),
        ("licence", "etalab-2.0"),
        ("notes", "Notes"),
    ];
    let publish_with = |name: &str, wrong: &str| {
        let folder = folder(of_file, &[("fichier", file)]);
        let text = |(key, value): &(&str, &str)| {
            let value = if *key == name { wrong } else { value };
            format!("{key} = {}\n", toml::Value::String(value.to_owned()))
        };
        let manifest: String = whole.iter().map(text).collect();
        std::fs::write(folder.join("manifest.toml"), format!("{manifest}{of_file}")).expect("a file can be written");
        faults(publish(unchanged(), &folder))
    };
    for (name, _) in whole {
        let most = if ["description", "notes"].contains(&name) { text::TEXT_LENGTH } else { text::TITLE_LENGTH };
        for (wrong, why) in wrong_texts(most).into_iter().chain([(String::new(), "is blank".to_owned())]) {
            let shown = echo(&wrong);
            let found = publish_with(name, &wrong);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].ends_with(&format!("its `{name}` {why}")), "{shown}: {}", found[0]);
        }
    }
    assert_eq!(contents(unchanged()), before);
}
