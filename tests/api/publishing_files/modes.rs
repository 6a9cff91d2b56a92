//! The modes of a publication: it adds, changes, replaces within a scope, withdraws, or changes nothing.

use reperes::db::write::release_writer::ReleaseWriter;
use reperes::publication::{Effect, Outcome, Report};
use serde_json::{Value, json};

use super::{command, contents, faults, folder, manifest_of, publish_bytes, with_references};
use crate::harness::{TestServer, get, publish, with_database};

const COLUMNS: &str =
    "indicator_code,territory_code,period,breakdown_code,nature,value,qualifier,statuses,geography_year,source_code\n";

/// The CSV of figures of one indicator: territory, period, value.
pub fn figures(indicator: &str, rows: &[(&str, &str, &str)]) -> String {
    let line = |(territory, period, value): &(&str, &str, &str)| {
        format!("{indicator},{territory},{period},_T,observed,{value},exact,A,2026,essai\n")
    };
    COLUMNS.to_owned() + &rows.iter().map(line).collect::<String>()
}

pub fn merged(url: &str, text: &str) -> Report {
    publish_bytes(url, "observations", text.as_bytes()).expect("the rows are right")
}

/// The numbers of rows that were added, changed, withdrawn and unchanged.
pub fn counts(effect: &Effect) -> [u64; 4] {
    [effect.added, effect.changed, effect.withdrawn, effect.unchanged]
}

/// The current figures of an indicator, as `territory period value`.
pub fn current(server: &TestServer, indicator: &str) -> Vec<String> {
    let rows = get(server.address, &format!("/v1/observations?indicator_code={indicator}&sort=code&limit=1000")).data();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let line = |row: &Value| format!("{} {} {}", text(&row["territory_code"]), text(&row["period"]), text(&row["value"]));
    rows.as_array().expect("a list").iter().map(line).collect()
}

fn replacing(scope: &str) -> String {
    format!("{}mode = \"replace\"\n[file.scope]\n{scope}\n", manifest_of("observations", "f.csv"))
}

fn replace(url: &str, scope: &str, text: &str) -> Result<Report, reperes::publish::PublishError> {
    publish(url, &folder(&replacing(scope), &[("f.csv", text.as_bytes())]))
}

#[test]
fn merging_adds_and_changes_rows_and_keeps_all_others() {
    let server = TestServer::on(&with_references());
    merged(&server.url, &figures("taux", &[("DEP-01", "2020", "10"), ("DEP-02", "2020", "20"), ("DEP-2A", "2020", "30")]));
    let report =
        merged(&server.url, &figures("taux", &[("DEP-01", "2020", "11"), ("DEP-02", "2020", "20.0"), ("DEP-02", "2021", "5")]));
    assert_eq!((report.outcome, report.release), (Outcome::Published, Some(3)));
    assert_eq!(
        report.datasets.iter().map(|effect| (effect.dataset.as_str(), counts(effect))).collect::<Vec<_>>(),
        [("observations", [1, 1, 0, 1])]
    );
    assert_eq!(current(&server, "taux"), ["DEP-01 2020 11", "DEP-02 2020 20", "DEP-02 2021 5", "DEP-2A 2020 30"]);
    let release = get(server.address, "/v1/releases/3").data();
    assert_eq!(release["counts"], json!({"observations": {"added": 1, "changed": 1, "withdrawn": 0}}));
}

