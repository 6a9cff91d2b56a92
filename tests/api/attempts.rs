//! Attempts to publish: each has its line in the audit, however it ends; a key that loses its validity publishes nothing any
//! more; slow uploads of one key leave places for others; dry runs wait for nobody.

use std::io::Write;
use std::net::TcpStream;

use serde_json::{Value, json};

use super::publishing_http::{communes, published, releases, server, status};
use crate::harness::{
    Form, SOURCES, TestServer, UPLOAD_LIMIT, bundle, get, key, owner, publish, raw, territories, until, with_database,
};

/// The advisory lock that each publication waits for.
const LOCK: i64 = 7_309_453_202;

/// The lines of the audit about an actor: action, outcome, status of the problem, identifier of the request.
fn lines(url: &str, actor: &str) -> Vec<(String, String, Option<i32>, Option<String>)> {
    with_database(url, async |client| {
        let query =
            "SELECT action, outcome, (detail->'problem'->>'status')::integer, request_id FROM audit WHERE actor = $1 ORDER BY id";
        let rows = client.query(query, &[&actor]).await.expect("lines");
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3))).collect()
    })
}

#[test]
fn each_refused_attempt_with_a_key_has_a_line_in_the_audit() {
    let (server, _) = server();
    let token = key(&server.url, "agence", &["publish:*:*"], 1);
    let named = |status: u16| format!("essai-{status}");
    let form = |status: u16| communes("A").key(&token).header("X-Request-Id", &named(status));
    let plain = format!(
        "POST /v1/publications HTTP/1.1\r\nHost: t\r\nConnection: close\r\nAuthorization: Bearer {token}\r\nX-Request-Id: {}\r\n\
         Content-Type: text/csv\r\nContent-Length: 1\r\n\r\nx",
        named(415)
    );
    assert_eq!(raw(server.address, plain.as_bytes()).status, 415);
    form(400).header("Idempotency-Key", "deux mots").send(server.address).problem(400);
    form(400).query("?dry_run=true").send(server.address).problem(400);
    form(400).part("autre", None, b"x").send(server.address).problem(400);
    let large = vec![b'x'; usize::try_from(UPLOAD_LIMIT).expect("a size") + 1];
    form(413).part("file", Some("b.csv"), &large).send(server.address).problem(413);
    let expected: Vec<_> = [415, 400, 400, 400, 413]
        .map(|status| ("publish".to_owned(), "refused".to_owned(), Some(i32::from(status)), Some(named(status))))
        .into();
    assert_eq!(lines(&server.url, "agence"), expected);
    for (name, days) in [("revoquee", 1), ("echue", -1)] {
        let token = key(&server.url, name, &["publish:*:*"], days);
        if days > 0 {
            with_database(&server.url, async |client| {
                client.execute("UPDATE keys SET revoked_at = now() WHERE name = $1", &[&name]).await.expect("it is revoked");
            });
        }
        communes("A").key(&token).header("X-Request-Id", name).send(server.address).problem(401);
        let line = ("publish".to_owned(), "refused".to_owned(), Some(401), Some(name.to_owned()));
        assert_eq!(lines(&server.url, name), [line]);
    }
    assert_eq!(releases(server.address), 1);
}

#[test]
fn an_attempt_whose_client_goes_away_has_a_line_in_the_audit() {
    let (server, _) = server();
    let token = key(&server.url, "agence", &["publish:*:*"], 1);
    let bytes = communes("A").key(&token).bytes();
    let mut stream = TcpStream::connect(server.address).expect("the server takes connections");
    stream.write_all(&bytes[..bytes.len() - 60]).expect("the server reads");
    until("the upload is recorded", || {
        with_database(&server.url, async |client| {
            client.query_one("SELECT count(*) FROM publications", &[]).await.expect("a count").get::<_, i64>(0) == 1
        })
    });
    drop(stream);
    until("the audit has a line", || !lines(&server.url, "agence").is_empty());
    let found = lines(&server.url, "agence");
    assert_eq!((found.len(), found[0].0.as_str(), found[0].1.as_str()), (1, "publish", "refused"), "{found:?}");
    assert_eq!(releases(server.address), 1);
}

