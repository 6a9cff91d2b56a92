//! Recipes that publishers write: their faults are reported before any row is read, or at their table.

use super::{faults, unreadable, with_references};
use crate::publishing_files::folder;

const HEAD: &str = "title = \"T\"\ndescription = \"D\"\npublisher = \"P\"\nlicence = \"L\"\n";

/// A recipe for a table of communes whose names are in the column `Nom`.
const TABLE: &str = "[[table]]\ndataset = \"territories\"\n[table.fields]\ncode = { column = \"Code\", prefix = \"COM-\" }\n\
kind = { constant = \"commune\" }\nname = { column = \"Nom\" }\ngeography_year = { constant = \"2026\" }\nsource_code = { constant = \"essai\" }\n";

const TEXT: &str = "Code;Nom\n00001;Ici\n";

fn with(recipe: &str, text: &str) -> std::path::PathBuf {
    folder(
        "[[file]]\npath = \"f.csv\"\nrecipe = \"r.toml\"\n",
        &[("r.toml", format!("{HEAD}{recipe}").as_bytes()), ("f.csv", text.as_bytes())],
    )
}

#[test]
fn wrong_recipes_are_refused_with_a_correction() {
    let server = with_references();
    for (recipe, expected) in [
        (
            TABLE.replace("name =", "nane ="),
            &[
                "f.csv: `nane` is not a field of territories; closest: name",
                "f.csv: the recipe says nothing of `name`, which every row must have",
            ][..],
        ),
        (TABLE.replace("column = \"Nom\"", "column = \"Nome\""), &["f.csv: `name`: no column is called `Nome`; closest: Nom"]),
        (
            TABLE.replace("column = \"Nom\"", "letter = \"é\""),
            &["f.csv: `name`: `é` are not the letters of a column, such as A or GU"],
        ),
        (TABLE.replace("column = \"Nom\"", "column = \"Nom\", constant = \"x\""), &["f.csv: `name`: "]),
        (
            TABLE.replace("dataset = \"territories\"", "dataset = \"territories\"\nheader = [1, 2]"),
            &["f.csv: the table has no rows below its header"],
        ),
        (
            TABLE.replace("dataset = \"territories\"", "dataset = \"territory\""),
            &["f.csv: `territory` is not a dataset that is published from files; closest: territories"],
        ),
        (
            TABLE.replace("[table.fields]", "skip = [{ column = \"Nom\" }]\n[table.fields]"),
            &["f.csv: a condition says what its cell `is` or `matches`"],
        ),
        (TABLE.replace("column = \"Nom\"", "template = \"{Nom\""), &["f.csv: `name`: `{Nom` has a `{` without its `}`"]),
        (
            format!("{TABLE}[[row.sources]]\ncode = \"s\"\nkynd = \"file\"\n"),
            &["r.toml: `kynd` is not a field of sources", "r.toml:1: kind: is empty, and every row must have a value"],
        ),
    ] {
        let listed = faults(&server, &with(&recipe, TEXT));
        assert!(expected.iter().zip(&listed).all(|(expected, fault)| fault.starts_with(expected)), "{listed:?}");
        assert!(listed.len() >= expected.len(), "{listed:?}");
    }
    for (recipe, expected) in [
        (TABLE.replace("dataset", "data_set"), "the recipe r.toml cannot be read: TOML parse error"),
        (
            TABLE.replace("column = \"Nom\"", "column = \"Nom\", wen = \"x\""),
            "the recipe r.toml cannot be read: TOML parse error",
        ),
        (
            TABLE.replace("column = \"Nom\"", "column = \"Nom\", when = \"(\""),
            "the recipe r.toml cannot be read: TOML parse error",
        ),
    ] {
        let why = unreadable(&server, &with(&recipe, TEXT));
        assert!(why.starts_with(expected), "{why}");
    }
}

#[test]
fn a_name_of_two_territories_is_refused() {
    let server = with_references();
    let more = "code,kind,name,geography_year,source_code\nCOM-1,commune,Saint-Denis,2026,essai\nCOM-2,commune,SAINT DENIS,2026,essai\nCOM-3,commune,Le Havre,2026,essai\n";
    crate::publishing_files::publish_bytes(&server.url, "territories", more.as_bytes()).expect("the rows are right");
    let recipe = TABLE.replace("{ column = \"Code\", prefix = \"COM-\" }", "{ column = \"Nom\", named = [\"commune\"] }");
    let named = |names: &[&str]| format!("Code;Nom\n{}", names.iter().map(|name| format!(";{name}\n")).collect::<String>());
    assert_eq!(
        faults(&server, &with(&recipe, &named(&["Saint Denis", "Havre", "Ailleurs"]))),
        [
            "f.csv:2: code (B) `Saint Denis`: is the name of several territories: COM-1, COM-2; a code is needed",
            "f.csv:4: code (B) `Ailleurs`: is not the name of a territory (commune)",
        ]
    );
}