#[test]
fn replacing_withdraws_only_the_rows_of_its_scope_that_the_file_lacks() {
    let server = TestServer::on(&with_references());
    let all = [
        ("DEP-01", "2020", "10"),
        ("DEP-02", "2020", "20"),
        ("DEP-01", "2021", "11"),
        ("DEP-02", "2021", "21"),
        ("DEP-01", "2022", "12"),
    ];
    merged(&server.url, &figures("taux", &all));
    merged(&server.url, &figures("habitants", &[("DEP-02", "2020", "100"), ("DEP-02", "2021", "200")]));
    let before = contents(&server.url);
    let scope = "indicator_code = \"taux\"\nperiod = [\"2020\", \"2021\"]";
    let next =
        figures("taux", &[("DEP-01", "2020", "10"), ("DEP-01", "2021", "15"), ("DEP-2A", "2021", "31"), ("DEP-01", "2022", "9")]);
    assert_eq!(
        faults(replace(&server.url, scope, &(next + "habitants,DEP-02,2020,_T,observed,1,exact,A,2026,essai\n"))),
        [
            "f.csv:5: period `2022`: lies outside what the file stands for, which is 2020, 2021",
            "f.csv:6: indicator_code `habitants`: lies outside what the file stands for, which is taux",
        ]
    );
    for (wrong, fault) in [
        ("indicator = \"taux\"", "f.csv: the scope's `indicator` is not a field of observations with one value"),
        ("statuses = \"A\"", "f.csv: the scope's `statuses` is not a field of observations with one value"),
        ("period = \"l'an 2020\"", "f.csv: the scope's `period` is not a period; periods look like "),
        ("period = []", "f.csv: the scope's `period` names no value"),
    ] {
        let listed = faults(replace(&server.url, wrong, &figures("taux", &all[..1])));
        assert!(listed.len() == 1 && listed[0].starts_with(fault), "{listed:?}");
    }
    assert_eq!(contents(&server.url), before);
    let next = figures("taux", &[("DEP-01", "2020", "10"), ("DEP-01", "2021", "15"), ("DEP-2A", "2021", "31")]);
    let report = replace(&server.url, scope, &next).expect("the file is right");
    assert_eq!(counts(&report.datasets[0]), [1, 1, 2, 1]);
    assert_eq!(current(&server, "taux"), ["DEP-01 2020 10", "DEP-01 2021 15", "DEP-01 2022 12", "DEP-2A 2021 31"]);
    assert_eq!(current(&server, "habitants"), ["DEP-02 2020 100", "DEP-02 2021 200"]);
    assert_eq!(
        get(server.address, "/v1/observations?indicator_code=taux&release=3&total=exact").json()["meta"]["total"]["value"],
        5
    );
    assert_eq!(replace(&server.url, scope, &next).expect("the file is right").outcome, Outcome::Unchanged);
}

#[test]
fn files_that_replace_together_do_not_withdraw_each_others_rows() {
    let server = TestServer::on(&with_references());
    merged(&server.url, &figures("taux", &[("DEP-01", "2020", "1"), ("DEP-02", "2020", "2"), ("DEP-2A", "2020", "3")]));
    let file = |path: &str, territory: &str| {
        format!(
            "{}mode = \"replace\"\n[file.scope]\nindicator_code = \"taux\"\nterritory_code = {territory}\n",
            manifest_of("observations", path)
        )
    };
    let manifest = file("un.csv", "[\"DEP-01\", \"DEP-02\"]") + &file("deux.csv", "[\"DEP-02\", \"DEP-2A\"]");
    let (one, two) =
        (figures("taux", &[("DEP-01", "2021", "10")]), figures("taux", &[("DEP-02", "2020", "2"), ("DEP-2A", "2021", "30")]));
    let report = publish(&server.url, &folder(&manifest, &[("un.csv", one.as_bytes()), ("deux.csv", two.as_bytes())]));
    assert_eq!(counts(&report.expect("the files are right").datasets[0]), [2, 0, 2, 1]);
    assert_eq!(current(&server, "taux"), ["DEP-01 2021 10", "DEP-02 2020 2", "DEP-2A 2021 30"]);
}

