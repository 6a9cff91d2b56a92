//! The bytes of files: recorded when a server first builds them, the same on every server, and never others.

use std::fs;
use std::path::{Path, PathBuf};

use reperes::app::Shared;
use reperes::db::connection::config::Database;
use reperes::http::release_files::ReleaseFiles;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::harness::four_releases::make_release;
use crate::harness::{TestServer, get, migrated, owner, raw, scratch, shared, with_database};

/// A server on a database, with a folder of its own for files.
fn node(url: &str, folder: &Path) -> TestServer {
    let database = Database::parse(url).expect("the URL is one of a Postgres database");
    TestServer::with(url, Shared { files: ReleaseFiles::new(folder.to_owned(), database), ..shared(url) })
}

/// A database with two releases of every dataset.
fn published() -> String {
    let url = migrated();
    [1, 2].into_iter().for_each(|number| make_release(&url, number));
    url
}

fn execute(url: &str, statement: &str) {
    with_database(url, async |client| client.batch_execute(statement).await.expect("the statement is right"));
}

fn text(url: &str, query: &str) -> String {
    with_database(url, async |client| client.query_one(query, &[]).await.expect("one row").get(0))
}

/// Records a file of a release that nobody has built.
fn record(url: &str, release: i32, file: &str, names: &[&str]) {
    let dataset = file.split('.').next().expect("a name");
    let row = format!("({release}, '{file}', '{dataset}', repeat('0', 64), 5, 1, '{{{}}}')", names.join(","));
    execute(url, &format!("INSERT INTO release_files (release, file, dataset, sha256, bytes, rows, fields) VALUES {row}"));
}

fn header(server: &TestServer, target: &str) -> Vec<String> {
    let reply = get(server.address, target);
    assert_eq!(reply.status, 200, "{target}: {}", reply.text());
    reply.text().lines().next().expect("a header").split(',').map(str::to_owned).collect()
}

fn fields(dataset: &str) -> Vec<&'static str> {
    let dataset = reperes::datasets::REGISTRY.iter().find(|one| one.name == dataset).expect("the dataset");
    dataset.fields.iter().map(|field| field.name).collect()
}

/// The one file below a folder with this name.
fn find(folder: &Path, name: &str) -> PathBuf {
    let releases = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let found: Vec<PathBuf> = releases.map(|release| release.join(name)).filter(|path| path.exists()).collect();
    assert_eq!(found.len(), 1, "{name} in {found:?}");
    found[0].clone()
}

#[test]
fn two_servers_with_folders_of_their_own_build_every_file_with_the_same_bytes() {
    let url = published();
    let nodes = ["one", "two"].map(|name| node(&url, &scratch(name)));
    let listed = get(nodes[0].address, "/v1/files").data();
    let listed = listed.as_array().expect("a list");
    assert!(listed.len() > 45, "{} files", listed.len());
    assert!(listed.iter().all(|file| file["sha256"].is_null() && file["bytes"].is_null()), "nothing is built yet");
    let mut built = 0;
    for (at, file) in listed.iter().enumerate() {
        let encoded = file["encodings"].as_array().expect("a list").iter().map(|one| &one["pinned"]);
        let newest: Vec<&str> = encoded.chain([&file["pinned"]]).map(|pinned| pinned.as_str().expect("an address")).collect();
        built += newest.len();
        for target in newest.iter().flat_map(|newest| [(*newest).to_owned(), newest.replace("/files/2/", "/files/1/")]) {
            // Each builds half of the files first.
            let first = get(nodes[at % 2].address, &target);
            let second = get(nodes[(at + 1) % 2].address, &target);
            assert_eq!((first.status, second.status), (200, 200), "{target}: {}", first.text());
            assert!(first.body == second.body, "{target} differs");
            assert_eq!(first.header("repr-digest"), second.header("repr-digest"), "{target}");
            assert_eq!(first.header("etag"), second.header("etag"), "{target}");
        }
    }
    let lists = nodes.each_ref().map(|node| get(node.address, "/v1/files").data());
    assert_eq!(lists[0], lists[1]);
    for file in lists[0].as_array().expect("a list") {
        let body = get(nodes[0].address, file["pinned"].as_str().expect("an address")).body;
        assert_eq!(file["sha256"].as_str(), Some(hex::encode(Sha256::digest(&body)).as_str()), "{file}");
        assert_eq!(file["bytes"].as_u64(), Some(body.len() as u64), "{file}");
    }
    let recorded = text(&url, "SELECT count(*)::text || ' ' || count(DISTINCT recorded_at)::text FROM release_files");
    assert_eq!(recorded, format!("{0} {0}", 2 * built), "each is recorded once");
}

