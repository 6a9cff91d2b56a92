//! Slow exports in a control group with the memory limit that docker-compose.yml and the systemd unit give a server. Where the
//! test may not make a control group, the peak of the process is compared with the limit.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use reperes::config::VARIABLES;

use super::{SlowClient, read};
use crate::harness::{Program, Signal, bundled_server, data_dir, text};

/// The requests of one address: one more than there are places.
const CLIENTS: usize = 33;

/// The memory of a server at rest with two workers, as docs/operators.md gives it, and some room.
const REST: u64 = 100_000_000;

/// What is asked for, with its content coding.
const EXPORTS: [(&str, &str); 9] = [
    ("/v1/territories?format=csv", "identity"),
    ("/v1/territories?format=csv", "br"),
    ("/v1/territories?format=ndjson", "zstd"),
    ("/v1/territories?format=csv-excel", "gzip"),
    ("/v1/territories?format=geojson", "identity"),
    ("/v1/territories?format=parquet", "identity"),
    ("/v1/territories?format=xlsx", "identity"),
    ("/v1/observations?format=sdmx-csv", "identity"),
    ("/v1/changes?format=ndjson", "identity"),
];

/// The memory limit of a server in bytes, and the settings of its environment, as a shipped file gives them.
struct Shipped {
    limit: u64,
    settings: Vec<(String, String)>,
}

impl Shipped {
    /// The value of a setting, or its default.
    fn setting(&self, name: &str) -> u64 {
        let given = self.settings.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str());
        let default = || VARIABLES.iter().find(|variable| variable.name == name).map(|variable| variable.default);
        given.or_else(default).and_then(|value| value.parse().ok()).expect("a number")
    }

    /// The settings that bound memory, together, leave room for the rest within the limit.
    fn assert_consistent(&self) {
        let cache = self.setting("REPERES_CACHE_MB") * 5 / 4;
        let bounded =
            (cache + self.setting("REPERES_EXPORT_MEMORY_MB")) * 1_000_000 + (self.setting("REPERES_READER_MEMORY_MB") << 20);
        assert!(bounded + REST <= self.limit, "{bounded} and {REST} bytes are more than {}", self.limit);
    }
}

fn bytes(text: &str) -> u64 {
    let (number, unit) = text.split_at(text.len() - 1);
    let factor = match unit.to_ascii_lowercase().as_str() {
        "m" => 1 << 20,
        "g" => 1 << 30,
        _ => panic!("{text} has no unit"),
    };
    number.parse::<u64>().expect("a number") * factor
}

fn compose() -> Shipped {
    let file = fs::read_to_string("docker-compose.yml").expect("the file can be read");
    let (_, rest) = file.split_once("  api-1: &api\n").expect("there is a server");
    let (server, _) = rest.split_once("\n  api-2:").expect("there is another server");
    let pairs: Vec<(&str, &str)> = server.lines().filter_map(|line| line.trim().split_once(": ")).collect();
    let limit = pairs.iter().find(|(name, _)| *name == "mem_limit").expect("it has a limit").1;
    let is_number = |value: &str| value.parse::<u64>().is_ok();
    let plain = pairs.iter().map(|(name, value)| (*name, value.trim_matches('"')));
    let settings = plain.filter(|(name, value)| name.starts_with("REPERES_") && is_number(value));
    let mut settings: Vec<(String, String)> = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let image = fs::read_to_string("Dockerfile").expect("the file can be read");
    assert!(image.contains("MALLOC_ARENA_MAX=2"), "the image bounds the arenas of the allocator");
    settings.push(("MALLOC_ARENA_MAX".to_owned(), "2".to_owned()));
    Shipped { limit: bytes(limit), settings }
}

fn unit() -> Shipped {
    let file = fs::read_to_string("deploy/reperes.service").expect("the file can be read");
    let value = |name: &str| file.lines().filter_map(|line| line.strip_prefix(name)).map(str::to_owned).collect::<Vec<_>>();
    let is_number = |value: &str| value.parse::<u64>().is_ok();
    let pairs = value("Environment=");
    let pairs = pairs.iter().flat_map(|line| line.split(' ')).filter_map(|pair| pair.split_once('='));
    let settings = pairs.filter(|(_, value)| is_number(value)).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Shipped { limit: bytes(&value("MemoryMax=")[0]), settings }
}

/// A control group that limits memory, removed on drop.
struct ControlGroup(PathBuf);

