//! A disk that is full in the midst of a publication.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{first, recovers};
use crate::harness::{
    Form, TestServer, bundle, bundles, get, key, migrated, owner, postmaster, root_directory, territories, text, with_database,
};

/// The megabytes of the disk: those of a database with one small release, and some more.
const DISK: u32 = 40;

/// The rows that fit no more.
const ROWS: usize = 60_000;

/// A disk of its own for one database, taken away in the end.
struct Disk {
    folder: PathBuf,
    url: String,
}

impl Disk {
    /// Mounts it and moves a database there; nothing where this program may mount nothing.
    fn under(url: &str) -> Option<Self> {
        let folder = root_directory().join("disk");
        std::fs::create_dir_all(&folder).expect("a folder can be made");
        let postgres = postmaster(&root_directory().join("cluster"))?;
        let owner = std::fs::metadata(format!("/proc/{postgres}")).ok()?;
        let (uid, gid) = (std::os::unix::fs::MetadataExt::uid(&owner), std::os::unix::fs::MetadataExt::gid(&owner));
        let options = format!("size={DISK}m,uid={uid},gid={gid},mode=700");
        let mounted = run(Command::new("mount").args(["-t", "tmpfs", "-o", &options, "none"]).arg(&folder));
        let disk = Self { folder, url: url.to_owned() };
        if !mounted {
            return None;
        }
        disk.command(&[
            &format!("CREATE TABLESPACE small LOCATION '{}'", text(&disk.folder)),
            &format!("ALTER DATABASE {} SET TABLESPACE small", disk.name()),
        ]);
        Some(disk)
    }

    /// Fills all that is left with a file.
    fn fill(&self) -> PathBuf {
        let path = self.folder.join("filling");
        let mut file = std::fs::File::create(&path).expect("a file can be made");
        let zeros = vec![0; 4096];
        while file.write_all(&zeros).is_ok() {}
        path
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
        run(Command::new("umount").arg("-l").arg(&self.folder));
    }
}

fn run(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

fn publish(url: &str, folder: &Path) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reperes"));
    command.arg("publish").arg(folder).current_dir(root_directory());
    command.env("DATABASE_URL", url).env("REPERES_BUNDLES", bundles()).env("RUST_LOG", "warn");
    let output = command.output().expect("it runs");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_publication_for_which_the_disk_has_no_room_leaves_nothing_and_reads_go_on() {
    let url = migrated();
    first(&url);
    let Some(disk) = Disk::under(&url) else {
        eprintln!("skipped: only root can mount a small disk");
        return;
    };
    let server = TestServer::on(&url);
    let token = key(&url, "essai", &["publish:*"], 1);
    let codes: Vec<String> = (10..10 + ROWS).map(|number| format!("COM-{number}")).collect();
    let rows: Vec<(&str, &str, &str)> = codes.iter().map(|code| (code.as_str(), "Commune d'essai", "1")).collect();
    let large = bundle(&[("territories", &territories(&rows))]);
    let (code, said) = publish(&url, &large);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("no room left on its disk"), "{said}");
    assert_eq!(get(server.address, "/v1/territories?count=exact").json()["meta"]["total"]["value"], 3, "reads go on");
    let small = bundle(&[("territories", &territories(&[("COM-1", "A", "7")]))]);
    let filling = disk.fill();
    let problem = Form::of(&small).key(&token).send(server.address).problem(503);
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("no room left on its disk")), "{problem}");
    assert_eq!(get(server.address, "/v1/territories?limit=2").json()["meta"]["release"], 1, "reads go on");
    std::fs::remove_file(filling).expect("the file is there");
    assert_eq!(Form::of(&small).key(&token).send(server.address).status, 201, "what fits is published, without a restart");
    recovers(server.address, "/v1/territories/COM-1?fields=population");
    assert_eq!(get(server.address, "/v1/releases?count=exact").json()["meta"]["total"]["value"], 2, "nothing was half made");
    drop(disk);
}
