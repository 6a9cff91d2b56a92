//! The private set-up: which commands make a database, who may read its files, and that no lock is waited for in silence.

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::harness::{
    Form, Program, Signal, data_dir, get, key, migrated, owner, root_directory, scratch, text, until, with_database,
};

/// An account that has no right here: on most systems `nobody`.
const STRANGER: u32 = 65_534;

/// Runs the program without a database, on a data directory. Returns its exit code and its standard error.
fn run(data: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reperes"));
    command.current_dir(root_directory()).env_remove("DATABASE_URL").env("REPERES_DATA_DIR", data).env("RUST_LOG", "warn");
    command.env("REPERES_BUNDLES", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/bundles"));
    let output = command.args(arguments).output().expect("the program runs");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// The URL of the private Postgres on a data directory, for the role that serves.
fn private_url(data: &Path) -> String {
    let socket = percent_encoding::utf8_percent_encode(text(data), percent_encoding::NON_ALPHANUMERIC).to_string();
    format!("postgres://reperes_service@{socket}%2Frun:5432/postgres")
}

/// Every file and folder below a folder, without the inside of the cluster, which Postgres keeps.
fn tree(folder: &Path) -> Vec<PathBuf> {
    let mut all = vec![folder.to_owned()];
    for entry in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        match entry.is_dir() && !entry.ends_with("postgres") {
            true => all.extend(tree(&entry)),
            false => all.push(entry),
        }
    }
    all
}

#[test]
fn a_command_that_uses_a_database_makes_none() {
    let (data, backup) = (data_dir(), scratch("none.dump"));
    let bundle = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/bundles/01-small");
    for arguments in [
        &["verify"][..],
        &["backup", text(&backup)],
        &["keys", "list"],
        &["keys", "revoke", "drees"],
        &["publish", bundle],
        &["publish", "--dry-run", bundle],
        &["withdraw", "sources", "x", "--reason", "Erreur"],
    ] {
        let (code, said) = run(&data, arguments);
        assert_ne!(code, Some(0), "{arguments:?}: {said}");
        assert!(
            said.contains("there is no database in") && said.contains("`reperes migrate` there first"),
            "{arguments:?}: {said}"
        );
        assert!(!data.exists() && !backup.exists(), "{arguments:?} left something behind");
    }
    // What sets a database up makes one, which the others find.
    let (code, said) = run(&data, &["migrate"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(run(&data, &["backup", text(&backup)]).0, Some(0));
    let other = data_dir();
    let (code, said) = run(&other, &["restore", text(&backup)]);
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = run(&other, &["verify"]);
    assert_eq!(code, Some(0), "{said}");
    _ = fs::remove_file(backup);
}

#[test]
fn no_other_user_reads_a_file_of_the_private_setup_whatever_the_umask() {
    let data = data_dir().join("below").join("var");
    let mut command = Command::new("sh");
    command.args(["-c", "umask 000; exec \"$0\" serve", env!("CARGO_BIN_EXE_reperes")]).stdin(Stdio::null());
    let mut program = Program::run(command, &[("REPERES_DATA_DIR", text(&data))]);
    let address = program.address();
    assert_eq!(get(address, "/v1/files/territories.csv").status, 200);
    // An upload that is not complete.
    let token = key(&private_url(&data), "lente", &["publish:*:*"], 1);
    let form = Form::default().key(&token).part("file", Some("embargo.csv"), &vec![b'x'; 100_000]).bytes();
    let mut upload = TcpStream::connect(address).expect("the server takes connections");
    upload.write_all(&form[..form.len() / 2]).expect("the server reads");
    let embargo = || tree(&data).into_iter().find(|path| path.ends_with("embargo.csv"));
    until("the upload is received", || embargo().is_some());
    let all = tree(&data);
    for name in ["lock", "run", "postgres.log", "postgres", "uploads", "gate", "files", "territories.csv", "embargo.csv"] {
        assert!(all.iter().any(|path| path.ends_with(name)), "{name} is not there: {all:?}");
    }
    let parents =
        [data.parent().expect("a folder").to_owned(), data.parent().and_then(Path::parent).expect("a folder").to_owned()];
    for path in all.iter().chain(&parents) {
        let mode = fs::symlink_metadata(path).expect("it is there").permissions().mode() & 0o777;
        // The account of Postgres passes through the folders above its own, if root has started the program.
        let others = if path == &data || parents.contains(path) { mode & !0o710 } else { mode & 0o077 };
        assert_eq!(others, 0, "{} has mode {mode:o}", path.display());
    }
    if rustix::process::geteuid().is_root() {
        let read =
            Command::new("cat").arg(embargo().expect("it is there")).uid(STRANGER).gid(STRANGER).output().expect("it runs");
        assert!(!read.status.success() && read.stdout.is_empty(), "a stranger reads it");
    }
}

#[test]
fn a_directory_that_was_made_beside_another_database_takes_the_private_one() {
    let (folder, url) = (data_dir(), migrated());
    fs::create_dir_all(&folder).expect("a folder can be made");
    let settings = [
        ("REPERES_ADDRESS", "127.0.0.1:0"),
        ("REPERES_WORKERS", "1"),
        ("REPERES_SHUTDOWN_GRACE_S", "0"),
        ("REPERES_BUNDLES", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/bundles")),
    ];
    let mut beside = Program::start_in(&folder, &[&settings[..], &[("DATABASE_URL", &url)]].concat());
    beside.address();
    beside.signal(Signal::TERM);
    assert_eq!(beside.end().0, Some(0));
    let var = folder.join("var");
    let mode = || fs::symlink_metadata(&var).expect("it is there").permissions().mode() & 0o777;
    assert_eq!((var.join("uploads").is_dir(), mode()), (true, 0o700));
    let mut private = Program::start_in(&folder, &settings);
    assert_eq!(get(private.address(), "/v1/territories/DEP-59").status, 200);
    assert!(var.join("postgres").is_dir(), "the database is elsewhere: {:?}", private.seen);
    // Root lets the account of Postgres pass.
    assert_eq!(mode(), if rustix::process::geteuid().is_root() { 0o710 } else { 0o700 });
    private.signal(Signal::TERM);
    assert_eq!(private.end().0, Some(0));
}

#[test]
fn a_server_that_waits_for_another_to_set_the_database_up_says_so() {
    let url = migrated();
    with_database(&owner(&url), async |client| {
        let other = client.transaction().await.expect("a transaction");
        other.batch_execute("SELECT pg_advisory_xact_lock(7309453201)").await.expect("nobody has it");
        let mut program = Program::start(&[("DATABASE_URL", &url), ("DATABASE_OWNER_URL", &owner(&url))]);
        program.line("waiting for another process that sets the database up");
        other.rollback().await.expect("the lock is free");
        assert_eq!(get(program.address(), "/v1/territories/DEP-59").status, 200);
    });
}
