//! The folding of names has the same result in Rust and in SQL, so that a recipe finds the territory that a search finds.

use reperes::query::fold::fold;

use crate::harness::{bundled_server, with_database};

/// Names with letters and signs whose folding is more than the removal of an accent.
const HARD: [&str; 16] = [
    "L’Haÿ-les-Roses",
    "L'Haÿ-les-Roses",
    "Œuf-en-Ternois",
    "Sœur d’Æthelred",
    "ŒUILLY",
    "Ÿ ÿ ß ẞ",
    "Saint-Rémy-lès-Chevreuse",
    "Plœuc—L’Hermitage",
    "Bourg–Achard",
    "« Fort-Mahon-Plage »",
    "Boulogne‐sur‑Mer",
    "Çà et là, où ?",
    "Ælfgyð Þórr Øre Đồ",
    "N°\u{a0}1 (62)",
    "Île-d'Aix / ÎLE-D'AIX",
    "",
];

#[test]
fn names_are_folded_alike_in_rust_and_in_sql() {
    // Every letter of Latin-1 and Latin Extended-A; × and ÷ are signs.
    let letters = ('À'..='ſ').filter(|c| !matches!(c, '×' | '÷')).map(String::from);
    let texts: Vec<String> = HARD.map(str::to_owned).into_iter().chain(letters).collect();
    let folded: Vec<(String, String)> = with_database(&bundled_server().url, async |client| {
        let query = "SELECT text, fold(text) FROM (SELECT unnest($1::text[]) UNION SELECT name FROM territories) AS t (text)";
        let rows = client.query(query, &[&texts]).await.expect("names can be folded");
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    });
    assert!(folded.len() > texts.len() + 1000, "only {} names", folded.len());
    for (text, expected) in folded {
        assert_eq!(fold(&text), expected, "{text}");
    }
}
