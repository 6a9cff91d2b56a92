//! The data that the first version of the program made: every table has rows, in several versions, with corrections and
//! withdrawals, keys, an audit, and records of files. `tests/fixtures/first-version` keeps it, with answers to it; it was made by
//! `cargo test --test api -- --ignored the_first_version`.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use flate2::read::GzDecoder;
use flate2::{Compression, GzBuilder};
use reperes::datasets::collections;

use super::run;
use crate::harness::{
    Form, TestServer, binaries, bundle, database, example_bundle, four_releases, get, migrated, owner, publish, text,
};

/// A contour, which neither the four releases nor the example have.
const CONTOURS: &str = "territory_code,west,south,east,north,contour,source_code
COM-91001,2,50,3,51,\"{\"\"type\"\":\"\"Polygon\"\",\"\"coordinates\"\":[[[2,50],[3,50],[3,51],[2,51],[2,50]]]}\",essai
";

/// A figure of the example with another value, and one whose status says why it has none.
const CORRECTIONS: &str =
    "indicator_code,territory_code,period,breakdown_code,nature,value,qualifier,statuses,geography_year,source_code
habitants,COM-91001,2020,_T,observed,101,about,A,2026,essai
aides,COM-91001,2020-Q2,_T,observed,,exact,Q,2026,essai
";

/// A file of the fixture.
pub fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/first-version").join(name)
}

/// The database as the first version left it, and its URL for the role that serves.
pub fn restored() -> String {
    let url = database();
    let mut psql = Command::new(binaries().join("psql"));
    psql.args(["--quiet", "--no-psqlrc", "--single-transaction", "--set=ON_ERROR_STOP=1", "--output=/dev/null", &url]);
    let mut psql = psql.stdin(Stdio::piped()).spawn().expect("psql is installed");
    let dump = File::open(path("database.sql.gz")).expect("the fixture is there");
    let mut input = psql.stdin.take().expect("it is piped");
    std::io::copy(&mut GzDecoder::new(dump), &mut input).expect("psql reads");
    drop(input);
    assert!(psql.wait().expect("psql ends").success());
    url.replace("//reperes@", "//reperes_service@")
}

/// The recorded answers in JSON, by their pinned addresses.
pub fn answers() -> BTreeMap<String, serde_json::Value> {
    serde_json::from_slice(&fs::read(path("answers.json")).expect("the fixture is there")).expect("the answers are JSON")
}

/// The requests whose answers are recorded.
fn requests() -> Vec<String> {
    let more = [
        "/v1/observations?vintages=all&indicator_code=habitants",
        "/v1/observations?indicator_code=habitants,taux&last=1&within=DEP-91&labels=true",
        "/v1/observations?release=4&indicator_code=aides",
        "/v1/aggregates/observations?indicator_code=aides&territory_code=COM-91001,COM-91002&by=territory_code&function=sum",
        "/v1/aggregates/funding?by=payer_code&function=max,count&stage=paid",
        "/v1/territories/COM-91001/ancestors",
        "/v1/territories/COM-91001/profile",
        "/v1/territories?q=etang",
        "/v1/territories/COM-91001/contour?release=8",
    ];
    let lists =
        collections().flat_map(|dataset| ["limit=2", "limit=2&release=1"].map(|query| format!("/v1/{}?{query}", dataset.name)));
    lists.chain(more.map(str::to_owned)).collect()
}

/// Makes the releases: three of every dataset, the example, corrections over HTTP and by a command, and withdrawals.
fn publish_all(url: &str) -> TestServer {
    let said = |arguments: &[&str]| {
        let said = run(url, arguments);
        assert_eq!(said.code, Some(0), "{arguments:?}: {}", said.err);
        said.out.trim().to_owned()
    };
    [1, 2, 4].into_iter().for_each(|number| four_releases::make_release(url, number));
    publish(url, &example_bundle()).expect("the example is right");
    let words = "keys create --name essai --scope publish:*:* --allow-broad --publisher Repères --expires 2099-01-01";
    let token = said(&words.split(' ').collect::<Vec<_>>());
    let server = TestServer::on(url);
    let sent = Form::of(&bundle(&[("observations", CORRECTIONS)])).key(&token).send(server.address);
    assert_eq!(sent.status, 201, "{}", sent.text());
    said(&["publish", text(&bundle(&[("contours", CONTOURS)]))]);
    let (code, other) = ("indice~COM-91002~2020~_T~observed~essai", "indice~COM-91001~2020~_T~observed~essai");
    said(&["withdraw", "observations", code, "--reason", "Publié par erreur.", "--successor", other]);
    let event = collections().find(|dataset| dataset.name == "events").expect("a dataset");
    said(&["withdraw", "events", &four_releases::code(event, "goes"), "--reason", "N'a pas eu lieu."]);
    // The server learns of releases that another process makes.
    crate::harness::until("the server knows the last release", || {
        get(server.address, "/v1/releases?limit=1").data()[0]["number"] == 8
    });
    server
}

#[test]
#[ignore = "it writes tests/fixtures/first-version, which only the first version may do"]
fn the_first_version_writes_its_data() {
    let folder = path("");
    assert!(!folder.exists(), "{} exists: no later version may replace what the first one made", folder.display());
    let url = migrated();
    let server = publish_all(&url);
    let mut answers = BTreeMap::new();
    for request in requests() {
        let reply = get(server.address, &request);
        assert_eq!(reply.status, 200, "{request}: {}", reply.text());
        // A contour has no links, since it is a GeoJSON document of its own.
        let pinned = reply.json()["links"]["pinned"].as_str().unwrap_or(&request).to_owned();
        assert!(pinned.contains("release="), "{request} is not pinned");
        answers.insert(pinned.clone(), get(server.address, &pinned).json());
    }
    for file in get(server.address, "/v1/files").data().as_array().expect("a list") {
        let pinned = file["pinned"].as_str().expect("an address");
        for target in [pinned.to_owned(), pinned.replace("/files/8/", "/files/1/")] {
            if target.ends_with(".csv") || target.ends_with(".ndjson") {
                assert_eq!(get(server.address, &target).status, 200, "{target}");
            }
        }
    }
    let verified = run(&url, &["verify", "--json"]);
    assert_eq!(verified.code, Some(0), "{}", verified.out);
    let dumped = Command::new(binaries().join("pg_dump")).args(["--no-owner", "--no-privileges", &owner(&url)]).output();
    let dumped = String::from_utf8(dumped.expect("pg_dump is installed").stdout).expect("the dump is text");
    // Programs of earlier minor versions do not know this command of psql.
    let lines = dumped.lines().filter(|line| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict"));
    fs::create_dir_all(&folder).expect("a folder can be made");
    let file = File::create(path("database.sql.gz")).expect("a file can be made");
    let mut packed = GzBuilder::new().write(file, Compression::best());
    lines.for_each(|line| writeln!(packed, "{line}").expect("the file can be written"));
    packed.finish().expect("the file can be written");
    let answers = serde_json::to_string_pretty(&answers).expect("they are JSON");
    fs::write(path("answers.json"), format!("{answers}\n")).expect("the file can be written");
    fs::write(path("verify.json"), verified.out).expect("the file can be written");
}
