//! Publishing over HTTP: a publication succeeds as a whole or changes nothing, every fault is reported, and nothing is published
//! twice.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::document::{document, validate};
use crate::harness::{Form, Reply, SOURCES, TestServer, bundle, get, key, publish, raw, territories, with_database};

/// A server with the source `essai`, and a key with every scope.
pub(super) fn server() -> (TestServer, String) {
    let server = TestServer::empty();
    publish(&server.url, &bundle(&[("sources", SOURCES)])).expect("the bundle is right");
    let token = key(&server.url, "tout", &["publish:*:*"], 1);
    (server, token)
}

pub(super) fn communes(name: &str) -> Form {
    Form::of(&bundle(&[("territories", &territories(&[("COM-1", name, "1"), ("COM-2", "Là", "2")]))]))
}

pub(super) fn releases(address: SocketAddr) -> i64 {
    get(address, "/v1/releases?total=exact").json()["meta"]["total"]["value"].as_i64().expect("a number")
}

pub(super) fn status(address: SocketAddr, token: &str, id: &str) -> Reply {
    let head =
        format!("GET /v1/publications/{id} HTTP/1.1\r\nHost: t\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n");
    raw(address, head.as_bytes())
}

/// The lines of the audit about publications: actor, action, outcome, release, files.
fn audit(url: &str) -> Vec<(String, String, String, Option<i32>, Value)> {
    with_database(url, async |client| {
        let query = "SELECT actor, action, outcome, release, files FROM audit ORDER BY id";
        let rows = client.query(query, &[]).await.expect("lines");
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3), row.get(4))).collect()
    })
}

/// The identifier of the publication that a response is about, from its `Location`.
pub(super) fn published(reply: &Reply) -> String {
    let location = reply.header("location").expect("an address");
    location.strip_prefix("/v1/publications/").expect("it is a publication").to_owned()
}

#[test]
fn a_dry_run_and_a_publication_are_both_audited() {
    let (server, token) = server();
    let form = communes("Ici").key(&token);
    let tried = form.clone().dry_run().send(server.address);
    let report = tried.data()["report"].take();
    assert_eq!((&report["outcome"], &report["release"]), (&json!("would_publish"), &Value::Null));
    assert_eq!(tried.data()["outcome"], "would_publish");
    assert_eq!((&tried.data()["dry_run"], &tried.json()["links"]["release"]), (&json!(true), &Value::Null));
    let effect =
        |dataset: &str, added: u64| json!({"dataset": dataset, "added": added, "changed": 0, "withdrawn": 0, "unchanged": 0});
    assert_eq!(report["datasets"], json!([effect("territories", 2), effect("containments", 0)]), "neither lies in another");
    assert_eq!(releases(server.address), 1);
    let made = form.send(server.address);
    assert_eq!(made.status, 201, "{}", made.text());
    let (publication, links) = (made.json()["data"].take(), made.json()["links"].take());
    let address = format!("/v1/publications/{}", publication["id"].as_str().expect("an identifier"));
    assert_eq!(links, json!({"self": address, "release": "/v1/releases/2"}));
    assert_eq!((made.header("location"), made.header("publication-id")), (Some(address.as_str()), None));
    assert_eq!(publication["report"]["datasets"], report["datasets"]);
    assert_eq!((&publication["outcome"], &publication["report"]["release"]), (&json!("published"), &json!(2)));
    assert_eq!((&publication["state"], &publication["problem"]), (&json!("done"), &Value::Null));
    assert_eq!(get(server.address, "/v1/territories/COM-1").data()["name"], "Ici");
    let again = form.send(server.address);
    assert_eq!((again.status, &again.data()["outcome"]), (200, &json!("unchanged")));
    assert_eq!(releases(server.address), 2);
    let id = published(&made);
    assert_eq!(
        status(server.address, &token, &id).json(),
        made.json(),
        "the answer to POST and the publication are one document"
    );
    let document = document();
    let schema = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    validate(&document, &schema("PublicationDocument"), &tried.json(), "dry run");
    validate(&document, &schema("PublicationDocument"), &made.json(), "publication");
    validate(&document, &schema("PublicationDocument"), &status(server.address, &token, &id).json(), "state");
    let other = key(&server.url, "autre", &["publish:*:*"], 1);
    status(server.address, &other, &id).problem(404);
    let lines = audit(&server.url);
    let short: Vec<_> = lines
        .iter()
        .map(|(actor, action, outcome, release, _)| (actor.as_str(), action.as_str(), outcome.as_str(), *release))
        .collect();
    assert_eq!(
        short,
        [
            ("command line", "publish", "published", Some(1)),
            ("tout", "dry_run", "would_publish", None),
            ("tout", "publish", "published", Some(2)),
            ("tout", "publish", "unchanged", None),
        ]
    );
    assert_eq!(lines[2].4[0]["path"], "territories.csv");
    assert_eq!(lines[2].4[0]["sha256"], get(server.address, "/v1/releases/2").data()["files"][0]["sha256"]);
}

