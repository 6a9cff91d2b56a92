//! Owns the random forms: recipes, manifests and multipart bodies that ask for too much. None publishes anything.
//! Must not know the formats of data.

use super::Chance;
use crate::bombs::HEADER;
use crate::harness::Form;

const HEAD: &str = "title = \"Essai\"\ndescription = \"Essai\"\npublisher = \"Repères\"\nlicence = \"etalab-2.0\"\n";

const FILE: &str = "[[file]]\npath = \"a.csv\"\ndataset = \"territories\"\n";

/// A table without a row that could be published.
fn rows() -> Vec<u8> {
    format!("{HEADER}\nCOM-1,comune,Ici,2026,essai\n").into_bytes()
}

fn form(token: &str, manifest: &str) -> Form {
    Form::default().key(token).part("manifest", Some("manifest.toml"), manifest.as_bytes()).part("file", Some("a.csv"), &rows())
}

/// What it does, and the request.
pub fn recipe(chance: &mut Chance, token: &str) -> (String, Vec<u8>) {
    let (number, power) = (chance.size(14), 2 + chance.below(900));
    let field = |rule: &str| format!("[table.fields.code]\n{rule}\n");
    let table = "[[table]]\ndataset = \"territories\"\n";
    let (what, text) = match chance.below(8) {
        0 => ("classes", field(&format!("column = \"code\"\nwhen = '\\w{{{power}}}'"))),
        1 => ("nested repeats", field(&format!("column = \"code\"\nwhen = '((a{{{power}}}){{{power}}}){{{power}}}'"))),
        2 => ("alternatives", field(&format!("column = \"code\"\nwhen = '({})'", "a|".repeat(number)))),
        3 => ("brackets", field(&format!("column = \"code\"\nwhen = '{}a{}'", "(".repeat(number), ")".repeat(number)))),
        4 => {
            let many = |at: usize| format!("[table.fields.m{at}]\ncolumn = \"code\"\nstrip = '\\w{{{power}}}'\n");
            ("patterns", (0..number / 16 + 1).map(many).collect())
        }
        5 => ("tables", table.repeat(number / 4)),
        6 => ("nested lists", format!("a = {}", "[".repeat(number * 4))),
        _ => ("bytes of a text", format!("notes = \"{}\"\n", "x".repeat(number * 64))),
    };
    // What belongs to the top of a recipe stands before its tables.
    let text = match text.starts_with("[table.") {
        true => format!("{HEAD}{table}{text}"),
        false => format!("{HEAD}{text}{table}"),
    };
    let form = Form::default().key(token).part("recipe", Some("a.toml"), text.as_bytes()).part("file", Some("a.csv"), &rows());
    (format!("{what} ({number}, {power})"), form.bytes())
}

/// What it does, and the request.
pub fn manifest(chance: &mut Chance, token: &str) -> (String, Vec<u8>) {
    let number = chance.size(16);
    let (what, text) = match chance.below(8) {
        0 => ("files", format!("{HEAD}{}", FILE.repeat(number / 4 + 2))),
        1 => ("bytes of a title", format!("{}{FILE}", HEAD.replacen("Essai", &"x".repeat(number * 8), 1))),
        2 => ("nested lists", format!("{HEAD}a = {}\n{FILE}", "[".repeat(number))),
        3 => ("nested tables", format!("{HEAD}{} = 1\n{FILE}", vec!["a"; number].join("."))),
        4 => {
            let constants: String = (0..number / 4).map(|at| format!("m{at} = \"x\"\n")).collect();
            ("constants", format!("{HEAD}{FILE}[file.constants]\n{constants}"))
        }
        5 => ("bytes of a path", format!("{HEAD}{}", FILE.replace("a.csv", &"../".repeat(number)))),
        6 => ("rows that are stated", format!("{HEAD}{FILE}rows = {}\n", chance.lie())),
        _ => ("members", format!("{HEAD}{}{FILE}", (0..number / 4).map(|at| format!("m{at} = 1\n")).collect::<String>())),
    };
    (format!("{what} ({number})"), form(token, &text).bytes())
}

/// What it does, and the request.
pub fn multipart(chance: &mut Chance, token: &str) -> (String, Vec<u8>) {
    let number = chance.size(14);
    let right = || form(token, &format!("{HEAD}{FILE}"));
    let long = "x".repeat(number);
    let (what, form) = match chance.below(8) {
        0 => ("unknown parts", (0..number / 8).fold(right(), |form, at| form.part(&format!("m{at}"), None, b"x"))),
        1 => ("a long name of a part", right().part(&long, None, b"x")),
        2 => ("a long name of a file", right().part("file", Some(&long), b"x")),
        3 => ("files of one name", (0..number / 64 + 1).fold(right(), |form, _| form.part("file", Some("a.csv"), b"x"))),
        4 => ("manifests", right().part("manifest", Some("manifest.toml"), long.as_bytes())),
        5 => ("a long `dry_run`", right().part("dry_run", None, long.as_bytes())),
        6 => ("a body that is too large", right().part("file", Some("b.csv"), &vec![b'x'; 16_000_000 + number])),
        _ => ("a header in the name of a file", right().part("file", Some(&format!("b\"\r\nX: {long}")), b"x")),
    };
    (format!("{what} ({number})"), form.bytes())
}
