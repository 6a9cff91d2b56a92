//! Owns the figures of the process that every program gives under the same names, as the system has them: of Linux only,
//! none elsewhere.
//! Must not know the service.

use std::fmt::Error;
use std::fs;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

/// Ticks of a second in the files under /proc, on every architecture that Rust runs on.
const TICKS: f64 = 100.0;

/// The figures, read when they are asked for.
#[derive(Debug)]
pub struct Process;

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), Error> {
        let mut give = |name: &str, help: &str, metric: &dyn EncodeMetric| {
            metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)
        };
        if let Some(stat) = Stat::read() {
            give("process_cpu_seconds", "Time that processors spent on the process.", &ConstCounter::new(stat.spent))?;
            if let Some(booted) = booted() {
                give("process_start_time_seconds", "When the process started.", &ConstGauge::new(booted + stat.started))?;
            }
        }
        for (name, help, line) in [
            ("process_resident_memory_bytes", "Memory that is resident.", "VmRSS:"),
            ("process_virtual_memory_bytes", "Addresses that are in use.", "VmSize:"),
        ] {
            if let Some(kibibytes) = labelled("/proc/self/status", line) {
                give(name, help, &ConstGauge::new(kibibytes * 1024))?;
            }
        }
        if let Ok(open) = fs::read_dir("/proc/self/fd") {
            // The folder itself is open meanwhile.
            let open = open.count().saturating_sub(1) as u64;
            give("process_open_fds", "Files and sockets that are open.", &ConstGauge::new(open))?;
        }
        if let Ok((most, _)) = rlimit::Resource::NOFILE.get() {
            give("process_max_fds", "Files and sockets that may be open.", &ConstGauge::new(most))?;
        }
        Ok(())
    }
}

/// What the system says of the process, in seconds.
struct Stat {
    /// On processors.
    spent: f64,
    /// After the boot.
    started: f64,
}

impl Stat {
    fn read() -> Option<Self> {
        let text = fs::read_to_string("/proc/self/stat").ok()?;
        // The name, which may hold anything, ends at the last bracket; the fields are counted from 3 on (proc(5)).
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_ascii_whitespace().collect();
        let seconds = |field: usize| Some(fields.get(field - 3)?.parse::<f64>().ok()? / TICKS);
        Some(Self { spent: seconds(14)? + seconds(15)?, started: seconds(22)? })
    }
}

/// When the machine started, in seconds since 1970.
fn booted() -> Option<f64> {
    labelled("/proc/stat", "btime").map(|seconds| seconds as f64)
}

/// The number behind a label at the beginning of a line.
fn labelled(path: &str, label: &str) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    text.lines().find_map(|line| line.strip_prefix(label))?.split_ascii_whitespace().next()?.parse().ok()
}
