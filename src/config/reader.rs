//! Owns the reading of single settings: their types, their ranges, the messages about invalid ones.
//! Must not know what the settings are used for.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use super::VARIABLES;
use crate::db::connection::config::Database;
use crate::http::Bounds;
use crate::http::connection::timeouts::Timeouts;
use crate::http::export_places::ExportLimits;
use crate::http::middleware::rate_limit::LONGEST_WINDOW;
use crate::publish::ReaderLimits;
use crate::query::suggest::closest;

/// Prefix of this program's own variables. An unknown variable with it is an error.
const PREFIX: &str = "REPERES_";

/// The variables that are set and not empty, and the errors found in them so far.
pub struct VariableReader {
    values: BTreeMap<String, String>,
    /// One message for each error.
    pub errors: Vec<String>,
}

impl VariableReader {
    /// Takes the variables; an empty one counts as not set.
    pub fn new(variables: impl Iterator<Item = (String, String)>) -> Self {
        let values = variables.filter(|(_, value)| !value.is_empty()).collect();
        let mut reader = Self { values, errors: Vec::new() };
        reader.reject_unknown();
        reader
    }

    /// Tells whether a variable is set.
    pub fn is_set(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// Reads a path.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.values.get(name).map(PathBuf::from)
    }

    /// Reads a text, or the default of the variable.
    pub fn text(&self, name: &str) -> String {
        let default = || VARIABLES.iter().find(|v| v.name == name).map_or(String::new(), |v| v.default.to_owned());
        self.values.get(name).cloned().unwrap_or_else(default)
    }

    /// Reads an address and port; `None` if there is none or it is invalid.
    pub fn address(&mut self, name: &str) -> Option<SocketAddr> {
        let text = self.text(name);
        let read = (!text.is_empty()).then(|| text.parse())?;
        read.map_err(|_| {
            self.errors.push(format!("{name} is `{text}`, which is not an address and port such as 127.0.0.1:8080"));
        })
        .ok()
    }

    /// Checks the format of the log, which has started already.
    pub fn log_format(&mut self) {
        let format = self.text("LOG_FORMAT");
        if !["text", "json"].contains(&format.as_str()) {
            self.errors.push(format!("LOG_FORMAT is `{format}`, which is neither text nor json"));
        }
    }

    /// Reads the public base URL.
    pub fn public_url(&mut self) -> Option<String> {
        let url = self.values.get("REPERES_PUBLIC_URL")?.clone();
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '?' | '#' | '"' | '<' | '>' | '\\');
        if !rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[') && rest.chars().all(plain))
        {
            self.errors.push(format!("REPERES_PUBLIC_URL is `{url}`, which is not a URL such as https://example.org"));
        }
        Some(url.trim_end_matches('/').to_owned())
    }

    /// Reads the limits on clients.
    pub fn bounds(&mut self) -> Bounds {
        let mut millis = |name: &str| Duration::from_millis(self.number(name, 10, 3_600_000));
        let (request_head, keep_alive, stall) =
            (millis("REPERES_HEAD_TIMEOUT_MS"), millis("REPERES_IDLE_TIMEOUT_MS"), millis("REPERES_STALL_TIMEOUT_MS"));
        let min_rate = self.number("REPERES_MIN_BYTES_PER_S", 0, 1_000_000_000);
        let timeouts = Timeouts { request_head, keep_alive, stall, min_rate };
        let connections = usize::try_from(self.number("REPERES_MAX_CONNECTIONS", 1, 1_000_000)).unwrap_or(1);
        let connections_per_client = match self.is_set("REPERES_CONNECTIONS_PER_CLIENT") {
            true => self.number("REPERES_CONNECTIONS_PER_CLIENT", 1, 1_000_000),
            false => (connections as u64).div_ceil(10),
        };
        let mut bounds = Bounds { connections, connections_per_client, timeouts, proxies: self.proxies(), ..Bounds::default() };
        bounds.exports = ExportLimits {
            places: self.number("REPERES_EXPORTS", 1, 1024),
            places_each: self.number("REPERES_EXPORTS_PER_CLIENT", 1, 1024),
            memory: self.number("REPERES_EXPORT_MEMORY_MB", 16, 1 << 20) * 1_000_000,
            temporary: self.number("REPERES_EXPORT_TEMP_MB", 1, 1 << 20) * 1_000_000,
            min_rate: self.number("REPERES_EXPORT_MIN_BYTES_PER_S", 0, 1_000_000_000),
        };
        bounds.aggregate_rows = self.number("REPERES_AGGREGATE_ROWS", 1, i64::MAX as u64).try_into().unwrap_or(i64::MAX);
        let mut count = |name: &str, maximum: u64| self.number(name, 0, maximum).try_into().unwrap_or(u32::MAX);
        bounds.requests.requests = count("REPERES_RATE_LIMIT", 1_000_000);
        bounds.database_time.requests = count("REPERES_DATABASE_TIME_MS", 1_000_000_000);
        bounds.publications.requests = count("REPERES_PUBLISH_RATE_LIMIT", 1_000_000);
        bounds.requests.window = Duration::from_secs(self.number("REPERES_RATE_WINDOW_S", 1, LONGEST_WINDOW));
        bounds.database_time.window = bounds.requests.window;
        bounds
    }

