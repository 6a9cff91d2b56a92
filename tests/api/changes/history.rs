//! Owns a history of many releases: rows are added, changed, withdrawn and added back, territories move, and values that rows
//! copy from other rows change. Also owns the SQL that reads the rows of a release from tables without a collection.
//! Must not know which requests the tests send.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use reperes::query::Dataset;
use serde_json::{Map, Value};
use tokio_postgres::{Client, NoTls};

use crate::harness::{SOURCES, TestServer, bundle, keep_for_all_tests, owner, publish};

pub const SUMMARY: &str = "code,kind,name,population,departement_code,region_code,geography_year,source_code\n";

pub const TERRITORIES: &str = "FR,country,France,2100,,,2026,essai
REG-99,region,Région,2100,,,2026,essai
DEP-91,departement,Premier,1000,,REG-99,2026,essai
DEP-92,departement,Second,1100,,REG-99,2026,essai
COM-91001,commune,Avesnes,100,DEP-91,REG-99,2026,essai
COM-91002,commune,Saint-Éloi,200,DEP-91,REG-99,2026,essai
COM-91003,commune,Bois,300,DEP-91,REG-99,2026,essai
";

const MORE_TERRITORIES: &str = "COM-92001,commune,Dune,500,DEP-92,REG-99,2026,essai
COM-92002,commune,Étang,600,DEP-92,REG-99,2026,essai
PER-essai,perimeter,Périmètre,,,,2026,essai
";

pub const INDICATORS: &str =
    "code,title,definition,unit_code,decimals,territory_additivity,time_additivity,weight_indicator_code,direction,source_code
habitants,Habitants,Habitants,habitant,0,sum,none,,none,essai
aides,Aides versées,Aides,aide,0,sum,sum,,up,essai
";

const OBSERVATIONS: &str =
    "indicator_code,territory_code,period,breakdown_code,nature,value,qualifier,statuses,geography_year,source_code\n";

const ACTORS: &str = "code,kind,name,role,source_code
etat,state,État,financeur,essai
asso,association,Association,bénéficiaire,essai
";

pub const COMMITMENTS: &str = "code,kind,rank,title,summary,source_code\naxe,commitment,1,Axe,Résumé,essai\n";

pub const MEASURES: &str = "code,commitment_code,title,summary,status,territory_codes,source_code\n";

pub const CONTOURS: &str = "territory_code,west,south,east,north,contour,source_code\n";

pub fn square(code: &str, west: i32) -> String {
    let east = west + 1;
    format!(
        "{code},{west},50,{east},51,\"{{\"\"type\"\":\"\"Polygon\"\",\"\"coordinates\"\":[[[{west},50],[{east},50],[{east},51],[{west},51],[{west},50]]]}}\",essai\n"
    )
}

pub fn observations(lines: &[(&str, &str, &str, &str, &str)]) -> String {
    let line = |(indicator, territory, period, value, qualifier): &(&str, &str, &str, &str, &str)| {
        format!("{indicator},{territory},{period},_T,observed,{value},{qualifier},A,2026,essai\n")
    };
    lines.iter().fold(OBSERVATIONS.to_owned(), |text, one| text + &line(one))
}

