//! Owns the opening of connections: address, TLS, time limits, and the detection of dead peers.
//! Must not know what a connection is used for.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use diesel_async::AsyncPgConnection;
use futures_util::{Stream, StreamExt, stream};
use tokio::io::{AsyncRead, AsyncWrite};
pub use tokio_postgres::Error as CopyError;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::error::SqlState;
pub use tokio_postgres::types::ToSql;
use tokio_postgres::{AsyncMessage, CancelToken, Config, Connection, NoTls};
pub use tokio_postgres::{Client, CopyInSink, GenericClient, IsolationLevel, Row, Transaction};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::availability::Availability;
use crate::db::DbError;

/// The time limit for opening a connection, TLS and login included.
const OPEN_TIMEOUT: Duration = Duration::from_secs(3);

/// The time limit for the TCP handshake. It is short because the kernel repeats an unanswered SYN at growing intervals.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// `TCP_USER_TIMEOUT` of connections for reading. It is shorter than the time limit of a request, so that a request on a
/// connection with a dead peer can still be answered over another one.
const READER_TCP_USER_TIMEOUT: Duration = Duration::from_secs(3);

/// `TCP_USER_TIMEOUT` of connections for publishing. It is long because a broken connection repeats the whole publication.
const WRITER_TCP_USER_TIMEOUT: Duration = Duration::from_secs(20);

/// `TCP_KEEPIDLE`.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(5);

/// `TCP_KEEPINTVL`.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(1);

/// The address and settings of one database.
#[derive(Clone)]
pub struct Database {
    config: Config,
    tls: Option<MakeRustlsConnect>,
    availability: Availability,
}

