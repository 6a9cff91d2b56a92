//! Withdrawals have a reason, never remove a row that other rows refer to, and can be undone by a later publication.

use std::fs;
use std::path::Path;

use reperes::publication::{Outcome, Report};
use reperes::publish::PublishError;
use serde_json::json;

use super::modes::{counts, current, figures, merged};
use super::{HEAD, command, contents, faults, folder, manifest_of, refused, with_references};
use crate::harness::{TestServer, get, publish, with_database};

fn withdraw(url: &str, tables: &str) -> Result<Report, PublishError> {
    publish(url, &folder(tables, &[]))
}

/// The recorded withdrawals: dataset, code, release, reason, successor.
fn reasons(url: &str) -> Vec<(String, String, i32, String, Option<String>)> {
    with_database(url, async |client| {
        let query = "SELECT dataset, code, release, reason, successor_code FROM withdrawals ORDER BY release, code";
        let rows = client.query(query, &[]).await.expect("the withdrawals");
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3), row.get(4))).collect()
    })
}

#[test]
fn rows_are_withdrawn_with_a_reason_and_come_back_as_new_versions() {
    let server = TestServer::on(&with_references());
    merged(&server.url, &figures("taux", &[("DEP-01", "2019-01-01/2019-10-31", "1"), ("DEP-02", "2020", "2")]));
    let code = "taux~DEP-01~2019-01-01_2019-10-31~_T~observed~essai";
    let other = "taux~DEP-02~2020~_T~observed~essai";
    let report = withdraw(
        &server.url,
        &format!("[[withdraw]]\ndataset = \"observations\"\ncodes = [\"{code}\"]\nreason = \"Publié par erreur\"\nsuccessor = \"{other}\"\n"),
    )
    .expect("the row is there");
    assert_eq!((report.release, counts(&report.datasets[0])), (Some(3), [0, 0, 1, 0]));
    assert_eq!(current(&server, "taux"), ["DEP-02 2020 2"]);
    assert_eq!(
        reasons(&server.url),
        [("observations".to_owned(), code.to_owned(), 3, "Publié par erreur".to_owned(), Some(other.to_owned()))]
    );
    assert_eq!(get(server.address, &format!("/v1/observations/{code}?release=2")).data()["value"], 1);
    // The row is added back, and another publication of it changes nothing; earlier releases stay as they were.
    let again = figures("taux", &[("DEP-01", "2019-01-01/2019-10-31", "1")]);
    assert_eq!(counts(&merged(&server.url, &again).datasets[0]), [1, 0, 0, 0]);
    assert_eq!(get(server.address, &format!("/v1/observations/{code}")).data()["value"], 1);
    assert_eq!(merged(&server.url, &again).outcome, Outcome::Unchanged);
    let absent = |release: i32| get(server.address, &format!("/v1/observations?indicator_code=taux&release={release}")).data();
    assert_eq!([2, 3, 4].map(|release| absent(release).as_array().map(Vec::len)), [Some(2), Some(1), Some(2)]);
    // A corrective release undoes a change: release 6 has the figure of release 2 again.
    merged(&server.url, &figures("taux", &[("DEP-02", "2020", "99")]));
    let undone = merged(&server.url, &figures("taux", &[("DEP-02", "2020", "2")]));
    assert_eq!((undone.release, counts(&undone.datasets[0])), (Some(6), [0, 1, 0, 0]));
    let values = [4, 5, 6]
        .map(|release| get(server.address, &format!("/v1/observations/{other}?release={release}")).data()["value"].clone());
    assert_eq!(values, [json!(2), json!(99), json!(2)]);
}