/// The server on the history, the same for all tests that only read, with the number of its releases.
pub fn history() -> (TestServer, i32) {
    static SERVER: LazyLock<(TestServer, i32)> = LazyLock::new(|| {
        let server = keep_for_all_tests(TestServer::empty);
        let url = server.url.clone();
        let one = |files: &[(&str, &str)]| _ = publish(&url, &bundle(files)).expect("the bundle is right");
        let mut first = Vec::new();
        for commune in ["COM-91001", "COM-91002", "COM-91003", "COM-92001", "COM-92002", "DEP-91"] {
            first.extend(["2019", "2020", "2019-01-01/2019-10-31"].map(|period| ("habitants", commune, period, "100", "exact")));
            first.push(("aides", commune, "2020-Q1", "7", "about"));
        }
        one(&[
            ("sources", SOURCES),
            ("territories", &format!("{SUMMARY}{TERRITORIES}{MORE_TERRITORIES}")),
            (
                "memberships",
                "container_code,part_code,population_share,source_code\nPER-essai,COM-91001,1,essai\nPER-essai,COM-92001,0.5,essai\n",
            ),
            ("contours", &format!("{CONTOURS}{}{}", square("COM-91001", 2), square("COM-92001", 5))),
            ("indicators", INDICATORS),
            ("observations", &observations(&first)),
            ("actors", ACTORS),
            ("commitments", COMMITMENTS),
            (
                "measures",
                &format!(
                    "{MEASURES}m1,axe,Une,Résumé,completed,DEP-91|COM-92001,essai\nm2,axe,Deux,Résumé,completed,COM-92002,essai\n"
                ),
            ),
        ]);
        // 2: values change, and one of them no longer matches `qualifier=exact`; an observation is added.
        one(&[(
            "observations",
            &observations(&[
                ("habitants", "COM-91001", "2019", "101", "exact"),
                ("habitants", "COM-91002", "2019", "100", "nearly"),
                ("aides", "COM-92002", "2020-Q1", "7", "exact"),
                ("aides", "COM-92002", "2020-Q2", "9", "exact"),
            ]),
        )]);
        // 3: a commune moves from one département to the other; none of its observations changes.
        one(&[("territories", &format!("{SUMMARY}COM-91002,commune,Saint-Éloi,200,DEP-92,REG-99,2026,essai\n"))]);
        // 4: a commune joins the perimeter, and a commune that was partly inside is now wholly inside.
        one(&[(
            "memberships",
            "container_code,part_code,population_share,source_code\nPER-essai,COM-91003,1,essai\nPER-essai,COM-92001,1,essai\n",
        )]);
        // 5: a unit and two indicators change, but nothing that their observations contain.
        one(&[
            ("units", "code,title,title_plural,source_code\nhabitant,personne,personnes,essai\n"),
            ("indicators", &INDICATORS.replace(",,none,essai", ",,down,essai").replace("Aides versées", "Aides")),
        ]);
        // 6: rows are withdrawn.
        let wrong = ["COM-91001", "COM-91002", "COM-91003", "COM-92001", "COM-92002", "DEP-91"];
        let wrong = wrong.map(|territory| format!("aides~{territory}~2020-Q1~_T~observed~essai"));
        withdraw(&url, "observations", &wrong.each_ref().map(String::as_str), "Erreur de saisie", None);
        // 7: an actor is withdrawn with another as its successor, and a withdrawn observation is added back.
        withdraw(&url, "actors", &["asso"], "Fusion", Some("etat"));
        one(&[("observations", &observations(&[("aides", "COM-91001", "2020-Q1", "8", "about")]))]);
        // 9: a contour changes; an indicator, an observation of it and the territory of another change in one release.
        one(&[
            ("contours", &format!("{CONTOURS}{}", square("COM-92001", 2))),
            ("indicators", &INDICATORS.replace("Aides,aide", "Dossiers,aide")),
            ("observations", &observations(&[("aides", "COM-91001", "2020-Q1", "9", "exact")])),
            (
                "territories",
                &format!(
                    "{SUMMARY}COM-91001,commune,Avesnes,110,DEP-92,REG-99,2026,essai\nCOM-91002,commune,Saint-Éloi,200,DEP-91,REG-99,2026,essai\n"
                ),
            ),
        ]);
        // 10: only a source changes. 11: measures name other territories.
        one(&[("sources", &format!("{SOURCES}autre,document,Autre,Repères,etalab-2.0\n"))]);
        one(&[(
            "measures",
            &format!(
                "{MEASURES}m1,axe,Une,Résumé,completed,DEP-92,essai\nm2,axe,Deux,Résumé,completed,COM-92002|COM-91003,essai\n"
            ),
        )]);
        // 12: a new edition of a file with fewer rows replaces the old one; an observation of an interval is withdrawn.
        let edition = bundle(&[(
            "observations",
            &observations(&[
                ("habitants", "COM-91003", "2019", "100", "exact"),
                ("habitants", "COM-91003", "2020", "120", "exact"),
            ]),
        )]);
        publish_amended(&url, &edition, |manifest| {
            let scope = "[file.scope]\nindicator_code = \"habitants\"\nterritory_code = \"COM-91003\"\n";
            manifest.replace("dataset = ", "mode = \"replace\"\ndataset = ") + scope
        });
        withdraw(&url, "observations", &["habitants~COM-92002~2019-01-01_2019-10-31~_T~observed~essai"], "Doublon", None);
        // 14: a commune leaves the perimeter.
        withdraw(&url, "memberships", &["PER-essai~COM-91003"], "Retrait", None);
        let number = with_client(&url, async |client| {
            client.query_one("SELECT max(number) FROM releases", &[]).await.expect("releases").get(0)
        });
        (server, number)
    });
    SERVER.clone()
}