#[test]
fn releases_are_read_only_and_name_the_address_that_publishes() {
    let (server, token) = server();
    let posted =
        String::from_utf8(communes("A").key(&token).bytes()).expect("a text").replace("/v1/publications", "/v1/releases");
    let refused = raw(server.address, posted.as_bytes());
    let problem = refused.problem(405);
    assert_eq!(refused.header("allow"), Some("GET, HEAD, OPTIONS"));
    assert_eq!(
        problem["detail"],
        "POST is not allowed here, only GET, HEAD, OPTIONS. A release is published with POST /v1/publications."
    );
    let listed = get(server.address, "/v1/publications");
    listed.problem(405);
    assert_eq!(listed.header("allow"), Some("OPTIONS, POST"));
    assert_eq!(releases(server.address), 1);
}

#[test]
fn wrong_files_are_refused_with_every_fault_and_change_nothing() {
    let (server, token) = server();
    let wrong =
        "code,kind,name,population,geography_year,source_code\nCOM-1,comune,A,1O,2026,essai\nCOM-2,commune,B,1,2026,essais\n";
    let refused = Form::of(&bundle(&[("territories", wrong)])).key(&token).send(server.address);
    let problem = refused.problem(422);
    assert_eq!((&problem["type"], &problem["error_count"]), (&json!("/problems/refused-files"), &json!(2)));
    assert_eq!(problem["errors"][0]["file"], "territories.csv");
    assert_eq!(
        (&problem["errors"][0]["line"], &problem["errors"][0]["column"], &problem["errors"][0]["value"]),
        (&json!(2), &json!("kind"), &json!("comune"))
    );
    let instance = problem["instance"].as_str().expect("an address").to_owned();
    let id = instance.strip_prefix("/v1/publications/").expect("it is a publication").to_owned();
    let (document, schema) = (document(), json!({"$ref": "#/components/schemas/Problem"}));
    validate(&document, &schema, &problem, "refusal");
    let found = status(server.address, &token, &id).data();
    validate(&document, &schema, &found["problem"], "state");
    assert_eq!((&found["state"], &found["problem"]["errors"]), (&json!("refused"), &problem["errors"]));
    assert_eq!((&found["outcome"], &found["report"]), (&json!("refused"), &Value::Null));
    assert_eq!(found["problem"]["instance"], instance);
    // A value that only a database constraint refuses is also reported as a fault of the file.
    let siret = "code,kind,name,role,siret,source_code\na,association,A,operator,123,essai\n";
    Form::of(&bundle(&[("actors", siret)])).key(&token).send(server.address).problem(422);
    let lost = Form::default().part("manifest", None, b"title = 3").key(&token).send(server.address).problem(422);
    assert!(!lost.to_string().contains("/dev/shm") && !lost.to_string().contains("uploads"), "{lost}");
    // A path in the manifest can only name a file of the form.
    for path in ["/etc/passwd", "../../../etc/passwd", "autre.csv"] {
        let manifest = format!(
            "title = \"T\"\ndescription = \"D\"\npublisher = \"P\"\nlicence = \"etalab-2.0\"\n[[file]]\npath = \"{path}\"\ndataset = \"sources\"\nrows = 1\nsha256 = \"0\"\n"
        );
        let form =
            Form::default().part("manifest", None, manifest.as_bytes()).part("file", Some("autres.csv"), SOURCES.as_bytes());
        let problem = form.key(&token).send(server.address).problem(422);
        assert_eq!((&problem["error_count"], &problem["errors"][0]["file"]), (&json!(2), &json!(path)), "{problem}");
        assert!(!problem.to_string().contains("root:"), "{problem}");
    }
    for (name, path) in [("recipe", "../../../etc/passwd.toml"), ("recipe", "../geodair"), ("companion", "/etc/passwd")] {
        let manifest = format!(
            "title = \"T\"\ndescription = \"D\"\npublisher = \"P\"\nlicence = \"etalab-2.0\"\n[[file]]\npath = \"a.csv\"\n{name} = \"{path}\"\n"
        );
        let form = Form::default().part("manifest", None, manifest.as_bytes()).part("file", Some("a.csv"), SOURCES.as_bytes());
        let problem = form.key(&token).send(server.address).problem(422);
        assert_eq!(problem["errors"][0]["file"], path, "{problem}");
    }
    assert_eq!(releases(server.address), 1);
    let refused = audit(&server.url).iter().filter(|line| line.2 == "refused").count();
    assert_eq!(refused, 9);
}

