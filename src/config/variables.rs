//! Owns the table of environment variables: the name, the default and the help of each. The help of the command line is
//! made from it; tests compare `.env.sample` with it.
//! Must not know how a value is read.

/// An environment variable.
pub struct Variable {
    /// Name.
    pub name: &'static str,
    /// Value when it is not set; empty if there is no default value, or `help` explains it.
    pub default: &'static str,
    /// What it sets, with unit and range.
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
        "URL of a Postgres database (versions 14 to 18); without it the program runs a private Postgres",
    ),
    variable(
        "DATABASE_OWNER_URL",
        "",
        "URL of the same database for the owner of the tables, who migrates them, if that is another role than DATABASE_URL's; the owner grants that role its rights",
    ),
    variable(
        "DATABASE_REPLICA_URLS",
        "",
        "URLs of streaming replicas of the database, separated by commas; a read goes to a replica that has its release",
    ),
    variable("REPERES_ADDRESS", "127.0.0.1:8080", "address and port to listen on; port 0 selects a free one"),
    variable(
        "REPERES_ADMIN_ADDRESS",
        "",
        "address and port for /metrics, /health/live and /health/ready, such as 127.0.0.1:9090; without it they are not served",
    ),
    variable("REPERES_DATA_DIR", "var", "directory of the private Postgres"),
    variable(
        "REPERES_BUNDLES",
        "",
        "directory of the data that an empty database is filled with; the program contains the default",
    ),
    variable("REPERES_RECIPES", "", "directory of the recipes that are called by name; the program contains the default"),
    variable("REPERES_FILES_DIR", "", "directory of the files of releases; default: `files` in REPERES_DATA_DIR"),
    variable(
        "REPERES_FILES_MB",
        "10000",
        "maximum size of that directory, in megabytes (1 to 1048576); files that can be built again make room",
    ),
    variable(
        "REPERES_PUBLIC_URL",
        "",
        "public base URL of the service, such as https://example.org; default: what a trusted proxy forwards, else links are relative",
    ),
    variable(
        "REPERES_UPLOADS_DIR",
        "",
        "directory of uploaded files while they are published; default: `uploads` in REPERES_DATA_DIR",
    ),
    variable("REPERES_PUBLISH_LIMIT_MB", "1024", "maximum size of one publication over HTTP, in megabytes (1 to 1048576)"),
    variable(
        "REPERES_READER_MEMORY_MB",
        "512",
        "maximum address space of the process that reads the files of a publication, in MiB (128 to 1048576)",
    ),
    variable("REPERES_READER_CPU_S", "600", "maximum processor time of that process, in seconds (1 to 86400)"),
    variable("REPERES_READER_WALL_S", "1800", "maximum time of that process from start to end, in seconds (1 to 86400)"),
    variable("REPERES_READER_MAX_ROWS", "20000000", "maximum number of rows of one publication"),
    variable("REPERES_READER_OUTPUT_MB", "4096", "maximum size of the rows of one publication, in MiB"),
    variable(
        "REPERES_CACHE_MB",
        "256",
        "maximum size of the response cache, in megabytes (0 to 1048576); rankings may use a quarter of it in addition; 0 disables both",
    ),
    variable("REPERES_WORKERS", "", "number of worker threads (1 to 256); default: one for each processor"),
    variable("REPERES_DATABASE_CONNECTIONS", "2", "database connections of each worker (1 to 64)"),
    variable("REPERES_DATABASE_WAIT_MS", "5000", "timeout of a request's work in the database, in milliseconds"),
    variable(
        "REPERES_MAX_IN_FLIGHT",
        "256",
        "maximum number of light reads of the database at the same time; further ones get 503 (1 to 65536)",
    ),
    variable(
        "REPERES_HEAVY_READS",
        "",
        "heavy reads of the database at the same time, such as counts over a dataset, each over a connection of its own (1 to 256); default: one for each processor, at least 2",
    ),
    variable(
        "REPERES_HEAVY_READS_PER_CLIENT",
        "",
        "heavy reads of one client at the same time (1 to 256); default: half of REPERES_HEAVY_READS, rounded up",
    ),
    variable(
        "REPERES_DATABASE_TIME_MS",
        "60000",
        "time that the heavy reads of one client may take in the database in REPERES_RATE_WINDOW_S, in milliseconds; 0: no limit",
    ),
    variable(
        "REPERES_AGGREGATE_ROWS",
        "5000000",
        "rows that one aggregate may read, about; one that would read more gets 400 at once, with the filters that narrow it",
    ),
    variable("REPERES_MAX_CONNECTIONS", "10000", "maximum number of client connections; further ones get 503 (1 to 1000000)"),
    variable(
        "REPERES_CONNECTIONS_PER_CLIENT",
        "",
        "maximum number of connections of one client address; further ones get 503 (1 to 1000000); default: a tenth of REPERES_MAX_CONNECTIONS",
    ),
    variable("REPERES_EXPORTS", "32", "maximum number of exports at the same time; further ones get 503 (1 to 1024)"),
    variable(
        "REPERES_EXPORTS_PER_CLIENT",
        "8",
        "maximum number of exports of one client at the same time; further ones get 429 (1 to 1024)",
    ),
    variable(
        "REPERES_EXPORT_MEMORY_MB",
        "256",
        "memory that running exports are reckoned with, in megabytes (16 to 1048576); one client may have half",
    ),
    variable(
        "REPERES_EXPORT_TEMP_MB",
        "4096",
        "maximum size of the temporary files of XLSX exports, in megabytes (1 to 1048576); one client may have half",
    ),
    variable(
        "REPERES_EXPORT_MIN_BYTES_PER_S",
        "50000",
        "rate below which an export is ended if others wait for its place, in bytes per second; 0: never",
    ),
    variable("REPERES_HEAD_TIMEOUT_MS", "10000", "timeout for the head of a request, in milliseconds"),
    variable("REPERES_IDLE_TIMEOUT_MS", "75000", "timeout of an idle keep-alive connection, in milliseconds"),
    variable("REPERES_STALL_TIMEOUT_MS", "60000", "timeout of a body in which no byte is sent or received, in milliseconds"),
    variable(
        "REPERES_MIN_BYTES_PER_S",
        "500",
        "minimum rate of a body that takes longer than that timeout, in bytes per second; 0: no minimum",
    ),
    variable("REPERES_RATE_LIMIT", "60000", "requests that one client may send in REPERES_RATE_WINDOW_S; 0: no limit"),
    variable("REPERES_RATE_WINDOW_S", "60", "window of the rate limit, in seconds"),
    variable("REPERES_PUBLISH_RATE_LIMIT", "120", "publications over HTTP that one key may send in an hour; 0: no limit"),
    variable(
        "REPERES_TRUSTED_PROXIES",
        "",
        "networks of trusted reverse proxies, such as 10.0.0.0/8,127.0.0.1, whose X-Forwarded-For is used",
    ),
    variable("REPERES_STATEMENT_TIMEOUT_MS", "5000", "timeout of one database statement, in milliseconds"),
    variable(
        "REPERES_MIGRATE",
        "true",
        "whether a server sets up the database at its start; with `false` it waits for `reperes migrate`, REPERES_STARTUP_WAIT_S at most",
    ),
    variable("REPERES_STARTUP_WAIT_S", "30", "time to wait for the database at the start, in seconds"),
    variable(
        "REPERES_SHUTDOWN_GRACE_S",
        "5",
        "time after SIGTERM in which a server still accepts requests while /health/ready answers 503, in seconds (0 to 3600)",
    ),
    variable("REPERES_SHUTDOWN_WAIT_S", "10", "time that requests in flight have after that, in seconds"),
    variable("POSTGRES_BIN_DIR", "", "directory of Postgres's server programs; default: the usual places are searched"),
    variable("RUST_LOG", "info", "log filter, as env_logger reads it"),
    variable("LOG_FORMAT", "text", "log format: text, or json with one object in each line"),
];
