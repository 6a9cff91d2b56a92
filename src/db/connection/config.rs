//! Owns how a connection is opened: address, TLS, time limits, and how a peer that has vanished is found out.
//! Must not know what it is used for.

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
use tokio_postgres::{AsyncMessage, Config, Connection, NoTls};
pub use tokio_postgres::{Client, CopyInSink, GenericClient, IsolationLevel, Row, Transaction};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::availability::Outage;
use crate::db::DbError;

/// How long opening a connection may take.
const OPENING: Duration = Duration::from_secs(3);

/// How long the network may take of it. A machine that was away is asked anew each second rather than in the kernel's
/// growing intervals.
const CONNECTING: Duration = Duration::from_secs(1);

/// How long what was sent for reading may stay unacknowledged: less than a request may wait, so that one on a connection
/// whose peer has vanished can still be answered over another.
const READER_PATIENCE: Duration = Duration::from_secs(3);

/// The same for publishing, which begins from the start when its connection ends.
const WRITER_PATIENCE: Duration = Duration::from_secs(20);

/// After how much silence a connection is asked whether its peer is still there.
const IDLE: Duration = Duration::from_secs(5);

/// How often it is asked.
const PROBE: Duration = Duration::from_secs(1);

/// Where the database is and how it is spoken to.
#[derive(Clone)]
pub struct Database {
    config: Config,
    tls: Option<MakeRustlsConnect>,
    outage: Outage,
}

impl Database {
    /// Reads a database URL, as libpq's. TLS is used, and the server's certificate verified against the public
    /// authorities, when `sslmode` is `require`, `verify-ca` or `verify-full`; otherwise it is not.
    ///
    /// # Errors
    /// What is wrong with the URL. The text never repeats it, since it may hold a password.
    pub fn parse(url: &str) -> Result<Self, String> {
        let url = url.replace("sslmode=verify-full", "sslmode=require").replace("sslmode=verify-ca", "sslmode=require");
        let mut config: Config = url.parse().map_err(|error: tokio_postgres::Error| {
            let cause = std::error::Error::source(&error).map_or(String::new(), |cause| format!(": {cause}"));
            format!("is not the URL of a Postgres database{cause}")
        })?;
        if config.get_hosts().is_empty() {
            return Err("names no host; write postgres://user:password@host:5432/name".to_owned());
        }
        config.application_name("reperes").keepalives_idle(IDLE).keepalives_interval(PROBE);
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECTING);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(WRITER_PATIENCE);
        }
        let tls = (config.get_ssl_mode() == SslMode::Require).then(tls).transpose()?;
        let outage = Outage::new(place(&config));
        Ok(Self { config, tls, outage })
    }

    /// What is known of its absence.
    pub fn outage(&self) -> &Outage {
        &self.outage
    }

    /// The role that the URL names.
    pub fn role(&self) -> Option<&str> {
        self.config.get_user()
    }

    /// The password that the URL holds.
    pub fn password(&self) -> Option<&[u8]> {
        self.config.get_password()
    }

    /// The variables by which Postgres's own programs find the same database as the same role. A password goes this way
    /// since everybody on the machine may read the arguments of a process.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let config = &self.config;
        let host = config.get_hosts().first().map(|host| match host {
            Host::Tcp(name) => name.clone(),
            #[cfg(unix)]
            Host::Unix(path) => path.to_string_lossy().into_owned(),
        });
        let password = config.get_password().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        let tls = self.tls.is_some().then(|| "verify-full".to_owned());
        let all = [
            ("PGHOST", host),
            ("PGPORT", config.get_ports().first().map(ToString::to_string)),
            ("PGUSER", config.get_user().map(str::to_owned)),
            ("PGDATABASE", config.get_dbname().or(config.get_user()).map(str::to_owned)),
            ("PGPASSWORD", password),
            ("PGSSLMODE", tls),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// Opens a connection for reading: read-only, each statement under a time limit.
    ///
    /// # Errors
    /// [`DbError::Unavailable`].
    pub async fn reader(&self, statement_timeout: Duration) -> Result<AsyncPgConnection, DbError> {
        let mut config = self.config.clone();
        let own = config.get_options().map_or(String::new(), |options| format!("{options} "));
        config.options(format!(
            "{own}-c default_transaction_read_only=on -c statement_timeout={} -c jit=off",
            statement_timeout.as_millis()
        ));
        if config.get_tcp_user_timeout() == Some(&WRITER_PATIENCE) {
            config.tcp_user_timeout(READER_PATIENCE);
        }
        self.open_diesel(&config).await
    }

    /// Opens a connection for migrations.
    ///
    /// # Errors
    /// [`DbError::Unavailable`].
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

    /// Opens a connection for publishing, on which `COPY` can be used.
    ///
    /// # Errors
    /// [`DbError::Unavailable`] when it cannot be reached, [`DbError::Failed`] when it will not have us.
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

    /// Opens a connection that hears what others tell. Nothing happens on it unless its messages are read.
    ///
    /// # Errors
    /// [`DbError::Unavailable`] when it cannot be reached, [`DbError::Failed`] when it will not have us.
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

    /// Bounds the opening of a connection: a server that accepts and is silent has no other limit.
    async fn in_time<T>(&self, opening: impl Future<Output = Result<T, DbError>>) -> Result<T, DbError> {
        let Ok(outcome) = tokio::time::timeout(OPENING, opening).await else {
            let why = format!("no connection within {OPENING:?}");
            self.outage.lost(&why);
            return Err(DbError::Unavailable(why));
        };
        if outcome.is_ok() {
            self.outage.admitted();
        }
        outcome
    }

    /// Takes note of why there is no connection.
    fn refused(&self, error: tokio_postgres::Error) -> DbError {
        let crowded = error.code() == Some(&SqlState::TOO_MANY_CONNECTIONS);
        let error = DbError::from(error);
        match &error {
            DbError::Unavailable(why) if crowded => self.outage.crowded(why),
            DbError::Unavailable(why) => self.outage.lost(why),
            _ => {}
        }
        error
    }
}

/// What the log calls a database: never with its password.
fn place(config: &Config) -> String {
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

/// A message that the server sends of its own accord.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// The payload of a notification on a channel that the connection listens to.
    Notification(String),
    /// Anything else, such as a notice.
    Other,
}

/// The messages of a connection, which is open as long as they are read.
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
        log::debug!("a connection for publishing ended: {error}");
    }
}

fn tls() -> Result<MakeRustlsConnect, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("needs TLS, which cannot be set up: {error}"))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}
