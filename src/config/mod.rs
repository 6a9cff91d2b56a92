//! Owns the configuration: every variable of the environment, read once, all its faults together.
//! Must not know what the settings are used for.

mod variables;

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use crate::db::connection::config::Database;
use crate::db::connection::pool::Limits;
use crate::http::Bounds;
use crate::http::connection::timeouts::Timeouts;
use crate::http::middleware::rate_limit::LONGEST_WINDOW;
use crate::query::suggest::closest;

pub use crate::config::variables::{VARIABLES, Variable};

/// Prefix of the variables that are ours alone, among which a misspelt one is a fault.
const PREFIX: &str = "REPERES_";

/// The configuration.
#[derive(Clone)]
pub struct Config {
    /// The database to use, if it is not our own.
    pub database: Option<Database>,
    /// The same database, as the owner of the tables, if that is another role.
    pub owner: Option<Database>,
    /// Replicas of the database, which answer reads.
    pub replicas: Vec<Database>,
    /// Where to serve.
    pub address: SocketAddr,
    /// Where to serve the operator, if anywhere.
    pub admin: Option<SocketAddr>,
    /// Directory of our own Postgres.
    pub data_dir: PathBuf,
    /// Whether the operator chose that directory.
    pub data_dir_moved: bool,
    /// Directory of the files of releases.
    pub files: PathBuf,
    /// Directory in which the files of publications are received.
    pub uploads: PathBuf,
    /// The most bytes of one publication over HTTP.
    pub publish_limit: u64,
    /// The most bytes of answers that are kept in memory.
    pub cache: u64,
    /// Directory of the bundled data.
    pub bundles: PathBuf,
    /// Directory of the recipes that are called by name.
    pub recipes: PathBuf,
    /// The address that the service is known under, without a slash at its end.
    pub public_url: Option<String>,
    /// Threads that serve requests.
    pub workers: Option<usize>,
    /// Connections and waits.
    pub limits: Limits,
    /// How much is given, and to whom.
    pub bounds: Bounds,
    /// Whether a server sets the database up.
    pub migrate: bool,
    /// How long to wait for the database at start.
    pub startup_wait: Duration,
    /// How long requests are still answered after SIGTERM.
    pub shutdown_grace: Duration,
    /// How long requests in flight have after that, in seconds.
    pub shutdown_wait: u64,
    /// Directory of Postgres's binaries.
    pub bin_dir: Option<PathBuf>,
}

/// Everything that is wrong with the configuration.
#[derive(Debug)]
pub struct Faults(Vec<String>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration has {} fault(s):", self.0.len())?;
        self.0.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
    }
}