#[test]
fn a_publication_whose_server_has_died_gets_its_line_from_another_server() {
    let (first, token) = server();
    let insert = "INSERT INTO publications (id, key_name, idempotency_key, digest, dry_run, state, bytes_total, seen_at) \
                  VALUES ($1, 'tout', $1, 'x', $2, 'reading', 1, now() - make_interval(secs => $3))";
    with_database(&first.url, async |client| {
        for (id, dry_run, seconds) in [("morte", false, 90.0), ("essai-mort", true, 90.0), ("vivante", false, 1.0)] {
            client.execute(insert, &[&id, &dry_run, &seconds]).await.expect("a publication is recorded");
        }
    });
    let second = TestServer::on(&first.url);
    until("the audit has the lines", || lines(&first.url, "tout").len() == 2);
    let found: Vec<(String, String)> =
        lines(&first.url, "tout").into_iter().map(|(action, outcome, ..)| (action, outcome)).collect();
    let line = |action: &str| (action.to_owned(), "failed".to_owned());
    assert_eq!(found, [line("publish"), line("dry_run")]);
    let said = status(second.address, &token, "morte").data();
    assert_eq!((&said["state"], &said["problem"]["status"]), (&json!("failed"), &json!(503)));
    // What another server has recorded as dead cannot be published any more, even if its server was only silent.
    let late = with_database(&owner(&first.url), async |client| {
        let line = "INSERT INTO audit (actor, action, outcome, files, publication, detail) VALUES ('tout', 'publish', 'published', '[]', 'morte', '{}')";
        client.execute(line, &[]).await.expect_err("it has a line").code().map(|code| code.code().to_owned())
    });
    assert_eq!(late.as_deref(), Some("23505"));
}

#[test]
fn a_key_that_is_revoked_while_its_publication_runs_publishes_nothing() {
    let (server, _) = server();
    let token = key(&server.url, "agence", &["publish:*:*"], 1);
    for dry_run in [false, true] {
        with_database(&server.url, async |client| {
            client.batch_execute(&format!("SELECT pg_advisory_lock({LOCK})")).await.expect("the lock");
            let form = communes("A").key(&token).header("Prefer", "respond-async");
            let form = if dry_run { form.dry_run() } else { form };
            let reply = form.send(server.address);
            if dry_run {
                reply.problem(401);
                return;
            }
            assert_eq!(reply.status, 202, "{}", reply.text());
            client.execute("UPDATE keys SET revoked_at = now() WHERE name = 'agence'", &[]).await.expect("it is revoked");
        });
        until("the audit has the outcome", || lines(&server.url, "agence").len() == 1 + usize::from(dry_run));
    }
    let found = lines(&server.url, "agence");
    assert_eq!((found[0].0.as_str(), found[0].1.as_str()), ("publish", "forbidden"));
    let detail: Value = with_database(&server.url, async |client| {
        client.query_one("SELECT detail FROM audit WHERE actor = 'agence' ORDER BY id LIMIT 1", &[]).await.expect("a line").get(0)
    });
    assert_eq!(detail, json!({"key": "has been revoked"}));
    assert_eq!(releases(server.address), 1);
    get(server.address, "/v1/territories/COM-1").problem(404);
}

#[test]
fn slow_uploads_of_one_key_leave_places_for_others() {
    let (server, token) = server();
    let slow = key(&server.url, "lente", &["publish:*:*"], 1);
    let bytes = communes("A").key(&slow).bytes();
    let begin = || {
        let mut stream = TcpStream::connect(server.address).expect("the server takes connections");
        stream.write_all(&bytes[..bytes.len() - 60]).expect("the server reads");
        stream
    };
    let streams: Vec<TcpStream> = (0..4).map(|_| begin()).collect();
    until("two are received and two are refused", || lines(&server.url, "lente").len() == 2);
    assert!(lines(&server.url, "lente").iter().all(|line| line.1 == "refused" && line.2 == Some(503)));
    assert_eq!(communes("B").key(&token).send(server.address).status, 201);
    drop(streams);
    until("the places are free again", || communes("C").key(&slow).send(server.address).status == 201);
}