#[test]
fn a_field_joins_the_files_of_a_dataset_from_the_next_release_on() {
    let url = published();
    let all = fields("actors");
    let earlier: Vec<&str> = all.iter().copied().filter(|name| *name != "note").collect();
    assert_eq!(earlier.len() + 1, all.len());
    // Another server has built a file of release 1 before the dataset had the field `note`.
    record(&url, 1, "actors.ndjson", &earlier);
    let server = node(&url, &scratch("fields"));
    assert_eq!(header(&server, "/v1/files/1/actors.csv"), earlier);
    assert_eq!(header(&server, "/v1/files/2/actors.csv"), all);
    assert_eq!(header(&server, "/v1/files/1/measures.csv"), fields("measures"), "another dataset");
    assert_eq!(header(&server, "/v1/actors?release=1&format=csv"), all, "an export is made of today's fields");
    assert_eq!(get(server.address, "/v1/files/1/actors.xlsx").status, 200);
    let told = "SELECT string_agg(DISTINCT array_to_string(fields, ','), ';') FROM release_files WHERE release = 1 AND dataset = 'actors'";
    assert_eq!(text(&url, told), earlier.join(","), "all files of the release have these fields");
    // The order of the fields is that of the record, too.
    let reversed: Vec<&str> = fields("measures").into_iter().rev().collect();
    record(&url, 2, "measures.ndjson", &reversed);
    assert_eq!(header(&server, "/v1/files/2/measures.csv"), reversed);
    // A field that the program no longer has cannot be written.
    record(&url, 2, "sources.ndjson", &["code", "lost"]);
    get(server.address, "/v1/files/2/sources.csv").problem(503);
}

#[test]
fn a_file_with_another_digest_than_the_recorded_one_is_never_served() {
    let url = published();
    record(&url, 2, "actors.csv", &fields("actors"));
    let server = node(&url, &scratch("differs"));
    for target in ["/v1/files/2/actors.csv", "/v1/files/actors.csv", "/v1/files/2/actors.csv"] {
        let reply = get(server.address, target);
        let problem = reply.problem(503);
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("does not build the file with the bytes")));
        assert!(reply.header("retry-after").is_some() && reply.header("repr-digest").is_none(), "{:?}", reply.headers);
    }
    assert_eq!(get(server.address, "/v1/files/2/actors.parquet").status, 200);
    assert_eq!(get(server.address, "/v1/files/1/actors.csv").status, 200);
    let listed = get(server.address, "/v1/files").data();
    let told = listed.as_array().expect("a list").iter().find(|file| file["href"] == "/v1/files/actors.csv").expect("the file");
    assert_eq!((&told["sha256"], &told["bytes"]), (&Value::from("0".repeat(64)), &Value::from(5)), "what was recorded");
}

#[test]
fn without_the_recorded_compressed_file_the_plain_one_is_served() {
    let url = published();
    record(&url, 2, "actors.csv.zst", &fields("actors"));
    let server = node(&url, &scratch("coded"));
    get(server.address, "/v1/files/2/actors.csv.zst").problem(503);
    let accepting = |accepted: &str| {
        let head = format!(
            "GET /v1/files/2/actors.csv HTTP/1.1\r\nHost: test\r\nConnection: close\r\nAccept-Encoding: {accepted}\r\n\r\n"
        );
        raw(server.address, head.as_bytes())
    };
    let plain = get(server.address, "/v1/files/2/actors.csv");
    let reply = accepting("zstd");
    assert_eq!((reply.status, reply.header("content-encoding")), (200, None));
    assert_eq!((reply.header("etag"), &reply.body), (plain.header("etag"), &plain.body));
    assert_eq!(accepting("gzip").header("content-encoding"), Some("gzip"));
}

