//! Owns the table of the environment's variables: the name, the default and the help of each. The help of the command
//! line and the sample of settings are held to it.
//! Must not know how a value is read.

/// One variable: its name, its default, what it does.
pub struct Variable {
    /// Name.
    pub name: &'static str,
    /// Value when it is not set; empty when that has a meaning of its own.
    pub default: &'static str,
    /// What it does.
    pub help: &'static str,
}

const fn variable(name: &'static str, default: &'static str, help: &'static str) -> Variable {
    Variable { name, default, help }
}

/// Every variable that the program reads.
pub const VARIABLES: &[Variable] = &[
    variable(
        "DATABASE_URL",
        "",
        "URL of a Postgres database (versions 14 to 18); without it the program runs a Postgres of its own",
    ),
    variable(
        "DATABASE_OWNER_URL",
        "",
        "URL of the same database for the role that owns the tables and migrates them, if DATABASE_URL's does not; that one is then given what it needs and no more",
    ),
    variable(
        "DATABASE_REPLICA_URLS",
        "",
        "URLs of streaming replicas of DATABASE_URL's, separated by commas: reads go to those that have the release asked for",
    ),
    variable("REPERES_ADDRESS", "127.0.0.1:8080", "address and port to serve on; port 0 takes a free one"),
    variable(
        "REPERES_ADMIN_ADDRESS",
        "",
        "address and port on which the operator is given /metrics, /health/live and /health/ready, such as 127.0.0.1:9090; nowhere when not set",
    ),
    variable("REPERES_DATA_DIR", "var", "directory of the program's own Postgres"),
    variable("REPERES_BUNDLES", "data", "directory of the bundled data, published into an empty database"),
    variable("REPERES_RECIPES", "data/recipes", "directory of the recipes that are called by name"),
    variable("REPERES_FILES_DIR", "", "directory of the files of releases; `files` in REPERES_DATA_DIR when not set"),
    variable(
        "REPERES_PUBLIC_URL",
        "",
        "address that the service is known under, such as https://example.org; the request's Host when not set",
    ),
    variable(
        "REPERES_UPLOADS_DIR",
        "",
        "directory in which the files of publications over HTTP are received; `uploads` in REPERES_DATA_DIR when not set",
    ),
    variable("REPERES_PUBLISH_LIMIT_MB", "1024", "the most megabytes of one publication over HTTP (1 to 1048576)"),
    variable(
        "REPERES_CACHE_MB",
        "256",
        "the most megabytes of answers that are kept in memory (0 to 1048576), and of ranks a quarter beside; 0 keeps none",
    ),
    variable("REPERES_WORKERS", "", "threads that serve requests; as many as processors when not set"),
    variable("REPERES_DATABASE_CONNECTIONS", "2", "database connections of each worker (1 to 64)"),
    variable("REPERES_DATABASE_WAIT_MS", "5000", "time that a request may spend on the database, in milliseconds"),
    variable(
        "REPERES_MAX_IN_FLIGHT",
        "256",
        "requests that may be with the database at once; more are refused at once (1 to 65536)",
    ),
    variable("REPERES_MAX_CONNECTIONS", "10000", "connections at once; more are told to come again (1 to 1000000)"),
    variable("REPERES_HEAD_TIMEOUT_MS", "10000", "time that a client may take for the head of a request, in milliseconds"),
    variable("REPERES_IDLE_TIMEOUT_MS", "75000", "time that a client may send nothing between two requests, in milliseconds"),
    variable(
        "REPERES_STALL_TIMEOUT_MS",
        "60000",
        "time that a client may neither read nor send a byte in the midst of a body, in milliseconds",
    ),
    variable(
        "REPERES_MIN_BYTES_PER_S",
        "500",
        "bytes a second that a body must at least come on, past that time; 0 for as slowly as it may",
    ),
    variable("REPERES_RATE_LIMIT", "60000", "requests of one client in REPERES_RATE_WINDOW_S; 0 for no limit"),
    variable("REPERES_RATE_WINDOW_S", "60", "seconds in which a client that has asked all it may can ask as much again"),
    variable("REPERES_PUBLISH_RATE_LIMIT", "120", "publications over HTTP under one key in an hour; 0 for no limit"),
    variable(
        "REPERES_TRUSTED_PROXIES",
        "",
        "networks of the proxies in front, such as 10.0.0.0/8,127.0.0.1: what they say of their clients' addresses is believed",
    ),
    variable("REPERES_STATEMENT_TIMEOUT_MS", "5000", "time that the database may spend on one statement, in milliseconds"),
    variable(
        "REPERES_MIGRATE",
        "true",
        "whether a server sets the database up; `false` when `reperes migrate` is run apart: it then waits for that, REPERES_STARTUP_WAIT_S at most",
    ),
    variable("REPERES_STARTUP_WAIT_S", "30", "time to wait for the database at start, in seconds"),
    variable("REPERES_SHUTDOWN_GRACE_S", "5", "time after SIGTERM in which requests are still answered, in seconds"),
    variable("REPERES_SHUTDOWN_WAIT_S", "10", "time that requests in flight have after that, in seconds"),
    variable("POSTGRES_BIN_DIR", "", "directory of Postgres's server binaries; searched for when not set"),
    variable("RUST_LOG", "info", "what is logged, as env_logger reads it"),
    variable("LOG_FORMAT", "text", "how it is logged: text, or json, an object a line"),
];
