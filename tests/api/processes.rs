//! The program as an operator runs it: its private Postgres, its shutdown, several processes at once, and killed processes.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use crate::harness::{
    Form, Program, Signal, bundles, data_dir, database, get, kill, postmaster, root_directory, text, until, with_database,
};

/// Repeats a request until the response has a status, and returns the other statuses that came before.
fn statuses_before(address: SocketAddr, target: &str, status: u16) -> Vec<u16> {
    let mut others = Vec::new();
    until(&format!("{target} answers {status}"), || match get(address, target).status {
        found if found == status => true,
        other => {
            others.push(other);
            false
        }
    });
    others
}

#[test]
fn the_private_postgres_restarts_after_any_process_is_killed() {
    let data = data_dir();
    let settings = [("REPERES_DATA_DIR", text(&data))];
    let mut program = Program::start(&settings);
    let address = program.address();
    let before = get(address, "/v1/territories/COM-59350").body;
    let postgres = postmaster(&data).expect("Postgres runs");

    let place = address.to_string();
    for address in ["127.0.0.1:0", &place] {
        let (code, log) = Program::start(&[settings[0], ("REPERES_ADDRESS", address)]).end();
        assert_eq!(code, Some(1));
        assert!(log.contains(&format!("another server (process {}) already runs on", program.id())), "{log}");
    }

    kill(postgres, Signal::KILL);
    program.line("the private Postgres exited unexpectedly");
    let others = statuses_before(address, "/v1/territories/COM-59350", 200);
    assert!(others.iter().all(|status| *status == 503), "{others:?}");
    assert_eq!(get(address, "/v1/territories/COM-59350").body, before);
    let postgres = postmaster(&data).expect("Postgres runs again");

    program.signal(Signal::KILL);
    program.end();
    let mut program = Program::start(&settings);
    let address = program.address();
    assert_eq!(get(address, "/v1/territories/COM-59350").body, before);
    assert_ne!(postmaster(&data), Some(postgres), "the Postgres of the killed server has outlived it");

    program.signal(Signal::TERM);
    assert_eq!(program.end().0, Some(0));
    assert_eq!(postmaster(&data), None, "Postgres is left running");

    let mut program = Program::start(&settings);
    program.address();
    program.signal(Signal::INT);
    assert_eq!(program.end().0, Some(0));
    assert_eq!(postmaster(&data), None, "Postgres is left running");
}

#[test]
fn ten_servers_starting_at_once_on_an_empty_database_migrate_it_once() {
    let url = database();
    let mut programs: Vec<Program> =
        (0..10).map(|_| Program::start(&[("DATABASE_URL", &url), ("REPERES_DATABASE_CONNECTIONS", "1")])).collect();
    for program in &mut programs {
        let address = program.address();
        assert_eq!(get(address, "/v1/releases?total=exact").json()["meta"]["total"]["value"], 1);
        assert_eq!(get(address, "/v1/territories/DEP-59").data()["population"], 2_615_635);
    }
    let migrations = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations")).expect("the migrations").count();
    let migrated: usize =
        programs.iter().map(|program| program.seen.iter().filter(|line| line.contains("migrated:")).count()).sum();
    assert_eq!(migrated, migrations);
}

#[test]
fn migrate_creates_the_schema_and_exits_and_a_newer_schema_is_refused() {
    let url = database();
    let program = env!("CARGO_BIN_EXE_reperes");
    let run = || {
        Command::new(program)
            .arg("migrate")
            .current_dir(root_directory())
            .env("DATABASE_URL", &url)
            .env("REPERES_BUNDLES", bundles())
            .output()
            .expect("it runs")
    };
    assert!(run().status.success());
    assert!(run().status.success());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be made");
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.expect("the database is there");
        tokio::spawn(connection);
        client
            .batch_execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')")
            .await
            .expect("a later version is recorded");
    });
    let refused = run();
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("newer version of this program (migration 99990101000000)"));
    let (code, log) = Program::start(&[("DATABASE_URL", &url)]).end();
    assert_eq!(code, Some(1));
    assert!(log.contains("newer version of this program (migration 99990101000000)"), "{log}");
}

#[test]
fn the_owner_migrates_and_creates_the_serving_role() {
    let owner = database();
    let service = owner.replace("//reperes@", "//reperes_essai:S3cret@");
    let run = |settings: &[(&str, &str)]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_reperes"));
        command.arg("migrate").current_dir(root_directory()).env("REPERES_BUNDLES", bundles()).env_remove("DATABASE_OWNER_URL");
        command.envs(settings.iter().copied()).output().expect("it runs")
    };
    let alone = run(&[("DATABASE_URL", &service)]);
    assert_eq!(alone.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&alone.stderr).contains("reperes_essai"));
    let both = run(&[("DATABASE_URL", &service), ("DATABASE_OWNER_URL", &owner)]);
    assert!(both.status.success(), "{}", String::from_utf8_lossy(&both.stderr));
    assert!(!String::from_utf8_lossy(&both.stderr).contains("S3cret"), "the password is in the log");
    with_database(&owner, async |client| {
        let kept = "SELECT rolsuper OR rolcreaterole OR rolcreatedb OR NOT rolcanlogin, rolpassword FROM pg_authid WHERE rolname = 'reperes_essai'";
        let row = client.query_one(kept, &[]).await.expect("the role");
        assert!(!row.get::<_, bool>(0) && row.get::<_, &str>(1).starts_with("SCRAM-SHA-256$"));
    });
    let mut program = Program::start(&[("DATABASE_URL", &service)]);
    let address = program.address();
    assert_eq!(get(address, "/v1/territories/DEP-59").data()["population"], 2_615_635);
}

#[test]
fn commands_use_the_postgres_of_a_running_server_or_start_one() {
    let data = data_dir();
    let settings = [("REPERES_DATA_DIR", text(&data))];
    let keys = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_reperes"));
        command.arg("keys").args(arguments).current_dir(root_directory()).env_remove("DATABASE_URL").envs(settings);
        command.output().expect("it runs")
    };
    let early = keys(&["list"]);
    assert!(String::from_utf8_lossy(&early.stderr).contains("there is no database in"));
    let mut program = Program::start(&settings);
    let address = program.address();
    let made = keys(&[
        "create",
        "--name",
        "a",
        "--scope",
        "publish:*:*",
        "--allow-broad",
        "--publisher",
        "A",
        "--expires",
        "2099-01-01",
    ]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let token = String::from_utf8_lossy(&made.stdout).trim_end().to_owned();
    for form in [Form::default().key(&token), Form::default().key(&token).query(&format!("?token={token}"))] {
        form.send(address).problem(400);
    }
    program.signal(Signal::TERM);
    let (_, log) = program.end();
    assert!(log.contains("method=POST path=/v1/publications ") && !log.contains(&token[8..]), "{log}");
    assert!(String::from_utf8_lossy(&keys(&["list"]).stdout).contains("publish:*:*"));
    assert_eq!(postmaster(&data), None, "Postgres is left running");
}