#[test]
fn a_dry_run_waits_for_no_publication_and_leaves_nothing_behind() {
    let (server, token) = server();
    publish(&server.url, &bundle(&[("territories", &territories(&[("COM-1", "A", "1"), ("COM-3", "C", "3")]))])).expect("right");
    let manifest = "title = \"Essai\"\ndescription = \"Essai\"\npublisher = \"Repères\"\nlicence = \"etalab-2.0\"\n\
        [[file]]\npath = \"t.csv\"\ndataset = \"territories\"\n[[withdraw]]\ndataset = \"territories\"\ncodes = [\"COM-3\"]\nreason = \"Essai\"\n";
    let rows = territories(&[("COM-1", "B", "2"), ("COM-2", "Là", "2")]);
    let form =
        || Form::default().part("manifest", None, manifest.as_bytes()).part("file", Some("t.csv"), rows.as_bytes()).key(&token);
    let sizes = "SELECT string_agg(relname || ' ' || pg_relation_size(oid), ', ' ORDER BY relname) FROM pg_class \
                 WHERE relkind IN ('r', 'i') AND relnamespace = current_schema()::regnamespace \
                 AND relname !~ '^(audit|publications)'";
    let (before, after, tried, waiting) = with_database(&owner(&server.url), async |client| {
        let before: String = client.query_one(sizes, &[]).await.expect("sizes").get(0);
        // Another publication is between its number and its commit, and has changed the same rows.
        client
            .batch_execute(&format!(
                "BEGIN; SELECT pg_advisory_xact_lock({LOCK}); \
                 LOCK TABLE territories, containments, series, figures, withdrawals, releases IN SHARE MODE"
            ))
            .await
            .expect("locks");
        // A publication over HTTP waits for it.
        let waiting = Form::of(&bundle(&[("sources", &SOURCES.replace("Essai", "Autre"))])).key(&token);
        let waiting = waiting.header("Prefer", "respond-async").send(server.address);
        assert_eq!(waiting.status, 202, "{}", waiting.text());
        let waiting = published(&waiting);
        until("the publication waits", || status(server.address, &token, &waiting).data()["state"] == "checking");
        let tried = form().dry_run().send(server.address);
        assert_eq!(status(server.address, &token, &waiting).data()["state"], "checking");
        let after: String = client.query_one(sizes, &[]).await.expect("sizes").get(0);
        client.batch_execute("COMMIT").await.expect("the locks end");
        (before, after, tried, waiting)
    });
    until("the publication is done", || status(server.address, &token, &waiting).data()["state"] == "done");
    assert_eq!(tried.status, 200, "{}", tried.text());
    assert_eq!(tried.data()["outcome"], "would_publish");
    assert_eq!(after, before);
    assert_eq!(get(server.address, "/v1/territories/COM-1").data()["name"], "A");
    let made = form().send(server.address);
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!(made.json()["data"]["report"]["datasets"], tried.data()["report"]["datasets"]);
    assert_eq!(made.json()["data"]["report"]["changes"], tried.data()["report"]["changes"]);
}

#[test]
fn the_publisher_of_a_release_is_that_of_the_key() {
    let (server, token) = server();
    assert_eq!(communes("A").key(&token).send(server.address).status, 201);
    assert_eq!(get(server.address, "/v1/releases/2").data()["publisher"], "Repères");
    let manifest = "title = \"T\"\ndescription = \"D\"\npublisher = \"INSEE\"\nlicence = \"etalab-2.0\"\n[[file]]\npath = \"t.csv\"\ndataset = \"territories\"\n";
    let rows = territories(&[("COM-1", "B", "2")]);
    let form = Form::default().part("manifest", None, manifest.as_bytes()).part("file", Some("t.csv"), rows.as_bytes());
    let problem = form.key(&token).send(server.address).problem(422);
    let error = &problem["errors"][0];
    assert_eq!(
        (&error["file"], &error["value"], &error["allowed"], &error["reason"]),
        (&json!("manifest.toml"), &json!("INSEE"), &json!(["Repères"]), &json!("unknown_value")),
        "{problem}"
    );
    // A single file has no manifest. Its recipe says who made the file, and the key who publishes it.
    let recipe = "title = \"T\"\ndescription = \"D\"\npublisher = \"INSEE\"\nlicence = \"etalab-2.0\"\n\
        [[table]]\ndataset = \"territories\"\n[table.fields]\ncode = { column = \"code\" }\nkind = { column = \"kind\" }\n\
        name = { column = \"name\" }\npopulation = { column = \"population\" }\ngeography_year = { column = \"geography_year\" }\n\
        source_code = { column = \"source_code\" }\n";
    let single = Form::default()
        .part("recipe", Some("r.toml"), recipe.as_bytes())
        .part("file", Some("t.csv"), rows.as_bytes())
        .key(&token);
    let made = single.send(server.address);
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!(get(server.address, "/v1/releases/3").data()["publisher"], "Repères");
}