/// Publishes a withdrawal of rows by their codes.
pub fn withdraw(url: &str, dataset: &str, codes: &[&str], reason: &str, successor: Option<&str>) {
    let successor = successor.map_or(String::new(), |code| format!("successor = \"{code}\"\n"));
    let codes: Vec<String> = codes.iter().map(|code| format!("\"{code}\"")).collect();
    let asked =
        format!("[[withdraw]]\ndataset = \"{dataset}\"\ncodes = [{}]\nreason = \"{reason}\"\n{successor}", codes.join(", "));
    publish_amended(url, &bundle(&[]), |manifest| manifest + &asked);
}

/// Publishes a bundle after changing the text of its manifest.
pub fn publish_amended(url: &str, folder: &Path, amend: impl FnOnce(String) -> String) {
    let manifest = folder.join("manifest.toml");
    let text = fs::read_to_string(&manifest).expect("the manifest is there");
    fs::write(&manifest, amend(text)).expect("a file can be written");
    publish(url, folder).expect("the bundle is right");
}

/// Makes a number of releases of one source each: `s-1`, `s-2` and so on.
pub fn make_releases(url: &str, number: i32) {
    let query = format!(
        "INSERT INTO sources (code, kind, title, publisher, licence, first_release)
         SELECT 's-' || n, 'document', 'Essai', 'Repères', 'etalab-2.0', n FROM generate_series(1, {number}) n;
         INSERT INTO releases (number, published_at, title, publisher, licence, added, changed, withdrawn, counts, files)
         SELECT n, clock_timestamp(), 'Essai', 'Repères', 'etalab-2.0', 1, 0, 0, '{{}}', '[]' FROM generate_series(1, {number}) n"
    );
    with_client(&owner(url), async |client| client.batch_execute(&query).await.expect("the rows can be written"));
}

/// The rows of a table at a release, by code, as JSON.
pub fn visible(url: &str, dataset: &Dataset, release: i32) -> Vec<(String, Value)> {
    let fields = dataset.columns().map(|field| format!("'{0}', \"{0}\"", field.name)).collect::<Vec<_>>().join(", ");
    let code = dataset.key.iter().map(|key| format!("\"{key}\"")).collect::<Vec<_>>().join(" || '~' || ");
    let query = format!(
        "SELECT {code}, json_build_object({fields})::text FROM \"{}\" WHERE first_release <= $1 AND (last_release IS NULL OR last_release >= $1)",
        dataset.name
    );
    let rows = with_client(url, async |client| client.query(&query, &[&release]).await.expect("the rows"));
    let whole = |text: &str| Value::Object(serde_json::from_str::<Map<String, Value>>(text).expect("an object"));
    rows.iter().map(|row| (row.get(0), whole(row.get(1)))).collect()
}

fn with_client<T>(url: &str, act: impl AsyncFnOnce(&Client) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be made");
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("the database is there");
        tokio::spawn(connection);
        act(&client).await
    })
}
