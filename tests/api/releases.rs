//! Releases: a reader sees all rows of a publication or none, published rows never change, and earlier releases stay readable.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

use reperes::publication::{Outcome, Report};
use reperes::publish::PublishError;
use reperes::query::{Dataset, Field, Storage};
use serde_json::{Value, json};

use crate::harness::{SOURCES, SetOnDrop, TestServer, bundle, get, migrated, owner, publish, territories, with_database};

fn number(outcome: Result<Report, PublishError>) -> i32 {
    match outcome {
        Ok(Report { release: Some(number), .. }) => number,
        other => panic!("nothing was published: {other:?}"),
    }
}

#[test]
fn a_change_opens_a_new_version_and_the_old_one_can_be_read_again() {
    let server = TestServer::empty();
    get(server.address, "/v1/territories").problem(503);
    let first =
        bundle(&[("sources", SOURCES), ("territories", &territories(&[("COM-00001", "Ici", "10"), ("COM-00002", "Là", "20")]))]);
    assert_eq!(number(publish(&server.url, &first)), 1);
    let before = get(server.address, "/v1/territories?release=1");
    let second = bundle(&[(
        "territories",
        &territories(&[("COM-00001", "Ici", "11"), ("COM-00002", "Là", "20"), ("COM-00003", "Là-bas", "")]),
    )]);
    assert_eq!(number(publish(&server.url, &second)), 2);
    let populations = |target: &str| -> Vec<Value> {
        get(server.address, target).data().as_array().expect("a list").iter().map(|row| row["population"].clone()).collect()
    };
    assert_eq!(populations("/v1/territories?sort=code"), [json!(11), json!(20), Value::Null]);
    assert_eq!(populations("/v1/territories?sort=code&release=1"), [json!(10), json!(20)]);
    assert_eq!(get(server.address, "/v1/territories?release=1").body, before.body);
    assert_eq!(get(server.address, "/v1/territories/COM-00001?release=1").data()["population"], 10);
    get(server.address, "/v1/territories/COM-00003?release=1").problem(404);
    let release = get(server.address, "/v1/releases/2").data();
    assert_eq!(release["counts"]["territories"], json!({"added": 1, "changed": 1, "withdrawn": 0}));
    let again = publish(&server.url, &second).expect("the files are right");
    assert_eq!((again.outcome, again.release), (Outcome::Unchanged, None), "the same files again make no release");
    assert_eq!(get(server.address, "/v1/releases?total=exact").json()["meta"]["total"]["value"], 2);
}

#[test]
fn pages_stay_at_their_release_during_later_publications() {
    let server = TestServer::empty();
    let rows: Vec<(String, String)> = (0..50).map(|n| (format!("COM-{n:05}"), format!("Commune {n}"))).collect();
    let of = |population: &'static str| {
        territories(&rows.iter().map(|(code, name)| (code.as_str(), name.as_str(), population)).collect::<Vec<_>>())
    };
    publish(&server.url, &bundle(&[("sources", SOURCES), ("territories", &of("1"))])).expect("the bundle is right");
    let mut next = Some("/v1/territories?limit=10&sort=-name".to_owned());
    let (mut seen, mut round) = (Vec::new(), ["2", "3", "4", "5", "6"].into_iter());
    while let Some(target) = next {
        let page = get(server.address, &target).json();
        assert_eq!(page["meta"]["release"], 1);
        seen.extend(
            page["data"]
                .as_array()
                .expect("a list")
                .iter()
                .map(|row| (row["code"].clone().to_string(), row["population"].clone())),
        );
        next = page["links"]["next"].as_str().map(str::to_owned);
        publish(&server.url, &bundle(&[("territories", &of(round.next().expect("five pages")))])).expect("the bundle is right");
    }
    seen.sort_by(|a, b| a.0.cmp(&b.0));
    seen.dedup_by(|a, b| a.0 == b.0);
    assert_eq!(seen.len(), 50);
    assert!(seen.iter().all(|(_, population)| *population == 1));
    assert_eq!(get(server.address, "/v1/territories?limit=1").json()["meta"]["release"], 6);
}