    /// Reads the heavy reads at once, in all and of one client.
    pub fn heavy_reads(&mut self) -> (usize, usize) {
        let mut count = |name: &str, default: usize| match self.is_set(name) {
            true => usize::try_from(self.number(name, 1, 256)).unwrap_or(default),
            false => default,
        };
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let all = count("REPERES_HEAVY_READS", processors.max(2));
        (all, count("REPERES_HEAVY_READS_PER_CLIENT", all.div_ceil(2)))
    }

    /// Reads the limits of the reader process.
    pub fn reader_limits(&mut self) -> ReaderLimits {
        let seconds = |number: u64| Duration::from_secs(number);
        ReaderLimits {
            memory: self.number("REPERES_READER_MEMORY_MB", 128, 1 << 20) << 20,
            cpu: seconds(self.number("REPERES_READER_CPU_S", 1, 86_400)),
            wall: seconds(self.number("REPERES_READER_WALL_S", 1, 86_400)),
            rows: self.number("REPERES_READER_MAX_ROWS", 1, 1_000_000_000),
            output: self.number("REPERES_READER_OUTPUT_MB", 1, 1 << 20) << 20,
        }
    }

    fn proxies(&mut self) -> Vec<IpNet> {
        let text = self.text("REPERES_TRUSTED_PROXIES");
        let network = |text: &str| text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
        let given = text.split(',').map(str::trim).filter(|one| !one.is_empty());
        let mut networks = Vec::new();
        for one in given {
            match network(one) {
                Some(network) => networks.push(network),
                None => {
                    self.errors.push(format!("REPERES_TRUSTED_PROXIES has `{one}`, which is not a network such as 10.0.0.0/8"))
                }
            }
        }
        networks
    }

    /// Reads a directory; without one it is the sub-directory `name` of the data directory.
    pub fn directory(&self, variable: &str, name: &str) -> PathBuf {
        self.path(variable).unwrap_or_else(|| PathBuf::from(self.text("REPERES_DATA_DIR")).join(name))
    }

    /// Reads the URL of a database; `None` if there is none or it is invalid.
    pub fn database(&mut self, name: &str) -> Option<Database> {
        let url = self.values.get(name)?;
        Database::parse(url).map_err(|why| self.errors.push(format!("{name} {why}"))).ok()
    }

    /// Reads the URLs of the replicas.
    pub fn replicas(&mut self) -> Vec<Database> {
        let text = self.text("DATABASE_REPLICA_URLS");
        if !text.is_empty() && !self.values.contains_key("DATABASE_URL") {
            self.errors.push("DATABASE_REPLICA_URLS is set without DATABASE_URL".to_owned());
        }
        let mut replicas = Vec::new();
        for (at, url) in text.split(',').map(str::trim).filter(|url| !url.is_empty()).enumerate() {
            match Database::parse(url) {
                Ok(replica) => replicas.push(replica),
                Err(why) => self.errors.push(format!("DATABASE_REPLICA_URLS: URL {} {why}", at + 1)),
            }
        }
        replicas
    }

    /// Reads `true` or `false`.
    pub fn boolean(&mut self, name: &str) -> bool {
        let text = self.text(name);
        if !matches!(text.as_str(), "true" | "false") {
            self.errors.push(format!("{name} is `{text}`, which is neither true nor false"));
        }
        text == "true"
    }

    /// Reads a whole number in a range; the minimum if it is invalid.
    pub fn number(&mut self, name: &str, minimum: u64, maximum: u64) -> u64 {
        let text = self.text(name);
        match text.parse() {
            Ok(number) if (minimum..=maximum).contains(&number) => number,
            _ => {
                self.errors.push(format!("{name} is `{text}`, which is not a whole number from {minimum} to {maximum}"));
                minimum
            }
        }
    }

    fn reject_unknown(&mut self) {
        let known = || VARIABLES.iter().map(|v| v.name);
        for name in self.values.keys().filter(|name| name.starts_with(PREFIX) && !known().any(|k| k == name.as_str())) {
            let near = closest(name, known());
            let suggestion = near.first().map_or(String::new(), |word| format!("; did you mean {word}?"));
            self.errors.push(format!("{name} is not a variable of this program{suggestion}"));
        }
    }
}
