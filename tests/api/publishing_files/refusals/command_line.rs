//! Refusals at the command line: the text, the JSON, the exit codes.

use super::{HEAD, unchanged_database};
use crate::publishing_files::{command, contents, folder};

#[test]
fn the_program_prints_every_fault_and_exits_with_the_documented_code() {
    let before = contents(unchanged_database());
    let folder = folder("", &[("faux.csv", format!("{HEAD}COM-1,comune,Ici,1,2026,essai\n").as_bytes())]);
    let path = |name: &str| folder.join(name).to_str().expect("a path").to_owned();
    let (code, out, err) = command(unchanged_database(), &["publish", &path("faux.csv"), "--dataset", "territories"]);
    assert_eq!((code, out.as_str()), (3, ""));
    assert!(err.contains("nothing was published: 1 fault(s)\n  faux.csv:2: kind `comune`: is not one of"), "{err}");
    let (code, out, _) = command(unchanged_database(), &["publish", &path("faux.csv"), "--dataset", "territories", "--json"]);
    let refusal: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((code, &refusal["outcome"], &refusal["error_count"]), (3, &"refused".into(), &1.into()));
    let fault = &refusal["errors"][0];
    assert_eq!(
        (&fault["file"], &fault["line"], &fault["column"], &fault["value"]),
        (&"faux.csv".into(), &2.into(), &"kind".into(), &"comune".into())
    );
    for (arguments, code, said) in [
        (&["publish", &path("absent.csv"), "--dataset", "territories"][..], 1, "there is no file or folder"),
        (&["publish", &path(""), "--dataset", "territories"], 2, "`--dataset` is for a single file"),
        (&["publish", &path("")], 1, "it names neither a `[[file]]` nor anything to `[[withdraw]]`"),
        (
            &["publish", &path("faux.csv"), "--recipe", "drees-prestation"],
            1,
            "there is no recipe drees-prestation; closest: drees-prestations-mensuelles",
        ),
        (&["publish", &path("faux.csv"), "--datasets", "territories"], 2, "--dataset"),
        (&["publish", &path("faux.csv"), "--dataset", "territories", "--recipe", "x"], 2, "cannot be used with"),
        (&["publish", &path("faux.csv"), "--dataset", "territories", "--mode", "append"], 2, "possible values: merge, replace"),
        (&["publish", &path("faux.csv"), "--dataset", "territories", "--rows", "many"], 2, "many"),
        (&["publish", &path("faux.csv"), "--dataset", "territories", "--delimiter", ";;"], 2, ";;"),
        (&["publish", &path("faux.csv"), "--dataset", "territories", "--constant", "zone"], 2, "expected FIELD=VALUE"),
        (
            &[
                "publish",
                &path("faux.csv"),
                "--dataset",
                "territories",
                "--constant",
                "zone=om",
                "--constant",
                "zone=metropolitan",
            ],
            2,
            "`--constant` is given twice for `zone`",
        ),
        (&["publish"], 2, "<PATH>"),
        (&["publsh"], 2, "a similar subcommand exists: 'publish'"),
    ] {
        let (found, _, err) = command(unchanged_database(), arguments);
        assert!(found == code && err.contains(said), "{arguments:?}: {found}: {err}");
    }
    assert_eq!(contents(unchanged_database()), before);
}
