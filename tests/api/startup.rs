//! The start of the program while the database is down or refuses the login.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::harness::{
    Network, Program, Proxy, Signal, database, get, migrated, owner, root_directory, scratch, text, with_database,
};

/// The time limit for Postgres to reload `pg_hba.conf`.
const RELOAD_TIMEOUT: Duration = Duration::from_secs(20);

#[test]
fn the_start_waits_for_a_missing_database_and_then_names_it() {
    let mut program =
        Program::start(&[("DATABASE_URL", "postgres://nobody:hunter2@127.0.0.1:1/nothing"), ("REPERES_STARTUP_WAIT_S", "1")]);
    let (code, log) = program.end();
    assert_eq!(code, Some(1));
    assert!(log.contains("waiting for the database") && log.contains("not available"), "{log}");
    assert!(!log.contains("hunter2"), "the password is in the log");
    let missing = database().replace("/test_", "/absent_");
    let (code, log) = Program::start(&[("DATABASE_URL", &missing)]).end();
    assert_eq!(code, Some(1));
    assert!(log.contains("does not exist") && !log.contains("waiting"), "{log}");
}

#[test]
fn the_start_waits_for_a_database_that_comes_late() {
    for (fault, why) in [(Network::Cut, "refused"), (Network::Frozen, "no connection within")] {
        let url = migrated();
        let proxy = Proxy::to(&url);
        proxy.set(fault);
        let place = proxy.url(&url).replace("//reperes_service@", "//reperes_service:hunter2@");
        let mut program = Program::start(&[("DATABASE_URL", &place)]);
        let lost = program.line(": unreachable: ");
        assert!(lost.contains(why), "{lost}");
        let waiting = program.line("waiting for the database");
        let named = place.split_once('@').expect("the URL names a role").1;
        assert!(waiting.contains(named), "{waiting} does not say for what");
        proxy.set(Network::Passing);
        program.line(": reachable again after ");
        let address = program.address();
        assert_eq!(get(address, "/v1/territories/DEP-59").data()["population"], 2_615_635);
        program.signal(Signal::TERM);
        let (code, log) = program.end();
        assert_eq!(code, Some(0));
        assert!(!log.contains("hunter2") && !log.contains("waiting for the database"), "{log}");
    }
}

#[test]
fn commands_that_need_a_database_make_none() {
    let folder = scratch("ailleurs");
    fs::create_dir_all(&folder).expect("a folder can be made");
    let file = folder.join("a.csv");
    fs::write(&file, "code,kind,title,publisher,licence\nessai,document,Essai,Repères,etalab-2.0\n").expect("a file");
    let (data, copy) = (folder.join("var"), folder.join("copie.dump"));
    let commands: [&[&str]; 5] = [
        &["publish", "--dataset", "sources", text(&file)],
        &["withdraw", "--reason", "Essai", "sources", "essai"],
        &["keys", "list"],
        &["verify"],
        &["backup", text(&copy)],
    ];
    for arguments in commands {
        let mut command = Command::new(env!("CARGO_BIN_EXE_reperes"));
        command.args(arguments).current_dir(&folder).env_remove("DATABASE_URL").env("REPERES_DATA_DIR", &data);
        let output = command.output().expect("the program runs");
        let log = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{arguments:?}");
        let expected = format!("there is no database in {}: run `reperes serve` or `reperes migrate`", data.display());
        assert!(log.contains(&expected), "{arguments:?}: {log}");
        assert!(!data.exists(), "{arguments:?} has left something");
    }
}

/// Requires the password of a role, and waits until Postgres does.
fn require_password(role: &str) {
    let rules = root_directory().join("cluster/postgres/pg_hba.conf");
    let before = fs::read_to_string(&rules).expect("the rules of the tests' Postgres");
    fs::write(&rules, format!("local all {role} scram-sha-256\n{before}")).expect("the rules can be written");
    with_database(&database(), async |client| {
        client.batch_execute("SELECT pg_reload_conf()").await.expect("the owner may do it");
        let known = "SELECT count(*) FROM pg_hba_file_rules WHERE auth_method = 'scram-sha-256'";
        assert_eq!(client.query_one(known, &[]).await.expect("the rules").get::<_, i64>(0), 1);
    });
}

#[test]
fn the_start_does_not_wait_when_the_database_refuses_the_login() {
    let url = migrated();
    let named = |role: &str| url.replace("//reperes_service@", &format!("//{role}@"));
    with_database(&owner(&url), async |client| {
        client.batch_execute("CREATE ROLE reperes_mdp LOGIN PASSWORD 'juste'").await.expect("the owner may do it");
    });
    require_password("reperes_mdp");
    let deadline = Instant::now() + RELOAD_TIMEOUT;
    for (role, why) in [
        ("reperes_mdp:hunter2", "password authentication failed for user \"reperes_mdp\""),
        ("reperes_mdp", "password missing"),
        ("personne", "role \"personne\" does not exist"),
    ] {
        loop {
            let (code, log) = Program::start(&[("DATABASE_URL", &named(role))]).end();
            assert_eq!(code, Some(1), "{log}");
            assert!(!log.contains("hunter2") && !log.contains("waiting"), "{log}");
            if log.contains(why) {
                break;
            }
            // Postgres applies new rules after a while. Until then the role can log in, but has no right to migrate.
            assert!(Instant::now() < deadline, "{log}");
        }
    }
}
