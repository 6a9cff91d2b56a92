//! `verify` finds every kind of tampering behind the program's back, and nothing in a database that only the program has used.

mod history;
mod protection;
mod records;

use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;

use crate::harness::{close, copy_of, four_releases, keep_for_all_tests, migrated, owner, root_directory, with_database};

/// A sound database: three releases with rows of every dataset, a valid key `kept` and a revoked key `revoked`.
fn sound() -> String {
    static SOURCE: LazyLock<String> = LazyLock::new(|| {
        keep_for_all_tests(|| {
            let url = migrated();
            four_releases::make_release(&url, 1);
            for name in ["kept", "revoked"] {
                let words = format!("keys create --name {name} --scope publish:*:* --allow-broad --publisher Essai --expires 2099-01-01");
                reperes(&url, &words.split(' ').collect::<Vec<_>>(), 0);
            }
            reperes(&url, &["keys", "revoke", "revoked"], 0);
            [2, 4].into_iter().for_each(|number| four_releases::make_release(&url, number));
            close(&url);
            url
        })
    });
    copy_of(&SOURCE)
}

/// Runs the program on a database, and returns what it prints.
fn reperes(url: &str, arguments: &[&str], code: i32) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reperes"));
    command.current_dir(root_directory()).env("RUST_LOG", "warn").env("DATABASE_URL", url).env("DATABASE_OWNER_URL", owner(url));
    command.env("REPERES_BUNDLES", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/bundles"));
    let output = command.args(arguments).output().expect("the program runs");
    let [out, err] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {out}{err}");
    out
}

fn report(url: &str, code: i32) -> Value {
    serde_json::from_str(&reperes(url, &["verify", "--json"], code)).expect("the report is JSON")
}

/// Runs statements as the owner of a database.
fn act(url: &str, statements: &str) {
    with_database(&owner(url), async |client| client.batch_execute(statements).await.expect(statements));
}

/// Statements with the triggers of a table disabled, as who owns it can.
fn behind(table: &str, statements: &str) -> String {
    format!("ALTER TABLE {table} DISABLE TRIGGER USER; {statements}; ALTER TABLE {table} ENABLE TRIGGER USER")
}

/// One kind of tampering: its statements, and the check, the dataset or table, and the code of a finding that it must cause.
type Case = (String, &'static str, &'static str, Option<&'static str>);

/// Does each kind of tampering to a sound database of its own. `verify` must find it, and say where.
fn all_are_found(cases: &[Case]) {
    for (statements, check, dataset, code) in cases {
        let url = sound();
        act(&url, statements);
        let report = report(&url, 3);
        let faults = report["faults"].as_array().expect("a list");
        let named = |fault: &&Value| {
            fault["check"] == *check && fault["dataset"] == *dataset && code.is_none_or(|code| fault["code"] == code)
        };
        assert!(faults.iter().any(|fault| named(&fault)), "{statements}: {faults:#?}");
    }
}

#[test]
fn a_database_that_only_the_program_has_used_is_sound() {
    let url = sound();
    let report = report(&url, 0);
    assert_eq!((&report["outcome"], &report["fault_count"]), (&"sound".into(), &0.into()));
    assert_eq!((&report["chain"]["release"], &report["chain"]["audit_line"]), (&3.into(), &6.into()), "{}", report["chain"]);
    for digest in ["sha256", "audit_sha256"] {
        assert_eq!(report["chain"][digest].as_str().map(str::len), Some(64));
    }
}
