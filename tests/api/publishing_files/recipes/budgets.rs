//! Recipes that ask for too much, or for what no parser can do: each is refused before a row is read, with what is allowed.

use reperes::publish::PublishError;

use super::super::{folder, with_references};
use crate::harness::publish;

/// A recipe of the dataset `sources` for a file with the column `code`, with more members at its end.
fn recipe(rule: &str, more: &str) -> String {
    format!(
        "title = \"Essai\"\ndescription = \"Essai\"\npublisher = \"Essai\"\nlicence = \"etalab-2.0\"\n\
         [[table]]\ndataset = \"sources\"\n[table.fields]\ncode = {{ column = \"code\"{rule} }}\nkind = {{ constant = \"document\" }}\n\
         title = {{ column = \"code\" }}\npublisher = {{ constant = \"Essai\" }}\nlicence = {{ constant = \"etalab-2.0\" }}\n{more}"
    )
}

/// What a recipe says when it reads a file of one row.
fn said(url: &str, recipe: &str) -> Result<(), String> {
    let manifest = "[[file]]\npath = \"a.csv\"\nrecipe = \"r.toml\"\n";
    let folder = folder(manifest, &[("a.csv", b"code\nneuf\n"), ("r.toml", recipe.as_bytes())]);
    match publish(url, &folder) {
        Ok(_) => Ok(()),
        Err(error @ (PublishError::Refused { .. } | PublishError::Unreadable(_))) => Err(error.to_string()),
        Err(other) => panic!("it is neither read nor refused: {other}"),
    }
}

#[test]
fn recipes_that_ask_for_too_much_are_refused_with_what_is_allowed() {
    let url = with_references();
    let patterns: String = (0..201).map(|at| format!("[[table.skip]]\ncolumn = \"code\"\nmatches = \"{at}\"\n")).collect();
    let extremes = [
        (", pad = 65536", "`scale` and `pad` are at most 100"),
        (", scale = 2147483647", "`scale` and `pad` are at most 100"),
        (", scale = -2147483648", "`scale` and `pad` are at most 100"),
        (", date = \"%Q\"", "`date` is `%Q`, which is not a format of days such as %d/%m/%Y"),
        (", date = \"%H:%M\"", "`date` is `%H:%M`, which is not a format of days such as %d/%m/%Y"),
        (", strip = \"\\\\w{2000}\"", "size limit"),
        (", strip = \"((a{100}){100}){100}\"", "size limit"),
    ];
    for (rule, expected) in extremes {
        let why = said(&url, &recipe(rule, "")).expect_err(rule);
        assert!(why.contains(expected), "{rule}: {why}");
    }
    let why = said(&url, &recipe("", &patterns)).expect_err("201 patterns");
    assert!(why.contains("it has 201 patterns (`matches`, `when`, `strip`, `extract`), and may have 200"), "{why}");
    let long = format!("# {}\n", "x".repeat(256 * 1024));
    let why = said(&url, &recipe("", &long)).expect_err("a long recipe");
    assert!(why.contains("bytes, and may have 262144"), "{why}");
    let fewer: String = (0..200).map(|at| format!("[[table.skip]]\ncolumn = \"code\"\nmatches = \"^{at}$\"\n")).collect();
    assert_eq!(said(&url, &recipe("", &fewer)), Ok(()));
}

#[test]
fn a_long_manifest_is_refused() {
    let url = with_references();
    let folder = folder(&format!("# {}\n", "x".repeat(8 << 20)), &[]);
    let why = publish(&url, &folder).expect_err("it is too long").to_string();
    assert!(why.contains("bytes, and may have 8388608"), "{why}");
}
