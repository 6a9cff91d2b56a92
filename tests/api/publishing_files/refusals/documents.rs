//! Refusals of JSON files, and of manifests that contradict their files.

use sha2::{Digest, Sha256};

use super::{HEAD, commune, faults_of_communes, unchanged_database};
use crate::harness::publish;
use crate::publishing_files::{contents, faults, folder, manifest_of};

#[test]
fn invalid_json_is_refused_with_its_position() {
    let row =
        |code: &str| format!(r#"{{"code":"{code}","kind":"commune","name":"Ici","geography_year":2026,"source_code":"essai"}}"#);
    let (one, two) = (row("COM-1"), row("COM-2"));
    let twice = one.replacen('{', r#"{"name":"Là","#, 1);
    let deep = format!(r#"[{}]"#, one.replace("\"Ici\"", &format!("{}{}", "[".repeat(100_000), "]".repeat(100_000))));
    let long = format!(r#"[{},{}]"#, one, two.replace("Ici", &"x".repeat(17 << 20)));
    for (text, expected) in [
        (
            format!("{one}\n{}", &two[..60]),
            "fichier:2: the line is not a JSON object: EOF while parsing a string at line 1 column 60",
        ),
        (
            format!("{one}\n[1]\n"),
            "fichier:2: the line is not a JSON object: invalid type: sequence, expected an object at line 1 column 0",
        ),
        (format!("{one}\n{twice}\n"), "fichier:2: the line is not a JSON object: `name` stands in it twice at line 1 column "),
        (format!("[{twice}]"), "fichier: the file is not a JSON array of rows: `name` stands in it twice at line 1 column "),
        (format!("[{one},{}", &two[..60]), "fichier: the file is not a JSON array of rows: EOF while parsing "),
        (format!("[{one}]]"), "fichier: the file is not a JSON array of rows: trailing characters at line 1 column "),
        (
            format!("{one}\n{}\n", two.replace("\"kind\"", "\"sort\"")),
            "fichier:2: `sort` is not a member of the first row; all rows have the same",
        ),
        (
            format!("[{one},{}]", two.replace("\"Ici\"", "{\"fr\":\"Ici\"}")),
            "fichier:2: name `{\"fr\":\"Ici\"}`: is JSON, where a text, a number or a list of texts is needed",
        ),
        (format!("[{one},{}]", two.replace("\"Ici\"", "true")), "fichier:2: name `true`: is JSON, where"),
        (
            format!("[{}]", one.replace("\"source_code\"", "\"postal_codes\":[\"a|b\"],\"source_code\"")),
            "fichier:1: postal_codes: a text of a list holds a `|`, which stands between such texts",
        ),
        (deep, "fichier:1: name `[[[["),
        ("[".repeat(100_000), "fichier: the file is not a JSON array of rows: invalid type: sequence, expected an object"),
        (format!("[{}]", one.replace("2026", "2026.5")), "fichier:1: geography_year `2026.5`: is not a whole number from"),
        (format!("[{}]", one.replace("Ici", "a\\u0000b")), "fichier:1: name `a\u{fffd}b`: holds a NUL character"),
        (long, "fichier: the file is not a JSON array of rows: a row has more than 16 MiB at line 1 column "),
    ] {
        let listed = faults_of_communes(text.as_bytes());
        assert!(listed.len() == 1 && listed[0].starts_with(expected), "{expected}: {listed:?}");
    }
    let members: Vec<String> = (0..20_000).map(|number| format!("\"m{number}\":1")).collect();
    let listed = faults_of_communes(format!("[{{{}}}]", members.join(",")).as_bytes());
    assert!(listed.len() == 1 && listed[0].contains("it has more than 16384 members"), "{listed:?}");
}

#[test]
fn duplicate_codes_across_files_and_broken_manifest_promises_are_refused() {
    let (first, second) = (format!("{HEAD}{}{}", commune(1), commune(2)), format!("{HEAD}{}{}", commune(3), commune(2)));
    let before = contents(unchanged_database());
    let attempt = |extra: &str| {
        let manifest = format!("{}{extra}{}", manifest_of("territories", "un.csv"), manifest_of("territories", "deux.csv"));
        faults(publish(
            unchanged_database(),
            &folder(&manifest, &[("un.csv", first.as_bytes()), ("deux.csv", second.as_bytes())]),
        ))
    };
    let doubled = "deux.csv:3 `COM-00002`: the key stands in territories more than once";
    assert_eq!(attempt(""), [doubled]);
    assert_eq!(
        attempt("rows = 3\nsha256 = \"00\"\n[file.totals]\npopulation = \"4\"\nname = \"1\"\n"),
        [
            doubled.to_owned(),
            "un.csv: the manifest gives a total of `name`, which is not a field of numbers".to_owned(),
            "un.csv: `population` sums to 3, where the manifest says 4".to_owned(),
            format!("un.csv: the file's SHA-256 is {}, not the manifest's", sha256(first.as_bytes())),
            "un.csv: the file gives 2 rows where the manifest says 3".to_owned(),
        ]
    );
    for (manifest, expected) in [
        (
            manifest_of("teritories", "un.csv"),
            "un.csv: `teritories` is not a dataset that is published from files; closest: territories",
        ),
        (manifest_of("releases", "un.csv"), "un.csv: `releases` is not a dataset that is published from files; closest: "),
        (
            manifest_of("containments", "un.csv"),
            "un.csv: `containments` is not a dataset that is published from files; closest: ",
        ),
        ("[[file]]\npath = \"un.csv\"\n".to_owned(), "un.csv: the manifest says neither its `dataset` nor its `recipe`"),
        (
            manifest_of("territories", "un.csv") + "recipe = \"x\"\n",
            "un.csv: the manifest says both its `dataset` and its `recipe`",
        ),
        (manifest_of("territories", "trois.csv"), "trois.csv: No such file or directory"),
        (
            manifest_of("territories", "un.csv") + "mode = \"replace\"\n",
            "un.csv: in mode `replace`, its `scope` must say which rows it stands for",
        ),
        (
            manifest_of("territories", "un.csv") + "[file.constants]\nname = \"Ici\"\n",
            "un.csv:1: the column `name` is given twice",
        ),
        (
            manifest_of("territories", "un.csv") + "[file.constants]\nzone = \"lune\"\n",
            "un.csv:1: the constant `zone` is not one of the values",
        ),
        (
            manifest_of("territories", "un.csv") + "[file.constants]\nnane = \"Ici\"\n",
            "un.csv:1: `nane` is not a field of territories; did you mean `name`?",
        ),
    ] {
        let listed = faults(publish(unchanged_database(), &folder(&manifest, &[("un.csv", first.as_bytes())])));
        assert!(listed.len() == 1 && listed[0].starts_with(expected), "{expected}: {listed:?}");
    }
    assert_eq!(contents(unchanged_database()), before);
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