impl Config {
    /// Reads the configuration from variables.
    ///
    /// # Errors
    /// Every fault at once.
    pub fn read(variables: impl Iterator<Item = (String, String)>) -> Result<Self, Faults> {
        let given: BTreeMap<String, String> = variables.filter(|(_, value)| !value.is_empty()).collect();
        let mut reader = Reader { given, faults: Vec::new() };
        reader.misspelt();
        let millis = |number: u64| Duration::from_millis(number);
        let database = reader.database("DATABASE_URL");
        let owner = reader.database("DATABASE_OWNER_URL");
        match &database {
            None if owner.is_some() => reader.faults.push("DATABASE_OWNER_URL is set without DATABASE_URL".to_owned()),
            Some(service) if owner.is_some() && service.role().is_none() => {
                reader.faults.push("DATABASE_URL names no role, which DATABASE_OWNER_URL's must give rights to".to_owned());
            }
            _ => {}
        }
        let replicas = reader.replicas();
        let address = reader.address("REPERES_ADDRESS").unwrap_or(SocketAddr::from(([127, 0, 0, 1], 0)));
        let admin = reader.address("REPERES_ADMIN_ADDRESS");
        reader.log_format();
        let public_url = reader.public_url();
        let workers = match reader.given.contains_key("REPERES_WORKERS") {
            true => Some(reader.number("REPERES_WORKERS", 1, 256)),
            false => None,
        };
        let config = Self {
            database,
            owner,
            replicas,
            address,
            admin,
            data_dir: PathBuf::from(reader.text("REPERES_DATA_DIR")),
            data_dir_moved: reader.given.contains_key("REPERES_DATA_DIR"),
            files: reader.directory("REPERES_FILES_DIR", "files"),
            uploads: reader.directory("REPERES_UPLOADS_DIR", "uploads"),
            publish_limit: reader.number("REPERES_PUBLISH_LIMIT_MB", 1, 1 << 20) * 1_000_000,
            cache: reader.number("REPERES_CACHE_MB", 0, 1 << 20) * 1_000_000,
            bundles: PathBuf::from(reader.text("REPERES_BUNDLES")),
            recipes: PathBuf::from(reader.text("REPERES_RECIPES")),
            public_url,
            workers: workers.and_then(|n| usize::try_from(n).ok()),
            limits: Limits {
                connections: usize::try_from(reader.number("REPERES_DATABASE_CONNECTIONS", 1, 64)).unwrap_or(1),
                wait: millis(reader.number("REPERES_DATABASE_WAIT_MS", 10, 600_000)),
                statement: millis(reader.number("REPERES_STATEMENT_TIMEOUT_MS", 10, 600_000)),
                in_flight: usize::try_from(reader.number("REPERES_MAX_IN_FLIGHT", 1, 65_536)).unwrap_or(1),
            },
            bounds: reader.bounds(),
            migrate: reader.truth("REPERES_MIGRATE"),
            startup_wait: Duration::from_secs(reader.number("REPERES_STARTUP_WAIT_S", 0, 3600)),
            shutdown_grace: Duration::from_secs(reader.number("REPERES_SHUTDOWN_GRACE_S", 0, 3600)),
            shutdown_wait: reader.number("REPERES_SHUTDOWN_WAIT_S", 0, 3600),
            bin_dir: reader.given.get("POSTGRES_BIN_DIR").map(PathBuf::from),
        };
        if reader.faults.is_empty() { Ok(config) } else { Err(Faults(reader.faults)) }
    }
}

struct Reader {
    given: BTreeMap<String, String>,
    faults: Vec<String>,
}

impl Reader {
    fn text(&self, name: &str) -> String {
        let default = || VARIABLES.iter().find(|v| v.name == name).map_or(String::new(), |v| v.default.to_owned());
        self.given.get(name).cloned().unwrap_or_else(default)
    }

    /// An address and port; nothing where it is empty, or at fault.
    fn address(&mut self, name: &str) -> Option<SocketAddr> {
        let text = self.text(name);
        let read = (!text.is_empty()).then(|| text.parse())?;
        read.map_err(|_| {
            self.faults.push(format!("{name} is `{text}`, which is not an address and port such as 127.0.0.1:8080"));
        })
        .ok()
    }

    /// The log is begun before anything else is read, and goes on as text when it is at fault.
    fn log_format(&mut self) {
        let form = self.text("LOG_FORMAT");
        if !["text", "json"].contains(&form.as_str()) {
            self.faults.push(format!("LOG_FORMAT is `{form}`, which is neither text nor json"));
        }
    }

    fn public_url(&mut self) -> Option<String> {
        let url = self.given.get("REPERES_PUBLIC_URL")?.clone();
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '?' | '#' | '"' | '<' | '>' | '\\');
        if !rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[') && rest.chars().all(plain))
        {
            self.faults.push(format!("REPERES_PUBLIC_URL is `{url}`, which is not an address such as https://example.org"));
        }
        Some(url.trim_end_matches('/').to_owned())
    }

