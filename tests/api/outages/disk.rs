//! A full disk during a publication.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{publish_first, wait_for_recovery};
use crate::harness::{
    Form, Program, SOURCES, Signal, TestServer, bundle, bundles, data_dir, get, key, migrated, owner, postmaster, root_directory,
    territories, text, until, with_database,
};

/// The size of the disk in megabytes: a little more than a database with one small release.
const DISK: u32 = 40;

/// The size of the disk of a whole cluster in megabytes: a new cluster and its WAL for a few small releases.
const DATA: u32 = 130;

/// The number of rows that do not fit on the disk.
const ROWS: usize = 60_000;

/// A disk in memory, which is unmounted when it is dropped.
struct Mount {
    folder: PathBuf,
}

impl Mount {
    /// Mounts the disk. Returns nothing if the program has no right to mount.
    fn new(folder: &Path, options: &str) -> Option<Self> {
        std::fs::create_dir_all(folder).expect("a folder can be made");
        let mounted = run(Command::new("mount").args(["-t", "tmpfs", "-o", options, "none"]).arg(folder));
        if !mounted {
            eprintln!("skipped: only root can mount a small disk");
        }
        mounted.then(|| Self { folder: folder.to_owned() })
    }

    /// Fills the free space with one file.
    fn fill(&self) -> PathBuf {
        let path = self.folder.join("filling");
        let mut file = std::fs::File::create(&path).expect("a file can be made");
        let zeros = vec![0; 4096];
        while file.write_all(&zeros).is_ok() {}
        path
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        run(Command::new("umount").arg("-l").arg(&self.folder));
    }
}

/// A disk for one database, which is unmounted when it is dropped.
struct Disk {
    mount: Mount,
    url: String,
}

impl Disk {
    /// Mounts the disk and moves a database to it.
    fn with_database(url: &str) -> Option<Self> {
        let folder = root_directory().join("disk");
        let postgres = postmaster(&root_directory().join("cluster"))?;
        let owner = std::fs::metadata(format!("/proc/{postgres}")).ok()?;
        let (uid, gid) = (std::os::unix::fs::MetadataExt::uid(&owner), std::os::unix::fs::MetadataExt::gid(&owner));
        let disk =
            Self { mount: Mount::new(&folder, &format!("size={DISK}m,uid={uid},gid={gid},mode=700"))?, url: url.to_owned() };
        disk.command(&[
            &format!("CREATE TABLESPACE small LOCATION '{}'", text(&disk.mount.folder)),
            &format!("ALTER DATABASE {} SET TABLESPACE small", disk.name()),
        ]);
        Some(disk)
    }

    fn name(&self) -> &str {
        self.url.rsplit('/').next().expect("the URL names a database")
    }

    fn command(&self, statements: &[&str]) {
        let elsewhere = owner(&self.url).replace(self.name(), "postgres");
        with_database(&elsewhere, async |client| {
            for statement in statements {
                client.batch_execute(statement).await.expect("the owner of the cluster may do it");
            }
        });
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.command(&[&format!("DROP DATABASE {} WITH (FORCE)", self.name()), "DROP TABLESPACE small"]);
        }
    }
}

fn run(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// Publishes at the command line and returns the exit code and the output.
fn publish(setting: (&str, &str), folder: &Path) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reperes"));
    command.arg("publish").arg(folder).current_dir(root_directory());
    command.env(setting.0, setting.1).env("REPERES_BUNDLES", bundles()).env("RUST_LOG", "warn");
    let output = command.output().expect("it runs");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// A bundle of more communes than fit on the disk.
fn large() -> PathBuf {
    let codes: Vec<String> = (10..10 + ROWS).map(|number| format!("COM-{number}")).collect();
    let rows: Vec<(&str, &str, &str)> = codes.iter().map(|code| (code.as_str(), "Commune d'essai", "1")).collect();
    bundle(&[("sources", SOURCES), ("territories", &territories(&rows))])
}

#[test]
fn a_publication_that_fills_the_disk_leaves_nothing_and_reads_continue() {
    let url = migrated();
    publish_first(&url);
    let Some(disk) = Disk::with_database(&url) else { return };
    let server = TestServer::on(&url);
    let token = key(&url, "essai", &["publish:*:*"], 1);
    let large = large();
    let (code, said) = publish(("DATABASE_URL", &url), &large);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("disk of the database is full"), "{said}");
    assert_eq!(get(server.address, "/v1/territories?total=exact").json()["meta"]["total"]["value"], 3, "reads go on");
    let small = bundle(&[("territories", &territories(&[("COM-1", "A", "7")]))]);
    // The Postgres processes of the publication free their space when they exit, shortly after the refusal.
    let others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND xact_start IS NOT NULL \
                  AND pid <> pg_backend_pid()";
    let busy = || with_database(&url, async |client| client.query_one(others, &[]).await.expect("a count").get::<_, i64>(0));
    until("no process works for the publication any more", || busy() == 0);
    let filling = disk.mount.fill();
    let problem = Form::of(&small).key(&token).send(server.address).problem(503);
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("disk of the database is full")), "{problem}");
    assert_eq!(get(server.address, "/v1/territories?limit=2").json()["meta"]["release"], 1, "reads go on");
    std::fs::remove_file(filling).expect("the file is there");
    assert_eq!(Form::of(&small).key(&token).send(server.address).status, 201, "what fits is published, without a restart");
    wait_for_recovery(server.address, "/v1/territories/COM-1?fields=population");
    assert_eq!(get(server.address, "/v1/releases?total=exact").json()["meta"]["total"]["value"], 2, "nothing was half made");
    drop(disk);
}

#[test]
fn a_full_disk_of_postgres_fails_the_publication_and_reads_recover() {
    let data = data_dir();
    let Some(mount) = Mount::new(&data, &format!("size={DATA}m,mode=755")) else { return };
    let settings = [("REPERES_DATA_DIR", text(&data))];
    let mut program = Program::start(&settings);
    let address = program.address();
    let before = get(address, "/v1/territories?limit=1").body;
    let (code, said) = publish(settings[0], &large());
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("disk of the database is full") || said.contains("is not available"), "{said}");
    wait_for_recovery(address, "/v1/territories?limit=2");
    let releases = || get(address, "/v1/releases?total=exact").json()["meta"]["total"]["value"].as_u64();
    until("nothing was half made", || releases() == Some(1));
    let filling = mount.fill();
    wait_for_recovery(address, "/v1/territories?limit=3");
    let small = bundle(&[("sources", SOURCES), ("territories", &territories(&[("COM-1", "A", "7")]))]);
    assert_eq!(publish(settings[0], &small).0, Some(1));
    std::fs::remove_file(filling).expect("the file is there");
    let (code, said) = publish(settings[0], &small);
    assert_eq!(code, Some(0), "{said}");
    until("what fits is published", || releases() == Some(2));
    assert_eq!(get(address, "/v1/territories/COM-1").data()["population"], 7);
    assert!(
        get(address, "/v1/territories?limit=1&release=1").data()
            == serde_json::from_slice::<serde_json::Value>(&before).expect("JSON")["data"]
    );
    program.signal(Signal::TERM);
    assert_eq!(program.end().0, Some(0));
}