#[test]
fn a_file_left_on_disk_is_compared_before_it_is_served() {
    let (url, folder) = (published(), scratch("left"));
    let target = "/v1/files/2/actors.csv";
    let right = get(node(&url, &folder).address, target).body;
    let path = find(&folder, "actors.csv");
    let facts = path.with_added_extension("facts");
    let kept = fs::read_to_string(&facts).expect("the metadata");
    assert_eq!(get(node(&url, &folder).address, target).body, right, "the next process serves the file");
    // Other bytes with a digest of their own, as another program would have left them.
    let wrong = [right.as_slice(), b"x\n"].concat();
    let digest = hex::encode(Sha256::digest(&wrong));
    let mut metadata: Value = serde_json::from_str(&kept).expect("an object");
    (metadata["sha256"], metadata["bytes"]) = (digest.into(), wrong.len().into());
    let damages: [(&[u8], String); 4] = [
        (&wrong, metadata.to_string()),
        (&right[..right.len() - 1], kept.clone()),
        (&right, String::new()),
        (&right, kept.replace("fields", "columns")),
    ];
    for (bytes, told) in damages {
        fs::write(&path, bytes).expect("a file can be written");
        fs::write(&facts, told).expect("a file can be written");
        let reply = get(node(&url, &folder).address, target);
        assert!(reply.status == 200 && reply.body == right, "{}", reply.text());
    }
}

#[test]
fn without_a_database_to_write_to_only_recorded_files_are_served() {
    let url = published();
    let first = node(&url, &scratch("writes"));
    let right = get(first.address, "/v1/files/2/actors.csv").body;
    let name = url.rsplit('/').next().expect("a name");
    execute(&owner(&url), &format!("ALTER DATABASE \"{name}\" SET default_transaction_read_only = on"));
    let second = node(&url, &scratch("reads"));
    assert_eq!(get(second.address, "/v1/files/2/actors.csv").body, right, "recorded, and built here");
    for server in [&first, &second] {
        let reply = get(server.address, "/v1/files/2/measures.csv");
        reply.problem(503);
        assert!(reply.header("retry-after").is_some(), "{:?}", reply.headers);
    }
    assert_eq!(get(first.address, "/v1/files/2/actors.csv").body, right);
    let allow = format!("SET default_transaction_read_only = off; ALTER DATABASE \"{name}\" RESET default_transaction_read_only");
    with_database(&owner(&url), async |client| {
        for statement in allow.split("; ") {
            client.batch_execute(statement).await.expect("the owner may do it");
        }
    });
    assert_eq!(get(first.address, "/v1/files/2/measures.csv").status, 200);
    assert_eq!(get(second.address, "/v1/files/2/measures.csv").status, 200);
}

#[test]
fn files_that_made_room_are_built_again_with_the_same_bytes() {
    let (url, folder) = (published(), scratch("budget"));
    let plain = node(&url, &scratch("plain"));
    let listed = get(plain.address, "/v1/files").data();
    let targets = listed.as_array().expect("a list").iter().map(|file| file["href"].as_str().expect("an address").to_owned());
    let targets: Vec<String> = targets.map(|target| target.replace("/v1/files/", "/v1/files/1/")).collect();
    let bytes = |server: &TestServer, target: &str| {
        let reply = get(server.address, target);
        assert_eq!(reply.status, 200, "{target}: {}", reply.text());
        reply.body
    };
    let all: Vec<Vec<u8>> = targets.iter().map(|target| bytes(&plain, target)).collect();
    // Room for a third of the files, and for each of them.
    let (total, largest) = all.iter().map(Vec::len).fold((0, 0), |(total, most), size| (total + size, most.max(size)));
    let budget = (total / 3).max(2 * largest) as u64;
    assert!(total as u64 > budget, "all files have room");
    let files = ReleaseFiles::new(folder.clone(), Database::parse(&url).expect("the URL is one of a database")).within(budget);
    let server = TestServer::with(&url, Shared { files, ..shared(&url) });
    assert_eq!(get(server.address, "/v1/files/2/sources.csv").status, 200, "release 2 is the newest");
    let taken = || {
        let folders = fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path());
        let files = folders.flat_map(|path| fs::read_dir(path).expect("a folder").map(|entry| entry.expect("an entry").path()));
        files.map(|path| fs::metadata(path).expect("it is there").len()).sum::<u64>()
    };
    for round in 0..2 {
        for (target, body) in targets.iter().zip(&all) {
            assert!(bytes(&server, target) == *body, "round {round}: {target} differs");
            // The metadata of the last file are written after it has room.
            assert!(taken() <= budget + 1000, "{} of {budget} bytes", taken());
        }
    }
}