#[test]
fn eight_readers_each_see_one_release_during_twenty_publications() {
    const READERS: usize = 8;
    const PUBLICATIONS: u32 = 20;
    let server = TestServer::empty();
    let rows: Vec<String> = (0..60).map(|n| format!("COM-{n:05}")).collect();
    let of = |population: &str| territories(&rows.iter().map(|code| (code.as_str(), "Commune", population)).collect::<Vec<_>>());
    publish(&server.url, &bundle(&[("sources", SOURCES), ("territories", &of("1"))])).expect("the bundle is right");
    let ended = AtomicBool::new(false);
    // Every row of release n has the population n: a reader that sees two populations has seen two releases.
    let read = || {
        let mut passes = Vec::new();
        while !ended.load(Ordering::Relaxed) || passes.is_empty() {
            let (mut next, mut seen, mut release) = (Some("/v1/territories?limit=7".to_owned()), Vec::new(), Value::Null);
            while let Some(target) = next {
                let page = get(server.address, &target).json();
                release = page["meta"]["release"].clone();
                let rows = page["data"].as_array().expect("a list");
                seen.extend(rows.iter().map(|row| (row["code"].clone(), row["population"].clone())));
                next = page["links"]["next"].as_str().map(str::to_owned);
            }
            let expected: Vec<(Value, Value)> = rows.iter().map(|code| (json!(code), release.clone())).collect();
            assert_eq!(seen, expected);
            passes.push(release.as_u64().expect("a number"));
        }
        passes
    };
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..READERS).map(|_| scope.spawn(read)).collect();
        let _ending = SetOnDrop(&ended);
        for population in 2..=PUBLICATIONS + 1 {
            publish(&server.url, &bundle(&[("territories", &of(&population.to_string()))])).expect("the bundle is right");
        }
        ended.store(true, Ordering::Relaxed);
        for reader in readers {
            let passes = reader.join().expect("a reader saw one release at a time");
            assert!(passes.is_sorted(), "a reader went back in time: {passes:?}");
        }
    });
    assert_eq!(get(server.address, "/v1/territories?limit=1").json()["meta"]["release"], PUBLICATIONS + 1);
}

#[test]
fn a_wrong_bundle_is_refused_with_every_fault() {
    let url = migrated();
    let wrong = bundle(&[
        ("sources", SOURCES),
        (
            "territories",
            "code,kind,name,population,epci_code,geography_year,source_code\n\
             COM-00001,comune,Ici,1O,,2026,essai\n\
             COM-00002,commune,,-5,EPCI-1,2026,esai\n\
             COM-00003,commune,Là,3,,2026,essai\n\
             COM-00003,commune,Là,3,,2026,essai\n\
             COM-00004,commune,Court,3\n",
        ),
    ]);
    let Err(PublishError::Refused { faults, count }) = publish(&url, &wrong) else { panic!("it was published") };
    let found: Vec<(Option<u64>, Option<&str>)> = faults.iter().map(|f| (f.line, f.column.as_deref())).collect();
    assert_eq!(
        found,
        [
            (Some(2), Some("kind")),
            (Some(2), Some("population")),
            (Some(3), Some("name")),
            (Some(3), Some("population")),
            (Some(6), None)
        ]
    );
    assert_eq!(count, 5);
    let doubled = bundle(&[("sources", SOURCES), ("territories", &territories(&[("COM-1", "A", "1"), ("COM-1", "B", "2")]))]);
    let Err(PublishError::Refused { faults, .. }) = publish(&url, &doubled) else { panic!("it was published") };
    assert_eq!((faults[0].line, faults[0].value.as_deref()), (Some(3), Some("COM-1")));
    let lost = bundle(&[
        ("sources", SOURCES),
        (
            "territories",
            "code,kind,name,region_code,postal_codes,geography_year,source_code\nCOM-1,commune,A,REG-1,59000|59800,2026,essais\n",
        ),
    ]);
    let Err(PublishError::Refused { faults, .. }) = publish(&url, &lost) else { panic!("it was published") };
    assert_eq!(faults.iter().map(|f| f.column.as_deref()).collect::<Vec<_>>(), [Some("region_code"), Some("source_code")]);
    assert!(faults[1].detail.contains("closest: essai"), "{}", faults[1]);
    let unknown = bundle(&[("territories", "code,kind,nane,geography_year,source_code\n")]);
    let Err(PublishError::Refused { faults, .. }) = publish(&url, &unknown) else { panic!("it was published") };
    assert!(faults.iter().any(|f| f.detail.contains("did you mean `name`")), "{faults:?}");
    let server = TestServer::on(&url);
    get(server.address, "/v1/territories").problem(503);
}

#[test]
fn a_file_that_differs_from_the_manifest_is_refused() {
    let url = migrated();
    let folder = bundle(&[("sources", SOURCES)]);
    fs::write(folder.join("sources.csv"), format!("{SOURCES}autre,document,Autre,Repères,etalab-2.0\n"))
        .expect("a file can be written");
    let Err(PublishError::Refused { faults, .. }) = publish(&url, &folder) else { panic!("it was published") };
    assert!(faults[0].detail.contains("SHA-256") && faults[1].detail.contains("2 rows where the manifest says 1"), "{faults:?}");
    fs::write(folder.join("sources.csv"), b"code,kind\n\xff\xfe,x\n").expect("a file can be written");
    let Err(PublishError::Refused { faults, .. }) = publish(&url, &folder) else { panic!("it was published") };
    assert!(!faults.is_empty());
}