    fn bounds(&mut self) -> Bounds {
        let mut millis = |name: &str| Duration::from_millis(self.number(name, 10, 3_600_000));
        let (request_head, keep_alive, stall) =
            (millis("REPERES_HEAD_TIMEOUT_MS"), millis("REPERES_IDLE_TIMEOUT_MS"), millis("REPERES_STALL_TIMEOUT_MS"));
        let min_rate = self.number("REPERES_MIN_BYTES_PER_S", 0, 1_000_000_000);
        let timeouts = Timeouts { request_head, keep_alive, stall, min_rate };
        let connections = usize::try_from(self.number("REPERES_MAX_CONNECTIONS", 1, 1_000_000)).unwrap_or(1);
        let mut bounds = Bounds { connections, timeouts, proxies: self.proxies(), ..Bounds::default() };
        let mut small = |name: &str, most: u64| self.number(name, 0, most).try_into().unwrap_or(u32::MAX);
        bounds.requests.requests = small("REPERES_RATE_LIMIT", 1_000_000);
        bounds.publications.requests = small("REPERES_PUBLISH_RATE_LIMIT", 1_000_000);
        bounds.requests.window = Duration::from_secs(self.number("REPERES_RATE_WINDOW_S", 1, LONGEST_WINDOW));
        bounds
    }

    fn proxies(&mut self) -> Vec<IpNet> {
        let text = self.text("REPERES_TRUSTED_PROXIES");
        let network = |one: &str| one.parse().ok().or_else(|| one.parse::<IpAddr>().ok().map(IpNet::from));
        let given = text.split(',').map(str::trim).filter(|one| !one.is_empty());
        let mut networks = Vec::new();
        for one in given {
            match network(one) {
                Some(network) => networks.push(network),
                None => {
                    self.faults.push(format!("REPERES_TRUSTED_PROXIES has `{one}`, which is not a network such as 10.0.0.0/8"))
                }
            }
        }
        networks
    }

    /// A directory of its own, or that of this name in the data directory.
    fn directory(&self, variable: &str, name: &str) -> PathBuf {
        match self.given.get(variable) {
            Some(folder) => PathBuf::from(folder),
            None => PathBuf::from(self.text("REPERES_DATA_DIR")).join(name),
        }
    }

    fn database(&mut self, name: &str) -> Option<Database> {
        let url = self.given.get(name)?;
        Database::parse(url).map_err(|why| self.faults.push(format!("{name} {why}"))).ok()
    }

    fn replicas(&mut self) -> Vec<Database> {
        let text = self.text("DATABASE_REPLICA_URLS");
        if !text.is_empty() && !self.given.contains_key("DATABASE_URL") {
            self.faults.push("DATABASE_REPLICA_URLS is set without DATABASE_URL".to_owned());
        }
        let mut replicas = Vec::new();
        for (at, url) in text.split(',').map(str::trim).filter(|url| !url.is_empty()).enumerate() {
            match Database::parse(url) {
                Ok(replica) => replicas.push(replica),
                Err(why) => self.faults.push(format!("DATABASE_REPLICA_URLS, the {}. URL, {why}", at + 1)),
            }
        }
        replicas
    }

    fn truth(&mut self, name: &str) -> bool {
        let text = self.text(name);
        if !matches!(text.as_str(), "true" | "false") {
            self.faults.push(format!("{name} is `{text}`, which is neither true nor false"));
        }
        text == "true"
    }

    fn number(&mut self, name: &str, minimum: u64, maximum: u64) -> u64 {
        let text = self.text(name);
        match text.parse() {
            Ok(number) if (minimum..=maximum).contains(&number) => number,
            _ => {
                self.faults.push(format!("{name} is `{text}`, which is not a whole number from {minimum} to {maximum}"));
                minimum
            }
        }
    }

    fn misspelt(&mut self) {
        let known = || VARIABLES.iter().map(|v| v.name);
        for name in self.given.keys().filter(|name| name.starts_with(PREFIX) && !known().any(|k| k == name.as_str())) {
            let near = closest(name, known());
            let meant = near.first().map_or(String::new(), |word| format!("; did you mean {word}?"));
            self.faults.push(format!("{name} is not a variable of this program{meant}"));
        }
    }
}