#[test]
fn wrong_withdrawals_and_those_of_referenced_rows_are_refused() {
    let server = TestServer::on(&with_references());
    merged(&server.url, &figures("taux", &[("DEP-01", "2020", "1"), ("DEP-01", "2021", "2"), ("DEP-02", "2020", "2")]));
    let before = contents(&server.url);
    let table = |dataset: &str, codes: &str, reason: &str| {
        format!("[[withdraw]]\ndataset = \"{dataset}\"\ncodes = [{codes}]\nreason = \"{reason}\"\n")
    };
    let no_row = "that another release published has this code; closest:";
    assert_eq!(
        faults(withdraw(&server.url, &table("territories", "\"DEP-01\"", "Fusion"))),
        [
            "manifest.toml `DEP-01`: cannot be withdrawn: `territory_code` of observation taux~DEP-01~2020~_T~observed~essai names it",
            "manifest.toml `DEP-01`: cannot be withdrawn: `territory_code` of observation taux~DEP-01~2021~_T~observed~essai names it",
        ]
    );
    for (tables, expected) in [
        (table("territories", "\"DEP-1\"", "R"), format!("manifest.toml `DEP-1`: no row of territories {no_row} DEP-01, ")),
        (
            table("territories", "\"COM-2A004\", \"COM-2A004\"", "R"),
            format!("manifest.toml `COM-2A004`: no row of territories {no_row} "),
        ),
        (
            table("territoires", "\"DEP-01\"", "R"),
            "manifest.toml `territoires`: is not a dataset that is published; closest: territories".to_owned(),
        ),
        (table("releases", "\"1\"", "R"), "manifest.toml `releases`: is not a dataset that is published; closest: ".to_owned()),
        (
            table("observations", "\"taux\"", "R"),
            "manifest.toml `taux`: no row of observations that another release published has this code".to_owned(),
        ),
        (
            table("territories", "\"COM-2A004\"", " "),
            "manifest.toml: a withdrawal needs a `reason`, which the API shows".to_owned(),
        ),
        (
            table("territories", "\"COM-2A004\"", "R") + "successor = \"COM-2A005\"\n",
            "manifest.toml `COM-2A005`: no row of territories has this code, of a successor, or not any more; closest: "
                .to_owned(),
        ),
        (
            table("territories", "\"COM-2A004\"", "R") + "successor = \"COM-2A004\"\n",
            "manifest.toml `COM-2A004`: no row of territories has this code, of a successor, or not any more; closest: "
                .to_owned(),
        ),
        (table("territories", "", "R"), "manifest.toml: a withdrawal of territories names no `codes`".to_owned()),
    ] {
        let listed = faults(withdraw(&server.url, &tables));
        assert!(listed.len() == 1 && listed[0].starts_with(&expected), "{expected}: {listed:?}");
    }
    let many = figures("habitants", &(0..150).map(|n| ("DEP-2A", &*format!("{}", 1800 + n).leak(), "1")).collect::<Vec<_>>());
    merged(&server.url, &many);
    let (listed, count) = refused(withdraw(&server.url, &table("territories", "\"DEP-2A\"", "R")));
    assert_eq!(count, 150);
    assert!(!listed.is_empty() && listed.len() <= 100);
    assert_eq!(reasons(&server.url), []);
    // A territory can be withdrawn together with the rows that name it.
    let all = table("observations", "\"taux~DEP-01~2020~_T~observed~essai\", \"taux~DEP-01~2021~_T~observed~essai\"", "Fusion");
    let report =
        withdraw(&server.url, &(all + &table("territories", "\"DEP-01\"", "Fusion"))).expect("nothing names it any more");
    let effects: Vec<_> = report.datasets.iter().map(|effect| (effect.dataset.as_str(), counts(effect)[2])).collect();
    assert_eq!(effects, [("observations", 2), ("territories", 1), ("containments", 2)]);
    assert_ne!(contents(&server.url), before);
}

#[test]
fn the_program_publishes_folders_and_withdraws() {
    let server = TestServer::on(&with_references());
    let text = "code,kind,name,geography_year,source_code\nCOM-1,commune,Ici,2026,essai\nCOM-2,commune,Là,2026,essai\n";
    let manifest = manifest_of("territories", "communes.csv") + "rows = 2\n";
    let folder = folder(&manifest, &[("communes.csv", text.as_bytes())]);
    assert!(fs::read_to_string(folder.join("manifest.toml")).expect("the manifest").starts_with(HEAD));
    let path = |path: &Path| path.to_str().expect("a path").to_owned();
    let (code, out, _) = command(&server.url, &["publish", &path(&folder)]);
    assert_eq!(code, 0);
    assert!(out.starts_with("published as release 2: Essai\n  communes.csv: 2 rows, "), "{out}");
    assert!(out.contains("\n  territories: 2 added, 0 changed, 0 withdrawn, 0 unchanged\n"), "{out}");
    let (code, out, _) = command(&server.url, &["publish", &path(&folder)]);
    assert_eq!(code, 4);
    assert!(out.starts_with("nothing was published: the database has all rows already (Essai)\n"), "{out}");
    let release = get(server.address, "/v1/releases/2").data();
    assert_eq!(
        (&release["title"], &release["publisher"], &release["files"][0]["rows"]),
        (&json!("Essai"), &json!("Repères"), &json!(2))
    );

    let before = contents(&server.url);
    let given = ["withdraw", "territories", "COM-1", "--reason", "Doublon de COM-2", "--successor", "COM-2"];
    let (code, out, _) = command(&server.url, &[&given[..], &["--dry-run"]].concat());
    assert_eq!(code, 0);
    assert!(out.starts_with("nothing was published (dry run): Retrait : Doublon de COM-2\n"), "{out}");
    assert_eq!(contents(&server.url), before);
    let (code, out, _) = command(&server.url, &given);
    assert_eq!(code, 0);
    assert!(
        out.contains("published as release 3") && out.contains("territories: 0 added, 0 changed, 1 withdrawn, 0 unchanged"),
        "{out}"
    );
    assert_eq!(reasons(&server.url)[0].4.as_deref(), Some("COM-2"));
    assert_eq!(get(server.address, "/v1/territories/COM-1?release=2").status, 200);
    let (code, _, err) = command(&server.url, &given);
    assert_eq!(code, 3);
    assert!(err.contains("manifest.toml `COM-1`: no row of territories"), "{err}");
    assert_eq!(command(&server.url, &["withdraw", "territories", "COM-2"]).0, 2, "a reason is needed");
}