#[test]
fn pages_visit_rows_that_differ_only_by_accents_and_case() {
    let server = TestServer::empty();
    let names = ["Femmes", "femmes", "âgés", "agés", "Δ1", "δ1"];
    let codes = ["COM-1", "COM-2", "COM-3", "COM-4", "COM-5", "COM-6"];
    let rows: Vec<(&str, &str, &str)> = codes.into_iter().zip(names).map(|(code, name)| (code, name, "1")).collect();
    publish(&server.url, &bundle(&[("sources", SOURCES), ("territories", &territories(&rows))])).expect("the bundle is right");
    for sort in ["", "&sort=name", "&sort=-name", "&sort=population,name", "&sort=code"] {
        let mut next = Some(format!("/v1/territories?limit=1{sort}"));
        let mut seen = Vec::new();
        while let Some(target) = next {
            let page = get(server.address, &target).json();
            seen.push(page["data"][0]["name"].as_str().expect("a text").to_owned());
            next = page["links"]["next"].as_str().map(str::to_owned);
        }
        seen.sort();
        let mut expected = names.map(str::to_owned);
        expected.sort();
        assert_eq!(seen, expected, "{sort}");
    }
}

#[test]
fn the_manifests_totals_are_checked() {
    let url = migrated();
    let folder = bundle(&[("sources", SOURCES), ("territories", &territories(&[("COM-1", "A", "10"), ("COM-2", "B", "")]))]);
    let manifest = fs::read_to_string(folder.join("manifest.toml")).expect("the manifest is there");
    for (totals, fault) in [
        ("population = \"11\"", "`population` sums to 10, where the manifest says 11"),
        ("population = \"ten\"", "the manifest's total of `population` is not a decimal number"),
        ("name = \"10\"", "which is not a field of numbers"),
    ] {
        fs::write(folder.join("manifest.toml"), format!("{manifest}[file.totals]\n{totals}\n")).expect("a file can be written");
        let Err(PublishError::Refused { faults, count: 1 }) = publish(&url, &folder) else { panic!("{totals} was published") };
        assert!(faults[0].detail.contains(fault), "{}", faults[0]);
    }
    fs::write(folder.join("manifest.toml"), format!("{manifest}[file.totals]\npopulation = \"10\"\n"))
        .expect("a file can be written");
    assert_eq!(number(publish(&url, &folder)), 1);
}

/// Whether the table with the releases of rows has a column for a field.
fn stored_in_versions(dataset: &Dataset, field: &Field) -> bool {
    matches!(dataset.storage, Storage::Table) || !dataset.is_series_field(field)
}

#[test]
fn published_rows_can_be_neither_changed_nor_deleted() {
    let url = migrated();
    publish(&url, &bundle(&[("sources", SOURCES), ("territories", &territories(&[("COM-1", "A", "1")]))]))
        .expect("the bundle is right");
    with_database(&owner(&url), async |client| {
        for dataset in reperes::datasets::REGISTRY {
            let column = dataset.key_fields().find(|field| stored_in_versions(dataset, field)).expect("a field").name;
            let table = dataset.versions_table();
            for statement in [
                format!("UPDATE \"{table}\" SET \"{column}\" = \"{column}\", last_release = NULL"),
                format!("UPDATE \"{table}\" SET last_release = 0"),
                format!("DELETE FROM \"{table}\""),
                format!("TRUNCATE \"{table}\" CASCADE"),
            ] {
                let rows: i64 =
                    client.query_one(&format!("SELECT count(*) FROM \"{table}\""), &[]).await.expect("a count").get(0);
                let refused = client.batch_execute(&statement).await.is_err();
                assert!(refused || (rows == 0 && !statement.starts_with("TRUNCATE")), "{statement} is let through");
            }
        }
        for dataset in reperes::datasets::REGISTRY.iter().filter(|dataset| reperes::query::plan::changes::has_changes(dataset)) {
            let query =
                "SELECT count(*) FROM pg_indexes WHERE tablename = $1 AND indexname IN ($1 || '_opened', $1 || '_closed')";
            let indexes: i64 = client.query_one(query, &[&dataset.versions_table()]).await.expect("a count").get(0);
            assert_eq!(indexes, 2, "what changes in {} cannot be found at once", dataset.name);
        }
        for dataset in reperes::datasets::REGISTRY {
            let query = "SELECT column_name::text, data_type::text, is_nullable::text FROM information_schema.columns WHERE table_name = $1";
            let mut columns: Vec<(String, bool)> = Vec::new();
            for table in dataset.tables() {
                let rows = client.query(query, &[&table]).await.expect("the columns");
                columns.extend(rows.iter().map(|r| (r.get(0), r.get::<_, String>(2) == "NO")));
            }
            columns.retain(|(name, _)| !["id", "series_id", "first_release", "last_release", "bundle"].contains(&name.as_str()));
            let mut fields: Vec<(String, bool)> = dataset.columns().map(|f| (f.name.to_owned(), f.required)).collect();
            columns.sort();
            fields.sort();
            assert_eq!(columns, fields, "{}", dataset.name);
        }
    });
}
