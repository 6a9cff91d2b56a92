//! API keys at the command line: created, shown once, revoked, and audited.

use std::process::{Command, Output};

use reperes::access;
use sha2::{Digest, Sha256};

use crate::harness::{SOURCES, bundle, migrated, publish, root_directory, with_database};

fn keys(url: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reperes"));
    command.arg("keys").args(arguments).current_dir(root_directory()).env("DATABASE_URL", url).env_remove("DATABASE_OWNER_URL");
    command.output().expect("it runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_key_is_shown_once_stored_as_a_hash_and_revoked_permanently() {
    let url = migrated();
    publish(&url, &bundle(&[("sources", SOURCES)])).expect("the bundle is right");
    let scopes = "publish:observations:essai,publish:sources:essai,refer:indicators:essai";
    let make =
        |name| keys(&url, &["create", "--name", name, "--scope", scopes, "--expires", "2099-01-01", "--publisher", "DREES"]);
    let made = make("insee-lille");
    assert!(made.status.success(), "{}", text(&made.stderr));
    let token = text(&made.stdout).trim_end().to_owned();
    assert!(token.len() == 80 && token.starts_with("reperes_"), "{token}");
    assert!(!text(&made.stderr).contains(&token[8..]), "the token is in the log");
    let again = make("insee-lille");
    assert_eq!((again.status.code(), again.stdout.len()), (Some(1), 0));
    assert!(text(&again.stderr).contains("already exists"));
    let other = text(&make("drees").stdout);
    assert_ne!(other.trim_end(), token);

    let listed = text(&keys(&url, &["list"]).stdout);
    assert!(
        listed.contains("insee-lille              valid") && listed.contains(&format!("DREES                    {scopes}")),
        "{listed}"
    );
    assert!(!listed.contains("reperes_"), "{listed}");
    let wrong = keys(&url, &["revoke", "insee-lile"]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(text(&wrong.stderr).contains("did you mean `insee-lille`?"));
    for said in ["revoked insee-lille", "insee-lille is already revoked"] {
        assert!(text(&keys(&url, &["revoke", "insee-lille"]).stdout).contains(said));
    }
    assert!(text(&keys(&url, &["list"]).stdout).contains("insee-lille              revoked "));

    with_database(&url, async |client| {
        let hash: Vec<u8> =
            client.query_one("SELECT hash FROM keys WHERE name = 'insee-lille'", &[]).await.expect("a key").get(0);
        assert_eq!(hash, Sha256::digest(&token).to_vec());
        let lines = client
            .query("SELECT actor, action, outcome, detail->>'key' FROM audit WHERE action LIKE 'key%' ORDER BY id", &[])
            .await
            .expect("lines");
        let lines: Vec<[String; 4]> = lines.iter().map(|row| [0, 1, 2, 3].map(|at| row.get(at))).collect();
        let line = |action: &str, outcome: &str, key: &str| ["command line", action, outcome, key].map(str::to_owned);
        assert_eq!(
            lines,
            [
                line("key_create", "created", "insee-lille"),
                line("key_create", "created", "drees"),
                line("key_revoke", "revoked", "insee-lille")
            ]
        );
    });
}

#[test]
fn a_wrong_key_definition_is_refused_with_every_fault() {
    let url = migrated();
    let refused = keys(
        &url,
        &[
            "create",
            "--name",
            "Jean D",
            "--scope",
            "publish:observatons:a,observations,publish:releases:a,publish:source:,publish:*:*,publish:*,publish:funding,publish:source:drees",
            "--expires",
            "2020-01-01",
            "--publisher",
            " ",
        ],
    );
    assert_eq!((refused.status.code(), refused.stdout.len()), (Some(1), 0));
    let said = text(&refused.stderr);
    for part in [
        "--name is `Jean D`",
        "`publish:observatons:a` is not a scope (did you mean `publish:observations:a`?)",
        "`observations` is not a scope (did you mean `publish:observations:{source}`?)",
        "`publish:releases:a` is not a scope",
        "`publish:source:` is not a scope",
        "`publish:*:*` reaches beyond one dataset of one source; add --allow-broad if this is meant",
        "`publish:*` is an old form of a scope, which names a dataset and a source now: `publish:*:*`",
        "now: `publish:funding:{source}` for the rows of one source, `publish:funding:*` for all",
        "now: `publish:*:drees`",
        "--publisher must have 1 to 200 characters, not all blank, and no control characters",
        "--expires is 2020-01-01, which is in the past",
    ] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
    let forever = ["create", "--name=a", "--scope=publish:*:*", "--publisher=A"];
    for arguments in [&forever[..], &["create"], &["creat"], &["revoke"], &[]] {
        assert_eq!(keys(&url, arguments).status.code(), Some(2), "{arguments:?}");
    }
    with_database(&url, async |client| {
        for table in ["keys", "audit"] {
            let rows: i64 = client.query_one(&format!("SELECT count(*) FROM {table}"), &[]).await.expect("a count").get(0);
            assert_eq!(rows, 0, "{table}");
        }
    });
}

#[test]
fn a_broad_scope_needs_to_be_allowed_and_an_unknown_source_is_refused_with_the_closest() {
    let url = migrated();
    publish(&url, &bundle(&[("sources", SOURCES)])).expect("the bundle is right");
    let make = |name: &str, scopes: &str, more: &[&str]| {
        let arguments = ["create", "--name", name, "--scope", scopes, "--expires", "2099-01-01", "--publisher", "A"];
        keys(&url, &[&arguments, more].concat())
    };
    let broad = ["publish:*:*", "publish:*:essai", "publish:observations:*", "refer:indicators:*"];
    for (at, scope) in broad.into_iter().enumerate() {
        let refused = make(&format!("refused-{at}"), scope, &[]);
        assert_eq!(refused.status.code(), Some(1), "{scope}");
        assert!(text(&refused.stderr).contains("add --allow-broad"), "{}", text(&refused.stderr));
        let made = make(&format!("made-{at}"), scope, &["--allow-broad"]);
        assert!(made.status.success(), "{scope}: {}", text(&made.stderr));
    }
    let unknown = make("unknown", "publish:observations:esai,publish:*:zzz", &["--allow-broad"]);
    assert_eq!(unknown.status.code(), Some(1));
    for part in ["no row of sources has the code `esai`; did you mean `essai`?", "no row of sources has the code `zzz`"] {
        assert!(text(&unknown.stderr).contains(part), "{}", text(&unknown.stderr));
    }
    let listed = text(&keys(&url, &["list"]).stdout);
    assert_eq!(listed.lines().count(), 1 + broad.len(), "{listed}");
}

#[test]
fn a_text_is_a_token_only_if_its_checksum_is_right() {
    let token = access::Token::new().expect("there is chance");
    let text = token.text();
    assert!(access::hash(text).is_some());
    for at in 0..text.len() {
        let other = if text.as_bytes()[at] == b'0' { '1' } else { '0' };
        let altered = format!("{}{other}{}", &text[..at], &text[at + 1..]);
        assert!(access::hash(&altered).is_none(), "altering character {at} leaves a token");
    }
    for wrong in ["", "reperes_", &text[1..], &text[..79], &format!("{text}0"), &text.to_uppercase(), "reperes_éééé"] {
        assert!(access::hash(wrong).is_none(), "{wrong} is a token");
    }
}
