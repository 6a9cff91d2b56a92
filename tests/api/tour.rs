//! The example in `examples/publication` is explained, refused, published, read and withdrawn, with exact figures.

use std::process::Command;

use reperes::publication::Outcome;
use serde_json::json;

use crate::harness::{SOURCES, TestServer, bundle, get, publish, until};

const EXAMPLE: &str = "examples/publication/prime-activite-juin-2019";

const TERRITORIES: &str = "code,kind,name,region_code,geography_year,source_code
REG-32,region,Hauts-de-France,,2026,essai
DEP-02,departement,Aisne,REG-32,2026,essai
DEP-59,departement,Nord,REG-32,2026,essai
DEP-60,departement,Oise,REG-32,2026,essai
DEP-62,departement,Pas-de-Calais,REG-32,2026,essai
DEP-80,departement,Somme,REG-32,2026,essai
";

const INDICATORS: &str = "code,title,definition,unit_code,decimals,territory_additivity,time_additivity,direction,source_code
foyers-prime-activite,Foyers,Foyers,foyer,0,sum,none,up,essai
";

const PRESS_KIT: &str =
    "indicator_code,territory_code,period,breakdown_code,nature,value,qualifier,statuses,geography_year,source_code
foyers-prime-activite,REG-32,2019-06-30,_T,observed,422000,more_than,A,2026,essai
";

/// Runs the program on the database of a server and returns its exit code and its output.
fn reperes(server: &TestServer, arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_reperes"))
        .args(arguments)
        .env("DATABASE_URL", &server.url)
        .env("REPERES_BUNDLES", "tests/fixtures/bundles")
        .env("RUST_LOG", "warn")
        .output()
        .expect("the program runs");
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn the_example_is_explained_published_and_withdrawn() {
    let server = TestServer::empty();
    let world = [("sources", SOURCES), ("territories", TERRITORIES), ("indicators", INDICATORS), ("observations", PRESS_KIT)];
    assert_eq!(publish(&server.url, &bundle(&world)).expect("the world is right").outcome, Outcome::Published);
    let (recipe, file) = (format!("{EXAMPLE}.toml"), format!("{EXAMPLE}.csv"));

    let (code, explained) = reperes(&server, &["publish", "--recipe", &recipe, "--explain", "1", &file]);
    assert_eq!(code, Some(0), "{explained}");
    assert!(explained.contains("territory_code     = DEP-02  <- A3 `Aisne`"), "{explained}");
    assert!(explained.contains("value              = 37640  <- B3 `37 640`"), "{explained}");
    assert_eq!(get(server.address, "/v1/releases?total=exact").json()["meta"]["total"]["value"], 1, "a trial publishes nothing");

    let (code, report) = reperes(&server, &["publish", "--recipe", &recipe, "--total", "value=1", &file]);
    assert_eq!((code, report.as_str()), (Some(3), ""), "a wrong total is refused");
    let (code, report) = reperes(&server, &["publish", "--recipe", &recipe, "--total", "value=436370", &file]);
    assert_eq!(code, Some(0), "{report}");
    assert!(report.contains("observations: 5 added, 0 changed, 0 withdrawn, 0 unchanged"), "{report}");
    let (code, _) = reperes(&server, &["publish", "--recipe", &recipe, &file]);
    assert_eq!(code, Some(4), "the same file again is no release");

    let asked = "/v1/observations?indicator_code=foyers-prime-activite&period_end=2019-06-30&within=REG-32&fields=territory_code,value,source_code";
    let answer = get(server.address, asked).data();
    let counts = [("DEP-02", 37640), ("DEP-59", 194_050), ("DEP-60", 50020), ("DEP-62", 113_040), ("DEP-80", 41620)];
    let mut expected: Vec<_> = counts
        .iter()
        .map(|(code, value)| json!({"territory_code": code, "value": value, "source_code": "exemple-prime-activite"}))
        .collect();
    expected.push(json!({"territory_code": "REG-32", "value": 422_000, "source_code": "essai"}));
    assert_eq!(answer, json!(expected), "neither source hides the other");

    let row = "foyers-prime-activite~DEP-02~2019-06~_T~observed~exemple-prime-activite";
    let (code, report) = reperes(&server, &["withdraw", "observations", row, "--reason", "Erreur de saisie"]);
    assert_eq!(code, Some(0), "{report}");
    // The server learns of the release by a notification, which may arrive after the command has ended.
    until("the server knows of the withdrawal", || get(server.address, &format!("/v1/observations/{row}")).status != 200);
    let gone = get(server.address, &format!("/v1/observations/{row}")).problem(410);
    assert_eq!(gone["withdrawal"]["reason"], "Erreur de saisie");
    assert_eq!(get(server.address, &format!("/v1/observations/{row}?release=2")).data()["value"], 37640);
}