#[test]
fn a_key_for_one_source_cannot_change_rows_of_another() {
    let (server, token) = server();
    let both = format!("{SOURCES}autre,document,Autre,Repères,etalab-2.0\n");
    assert_eq!(Form::of(&bundle(&[("sources", &both)])).key(&token).send(server.address).status, 201);
    assert_eq!(communes("A").key(&token).send(server.address).status, 201);
    let narrow = key(&server.url, "autre", &["publish:territories:autre"], 1);
    let rows = |code: &str, source: &str| {
        let text = territories(&[(code, "B", "1")]).replace(",essai\n", &format!(",{source}\n"));
        Form::of(&bundle(&[("territories", &text)])).key(&narrow)
    };
    assert_eq!(rows("COM-9", "autre").send(server.address).status, 201);
    let detail = |reply: Reply| reply.problem(403)["detail"].as_str().expect("a detail").to_owned();
    assert!(detail(rows("COM-8", "essai").send(server.address)).contains("`publish:territories:essai`"));
    // The new row names its own source, but it would replace a row of another source.
    assert!(detail(rows("COM-1", "autre").send(server.address)).contains("`publish:territories:essai`"));
    assert!(
        detail(Form::of(&bundle(&[("sources", SOURCES)])).key(&narrow).send(server.address))
            .contains("`publish:sources:{source}`")
    );
    assert_eq!(get(server.address, "/v1/territories/COM-1").data()["name"], "A");
    get(server.address, "/v1/territories/COM-8").problem(404);
    assert_eq!(audit(&server.url).iter().filter(|line| line.0 == "autre" && line.2 == "forbidden").count(), 3);
}

#[test]
fn a_publication_can_be_one_file_with_a_recipe_or_withdrawals_without_a_file() {
    let (server, token) = server();
    assert_eq!(communes("Ici").key(&token).send(server.address).status, 201);
    let recipe = "title = \"Lu\"\ndescription = \"Lu\"\npublisher = \"Repères\"\nlicence = \"etalab-2.0\"\n";
    let sent = |recipe: &str, name: &str| {
        Form::default().part("recipe", Some(name), recipe.as_bytes()).part("file", Some("a.csv"), SOURCES.as_bytes()).key(&token)
    };
    sent(recipe, "recette.txt").send(server.address).problem(400);
    let wrong = sent(&format!("{recipe}rien = 1\n"), "recette.toml").send(server.address).problem(422);
    assert!(wrong["errors"][0]["detail"].as_str().is_some_and(|detail| detail.contains("recette.toml")), "{wrong}");
    let named =
        |name: &str| Form::default().part("recipe", None, name.as_bytes()).part("file", Some("a.csv"), b"a\n1\n").key(&token);
    let lost = named("rien-de-tel").send(server.address).problem(422);
    assert!(lost["errors"][0]["detail"].as_str().is_some_and(|detail| detail.contains("no recipe rien-de-tel")), "{lost}");
    named("../rien").send(server.address).problem(400);
    let withdrawal = "title = \"Retrait\"\ndescription = \"Retrait\"\npublisher = \"Repères\"\nlicence = \"etalab-2.0\"\n\
        [[withdraw]]\ndataset = \"territories\"\ncodes = [\"COM-2\"]\nreason = \"Essai\"\n";
    let narrow = key(&server.url, "sources", &["publish:sources:*"], 1);
    let form = Form::default().part("manifest", None, withdrawal.as_bytes());
    let refused = form.clone().key(&narrow).send(server.address).problem(403);
    assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains("`publish:territories:{source}`")), "{refused}");
    let other = key(&server.url, "autre", &["publish:territories:autre"], 1);
    let refused = form.clone().key(&other).send(server.address).problem(403);
    assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains("`publish:territories:essai`")), "{refused}");
    assert_eq!(get(server.address, "/v1/territories/COM-2").status, 200);
    let done = form.key(&token).send(server.address);
    assert_eq!(done.json()["data"]["report"]["datasets"][0]["withdrawn"], 1, "{}", done.text());
    assert_eq!(get(server.address, "/v1/territories/COM-2").status, 410);
}