impl Database {
    /// Parses a database URL in the syntax of libpq. If `sslmode` is `require`, `verify-ca` or `verify-full`, connections use
    /// TLS and verify the server's certificate with the roots of `webpki-roots`; otherwise they do not use TLS.
    ///
    /// # Errors
    /// Returns a message that follows the name of the setting. It never repeats the URL, which may hold a password.
    pub fn parse(url: &str) -> Result<Self, String> {
        let url = url.replace("sslmode=verify-full", "sslmode=require").replace("sslmode=verify-ca", "sslmode=require");
        let mut config: Config = url.parse().map_err(|error: tokio_postgres::Error| {
            let cause = std::error::Error::source(&error).map_or(String::new(), |cause| format!(": {cause}"));
            format!("is not the URL of a Postgres database{cause}")
        })?;
        if config.get_hosts().is_empty() {
            return Err("names no host; write postgres://user:password@host:5432/name".to_owned());
        }
        config.application_name("reperes").keepalives_idle(KEEPALIVE_IDLE).keepalives_interval(KEEPALIVE_INTERVAL);
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(WRITER_TCP_USER_TIMEOUT);
        }
        let tls = (config.get_ssl_mode() == SslMode::Require).then(tls).transpose()?;
        let availability = Availability::new(address(&config));
        Ok(Self { config, tls, availability })
    }

    /// The availability of the database, shared by all clones.
    pub fn availability(&self) -> &Availability {
        &self.availability
    }

    /// The role that the URL names.
    pub fn role(&self) -> Option<&str> {
        self.config.get_user()
    }

    /// The password that the URL holds.
    pub fn password(&self) -> Option<&[u8]> {
        self.config.get_password()
    }

    /// The environment variables by which Postgres's programs, such as `pg_dump`, connect to the same database with the same
    /// role. They hold the password, because every user of the machine can read the arguments of a process.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let config = &self.config;
        let host = config.get_hosts().first().map(|host| match host {
            Host::Tcp(name) => name.clone(),
            #[cfg(unix)]
            Host::Unix(path) => path.to_string_lossy().into_owned(),
        });
        let password = config.get_password().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        let tls = self.tls.is_some().then(|| "verify-full".to_owned());
        let variables = [
            ("PGHOST", host),
            ("PGPORT", config.get_ports().first().map(ToString::to_string)),
            ("PGUSER", config.get_user().map(str::to_owned)),
            ("PGDATABASE", config.get_dbname().or(config.get_user()).map(str::to_owned)),
            ("PGPASSWORD", password),
            ("PGSSLMODE", tls),
        ];
        variables.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// Opens a read-only connection with a statement timeout.
    ///
    /// # Errors
    /// Returns [`DbError::Unavailable`] if the database cannot be reached, [`DbError::Failed`] if it refuses the login.
    pub async fn reader(&self, statement_timeout: Duration) -> Result<AsyncPgConnection, DbError> {
        self.open_reader(statement_timeout, "").await
    }

    /// Opens one whose statements run in one process: to start others for each chunk of an export costs more than they save.
    ///
    /// # Errors
    /// Those of [`Database::reader`].
    pub async fn chunk_reader(&self, statement_timeout: Duration) -> Result<AsyncPgConnection, DbError> {
        self.open_reader(statement_timeout, " -c max_parallel_workers_per_gather=0").await
    }

    async fn open_reader(&self, statement_timeout: Duration, more: &str) -> Result<AsyncPgConnection, DbError> {
        let mut config = self.config.clone();
        let options = config.get_options().map_or(String::new(), |options| format!("{options} "));
        let timeout = statement_timeout.as_millis();
        config.options(format!("{options}-c default_transaction_read_only=on -c statement_timeout={timeout} -c jit=off{more}"));
        if config.get_tcp_user_timeout() == Some(&WRITER_TCP_USER_TIMEOUT) {
            config.tcp_user_timeout(READER_TCP_USER_TIMEOUT);
        }
        self.open_diesel(&config).await
    }

    /// Opens a connection for migrations.
    ///
    /// # Errors
    /// Returns [`DbError::Unavailable`] if the database cannot be reached, [`DbError::Failed`] if it refuses the login.
    pub async fn migrator(&self) -> Result<AsyncPgConnection, DbError> {
        self.open_diesel(&self.config).await
    }

    async fn open_diesel(&self, config: &Config) -> Result<AsyncPgConnection, DbError> {
        let opening = async {
            let opened = match self.tls.clone() {
                Some(tls) => {
                    let (client, connection) = config.connect(tls).await.map_err(|error| self.refused(error))?;
                    AsyncPgConnection::try_from_client_and_connection(client, connection).await
                }
                None => {
                    let (client, connection) = config.connect(NoTls).await.map_err(|error| self.refused(error))?;
                    AsyncPgConnection::try_from_client_and_connection(client, connection).await
                }
            };
            opened.map_err(|error| DbError::Unavailable(error.to_string()))
        };
        self.in_time(opening).await
    }

    /// Opens a connection for publishing, which supports `COPY`.
    ///
    /// # Errors
    /// Returns [`DbError::Unavailable`] if the database cannot be reached, [`DbError::Failed`] if it refuses the login.
    pub async fn writer(&self) -> Result<Client, DbError> {
        let opening = async {
            match self.tls.clone() {
                Some(tls) => {
                    let (client, connection) = self.config.connect(tls).await.map_err(|error| self.refused(error))?;
                    tokio::spawn(watch(connection));
                    Ok(client)
                }
                None => {
                    let (client, connection) = self.config.connect(NoTls).await.map_err(|error| self.refused(error))?;
                    tokio::spawn(watch(connection));
                    Ok(client)
                }
            }
        };
        self.in_time(opening).await
    }

    /// Opens a connection for `LISTEN`. It makes progress only while its messages are read.
    ///
    /// # Errors
    /// Returns [`DbError::Unavailable`] if the database cannot be reached, [`DbError::Failed`] if it refuses the login.
    pub async fn listener(&self) -> Result<(Client, Messages), DbError> {
        let opening = async {
            match self.tls.clone() {
                Some(tls) => {
                    let (client, connection) = self.config.connect(tls).await.map_err(|error| self.refused(error))?;
                    Ok((client, messages(connection)))
                }
                None => {
                    let (client, connection) = self.config.connect(NoTls).await.map_err(|error| self.refused(error))?;
                    Ok((client, messages(connection)))
                }
            }
        };
        self.in_time(opening).await
    }

    /// Cancels the statement that a connection runs. Success is not known: the statement may have ended meanwhile.
    pub async fn cancel(&self, token: &CancelToken) {
        let cancelling = async {
            match self.tls.clone() {
                Some(tls) => token.cancel_query(tls).await,
                None => token.cancel_query(NoTls).await,
            }
        };
        if let Ok(Err(error)) = tokio::time::timeout(OPEN_TIMEOUT, cancelling).await {
            log::debug!("cannot cancel a statement: {error}");
        }
    }

    /// Bounds the opening of a connection, also by a server that accepts the connection and never answers.
    async fn in_time<T>(&self, opening: impl Future<Output = Result<T, DbError>>) -> Result<T, DbError> {
        let Ok(outcome) = tokio::time::timeout(OPEN_TIMEOUT, opening).await else {
            let why = format!("no connection within {OPEN_TIMEOUT:?}");
            self.availability.mark_down(&why);
            return Err(DbError::Unavailable(why));
        };
        if outcome.is_ok() {
            self.availability.mark_connected();
        }
        outcome
    }

    /// Records why a connection could not be opened.
    fn refused(&self, error: tokio_postgres::Error) -> DbError {
        let full = error.code() == Some(&SqlState::TOO_MANY_CONNECTIONS);
        let error = DbError::from(error);
        match &error {
            DbError::Unavailable(why) if full => self.availability.mark_full(why),
            DbError::Unavailable(why) => self.availability.mark_down(why),
            _ => {}
        }
        error
    }
}

/// The name of a database in the log, `host:port/name`, without the password.
fn address(config: &Config) -> String {
    let ports = config.get_ports();
    let host = |(at, host): (usize, &Host)| match host {
        Host::Tcp(name) => {
            format!("{name}:{}", ports.get(at).or(ports.first()).copied().unwrap_or(5432))
        }
        Host::Unix(folder) => folder.display().to_string(),
    };
    let hosts: Vec<String> = config.get_hosts().iter().enumerate().map(host).collect();
    let name = config.get_dbname().or(config.get_user()).unwrap_or_default();
    format!("{}/{name}", hosts.join(","))
}

/// An asynchronous message of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// The payload of a notification on a channel that the connection listens to.
    Notification(String),
    /// Anything else, such as a notice.
    Other,
}

/// The messages of a connection. The connection makes progress only while they are read.
pub type Messages = Pin<Box<dyn Stream<Item = Result<Message, DbError>> + Send>>;

fn messages<S, T>(mut connection: Connection<S, T>) -> Messages
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let messages = stream::poll_fn(move |context| connection.poll_message(context));
    Box::pin(messages.map(|message| match message? {
        AsyncMessage::Notification(notification) => Ok(Message::Notification(notification.payload().to_owned())),
        _ => Ok(Message::Other),
    }))
}

async fn watch(connection: impl Future<Output = Result<(), tokio_postgres::Error>>) {
    if let Err(error) = connection.await {
        log::debug!("publishing connection closed: {error}");
    }
}

fn tls() -> Result<MakeRustlsConnect, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("requires TLS, which cannot be configured: {error}"))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}