impl ControlGroup {
    /// A group with a limit in bytes; none where the test may not make one.
    fn new(limit: u64) -> Option<Self> {
        let name = format!("reperes-slow-exports-{}", std::process::id());
        let versions = [("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")];
        versions.into_iter().find_map(|(root, file)| {
            let group = Self(Path::new(root).join(&name));
            fs::create_dir(&group.0).ok()?;
            fs::write(group.0.join(file), limit.to_string()).ok()?;
            Some(group)
        })
    }

    /// The most memory that the group has had, where the system says so. It includes pages of files that could be dropped.
    fn peak(&self) -> Option<u64> {
        let read = |name: &str| fs::read_to_string(self.0.join(name)).ok()?.trim().parse().ok();
        read("memory.max_usage_in_bytes").or_else(|| read("memory.peak"))
    }
}

impl Drop for ControlGroup {
    fn drop(&mut self) {
        _ = fs::remove_dir(&self.0);
    }
}

/// The peak of the memory of a process in bytes.
fn peak(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("the process runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
}

/// Opens the exports at once and returns those that are let run.
fn storm(address: SocketAddr, (target, coding): (&str, &str), client: impl Fn(usize) -> String) -> Vec<SlowClient> {
    let header = |at: usize| format!("{}\r\nAccept-Encoding: {coding}", client(at));
    let asked: Vec<SlowClient> = (0..CLIENTS).map(|at| SlowClient::ask(address, target, &header(at))).collect();
    let answered = asked.into_iter().map(SlowClient::answered);
    let (running, refused): (Vec<SlowClient>, Vec<SlowClient>) = answered.partition(|slow| slow.status == 200);
    for slow in refused {
        assert!([429, 503].contains(&slow.status), "{target}: {}", slow.head);
        assert!(slow.head.to_lowercase().contains("\r\nretry-after: "), "{}", slow.head);
    }
    running
}

#[test]
fn slow_exports_of_one_address_leave_places_and_memory_to_others() {
    let (compose, unit) = (compose(), unit());
    unit.assert_consistent();
    let shipped = if compose.limit <= unit.limit { compose } else { unit };
    shipped.assert_consistent();
    let group = ControlGroup::new(shipped.limit);
    let mut command = Command::new("sh");
    command.stdin(Stdio::null()).args(["-c", "test -z \"$0\" || echo $$ > \"$0/cgroup.procs\"; exec \"$@\""]);
    command.arg(group.as_ref().map_or("", |group| text(&group.0))).args([env!("CARGO_BIN_EXE_reperes"), "serve"]);
    let data = data_dir();
    let mut settings: Vec<(&str, &str)> = shipped.settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    settings.extend([
        ("DATABASE_URL", bundled_server().url.as_str()),
        ("REPERES_MIGRATE", "false"),
        ("REPERES_DATA_DIR", text(&data)),
        ("REPERES_TRUSTED_PROXIES", "127.0.0.1"),
    ]);
    let mut program = Program::run(command, &settings);
    let address = program.address();
    for export @ (target, coding) in EXPORTS {
        let held = storm(address, export, |_| "192.0.2.1".to_owned());
        // A small answer ends although nobody reads it, and its place is free.
        let most = if coding == "identity" && !target.contains("observations") { 8 } else { CLIENTS };
        assert!((1..=most).contains(&held.len()), "{target} {coding}: {} run", held.len());
        let other = read(address, target, "192.0.2.2");
        assert!(other.status == 200 && other.whole, "{target} {coding}: {}", other.status);
    }
    // As many addresses as there are places: a slow one ends for one that waits.
    for export @ (target, coding) in [EXPORTS[0], EXPORTS[4], EXPORTS[5]] {
        let held = storm(address, export, |at| format!("198.51.100.{at}"));
        let other = read(address, target, "192.0.2.2");
        assert!(other.status == 200 && other.whole, "{target} {coding} beside {} others: {}", held.len(), other.status);
    }
    let (process, group_peak) = (peak(program.id()), group.as_ref().and_then(ControlGroup::peak));
    println!("peak of the process: {} MiB, of its group: {:?} MiB", process >> 20, group_peak.map(|bytes| bytes >> 20));
    assert!(process < shipped.limit, "the process had {} MiB of {}", process >> 20, shipped.limit >> 20);
    program.signal(Signal::TERM);
    assert_eq!(program.end().0, Some(0), "nothing has killed the server");
}