#[test]
fn a_dry_run_reports_the_difference_and_writes_nothing() {
    let url = with_references();
    let rows = [("DEP-01", "2020", "10"), ("DEP-02", "2020", "20"), ("DEP-2A", "2020", "30"), ("FR", "2020", "40")];
    merged(&url, &figures("taux", &rows[..3]));
    let text = figures(
        "taux",
        &[("DEP-01", "2020", "16"), ("DEP-02", "2020", "29"), ("DEP-2A", "2020", "31"), ("REG-99", "2020", "1.25")],
    );
    let folder = folder("", &[("f.csv", text.as_bytes())]);
    let path = folder.join("f.csv");
    let path = path.to_str().expect("a path");
    let before = contents(&url);
    let given = ["publish", path, "--dataset", "observations", "--json", "--warn-above", "0.4", "--title", "Chiffres"];
    let report = |extra: &[&str]| -> (i32, Value) {
        let (code, out, err) = command(&url, &[&given[..], extra].concat());
        assert_eq!(err, "");
        (code, serde_json::from_str(&out).expect("JSON"))
    };
    let (code, trial) = report(&["--dry-run"]);
    assert_eq!((code, &trial["outcome"], &trial["release"]), (0, &json!("would_publish"), &Value::Null));
    assert_eq!(contents(&url), before);
    let (code, real) = report(&[]);
    assert_eq!((code, &real["outcome"], &real["release"]), (0, &json!("published"), &json!(3)));
    for member in ["title", "files", "datasets", "changes", "warnings", "warning_count"] {
        assert_eq!(real[member], trial[member], "{member}");
    }
    assert_eq!(real["title"], "Chiffres");
    assert_eq!(real["datasets"], json!([{"dataset": "observations", "added": 1, "changed": 3, "withdrawn": 0, "unchanged": 0}]));
    let file = &real["files"][0];
    assert_eq!((&file["path"], &file["rows"], &file["bytes"]), (&json!("f.csv"), &json!(4), &json!(text.len())));
    // The largest change is first: 60 %, 45 %, 3 %.
    let changes: Vec<_> = real["changes"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|c| (&c["code"], &c["before"], &c["after"], &c["fields"]))
        .collect();
    let code = |territory: &str| json!(format!("taux~{territory}~2020~_T~observed~essai"));
    let value = json!(["value"]);
    assert_eq!(
        changes,
        [
            (&code("DEP-01"), &json!("10"), &json!("16"), &value),
            (&code("DEP-02"), &json!("20"), &json!("29"), &value),
            (&code("DEP-2A"), &json!("30"), &json!("31"), &value),
        ]
    );
    let warned: Vec<_> = real["warnings"].as_array().expect("a list").iter().map(|w| (&w["line"], &w["detail"])).collect();
    let jump = |before: &str| json!(format!("was {before}: it changes by more than the manifest's `warn_above`"));
    assert_eq!(
        warned,
        [(&json!(2), &jump("10")), (&json!(3), &jump("20")), (&json!(5), &json!("values of taux have at most 1 decimal(s)"))]
    );
    assert_eq!(real["warning_count"], 3);
    let (code, same) = report(&[]);
    assert_eq!((code, &same["outcome"], &same["release"]), (4, &json!("unchanged"), &Value::Null));
    assert_eq!(same["datasets"][0]["unchanged"], 4);
    assert_eq!(command(&url, &["publish", path, "--dataset", "observations", "--dry-run"]).0, 4);
}

#[test]
fn a_publication_that_may_not_wait_is_refused_while_another_runs() {
    let url = with_references();
    let folder = folder("", &[("f.csv", figures("taux", &[("DEP-01", "2020", "1")]).as_bytes())]);
    let path = folder.join("f.csv");
    let given = ["publish", path.to_str().expect("a path"), "--dataset", "observations", "--no-wait"];
    with_database(&url, async |client| {
        let other = ReleaseWriter::begin(client, false).await.expect("a publication can be begun");
        assert!(other.acquire_lock(true).await.expect("the lock is free").is_some());
        let (code, _, err) = command(&url, &given);
        assert_eq!(code, 5);
        assert!(err.contains("another publication is in progress"), "{err}");
        drop(other);
    });
    assert_eq!(command(&url, &given).0, 0);
}
