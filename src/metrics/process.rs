//! Owns the standard process metrics of Prometheus (`process_cpu_seconds_total` and so on), read from `/proc`: Linux only.
//! Must not know the service.

use std::fmt::Error;
use std::fs;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use rustix::process::{Resource, getrlimit};

/// Clock ticks per second in the files under /proc (`USER_HZ`): 100 on every architecture that Rust supports.
const TICKS: f64 = 100.0;

/// The collector, which reads the values at each scrape.
#[derive(Debug)]
pub struct Process;

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), Error> {
        let mut write = |name: &str, help: &str, metric: &dyn EncodeMetric| {
            metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)
        };
        if let Some(stat) = Stat::read() {
            write("process_cpu_seconds", "Time that processors spent on the process.", &ConstCounter::new(stat.spent))?;
            if let Some(booted) = booted() {
                write("process_start_time_seconds", "When the process started.", &ConstGauge::new(booted + stat.started))?;
            }
        }
        for (name, help, line) in [
            ("process_resident_memory_bytes", "Memory that is resident.", "VmRSS:"),
            ("process_virtual_memory_bytes", "Addresses that are in use.", "VmSize:"),
        ] {
            if let Some(kibibytes) = labelled("/proc/self/status", line) {
                write(name, help, &ConstGauge::new(kibibytes * 1024))?;
            }
        }
        if let Ok(open) = fs::read_dir("/proc/self/fd") {
            // The listing itself holds one open.
            let open = open.count().saturating_sub(1) as u64;
            write("process_open_fds", "Files and sockets that are open.", &ConstGauge::new(open))?;
        }
        let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        write("process_max_fds", "Files and sockets that may be open.", &ConstGauge::new(limit))?;
        Ok(())
    }
}

/// Times from `/proc/self/stat`, in seconds.
struct Stat {
    /// CPU time, user and system.
    spent: f64,
    /// Start time, after boot.
    started: f64,
}

impl Stat {
    fn read() -> Option<Self> {
        let text = fs::read_to_string("/proc/self/stat").ok()?;
        // The name may hold any character and ends at the last parenthesis; the fields after it start at number 3 (proc(5)).
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_ascii_whitespace().collect();
        let seconds = |field: usize| Some(fields.get(field - 3)?.parse::<f64>().ok()? / TICKS);
        Some(Self { spent: seconds(14)? + seconds(15)?, started: seconds(22)? })
    }
}

/// Boot time in seconds since 1970.
fn booted() -> Option<f64> {
    labelled("/proc/stat", "btime").map(|seconds| seconds as f64)
}

/// The number after a label at the start of a line.
fn labelled(path: &str, label: &str) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    text.lines().find_map(|line| line.strip_prefix(label))?.split_ascii_whitespace().next()?.parse().ok()
}
