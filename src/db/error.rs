//! Owns the errors of the database, by what the caller can do about them.
//! Must not know how a client sees them.

use std::fmt;
use std::time::Duration;

use diesel::result::{DatabaseErrorKind, Error as QueryError};
use tokio_postgres::error::{DbError as DbErrorMessage, SqlState};

/// An error of the database.
#[derive(Debug)]
pub enum DbError {
    /// The database cannot be reached, or the connection broke. A later attempt may succeed.
    Unavailable(String),
    /// The database did not answer in time. The connection still works.
    Timeout(String),
    /// A replica does not have the release yet, or cancelled the statement because of a conflict with recovery. The primary
    /// can answer.
    Behind(String),
    /// The read was not sent, because too many are in flight.
    TooManyReads,
    /// The read was not begun, because it could not end in time. A place is expected after this time.
    Busy(Duration),
    /// The database is read-only: a standby, or configured so.
    ReadOnly(String),
    /// The disk of the database is full.
    DiskFull(String),
    /// The database refused the values of rows: a constraint or a data type.
    Data(String),
    /// The database refused a statement or the login: an error of this program or of its configuration.
    Failed(String),
}

impl DbError {
    /// The message of the database or of the network, without the kind of error.
    pub(super) fn into_cause(self) -> String {
        match self {
            DbError::Unavailable(why) | DbError::Timeout(why) => why,
            other => other.to_string(),
        }
    }
}

impl fmt::Display for DbError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DbError::Unavailable(why) => write!(f, "the database is not available: {why}"),
            DbError::Timeout(why) => write!(f, "the database timed out: {why}"),
            DbError::Behind(why) => write!(f, "the replica cannot answer: {why}"),
            DbError::Busy(wait) => write!(f, "no place for a heavy read is expected within {wait:?}"),
            DbError::TooManyReads => f.write_str("too many reads are in flight"),
            DbError::ReadOnly(why) => write!(f, "the database is read-only: {why}"),
            DbError::DiskFull(why) => write!(f, "the disk of the database is full: {why}"),
            DbError::Data(why) => write!(f, "the database refused the rows: {why}"),
            DbError::Failed(why) => write!(f, "the database reported an error: {why}"),
        }
    }
}

impl std::error::Error for DbError {}

/// The message of a cancelled statement: Diesel drops its code (57014). On a server with messages in another language such
/// a statement counts as [`DbError::Failed`].
const CANCELLED: &str = "canceling statement due to";

/// The message of a standby that cancels a statement in order to replay (40001, 40P01). Diesel keeps only the first code,
/// which reads get for no other reason.
const RECOVERY_CONFLICT: &str = "conflict with recovery";

/// The message of a full disk: Diesel drops its code (53100) too.
const NO_SPACE: &str = "No space left on device";

/// The failure of a read, with its code, which Diesel's own errors drop.
#[derive(Debug)]
pub struct ReadFailure(pub tokio_postgres::Error);

impl fmt::Display for ReadFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for ReadFailure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

impl From<ReadFailure> for DbError {
    fn from(ReadFailure(error): ReadFailure) -> Self {
        let text = |error: &DbErrorMessage| error.message().to_owned();
        match error.as_db_error() {
            // A standby cancels statements in order to replay.
            Some(why) if [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED].contains(why.code()) => {
                DbError::Behind(text(why))
            }
            Some(why) if *why.code() == SqlState::QUERY_CANCELED => DbError::Timeout(text(why)),
            Some(why) if DATA_CLASSES.iter().any(|class| why.code().code().starts_with(class)) => DbError::Failed(text(why)),
            _ => DbError::from(error),
        }
    }
}

impl From<QueryError> for DbError {
    fn from(error: QueryError) -> Self {
        let error = match error {
            // The error of a statement on a client of tokio-postgres.
            QueryError::QueryBuilderError(cause) => match cause.downcast::<ReadFailure>() {
                Ok(failure) => return DbError::from(*failure),
                Err(cause) => match cause.downcast::<tokio_postgres::Error>() {
                    Ok(error) => return DbError::from(*error),
                    Err(cause) => QueryError::QueryBuilderError(cause),
                },
            },
            error => error,
        };
        match &error {
            QueryError::DatabaseError(DatabaseErrorKind::UnableToSendCommand | DatabaseErrorKind::ClosedConnection, info) => {
                DbError::Unavailable(info.message().to_owned())
            }
            QueryError::DatabaseError(DatabaseErrorKind::SerializationFailure, info) => {
                DbError::Behind(info.message().to_owned())
            }
            QueryError::DatabaseError(_, info) if info.message().contains(RECOVERY_CONFLICT) => {
                DbError::Behind(info.message().to_owned())
            }
            QueryError::DatabaseError(_, info) if info.message().contains(CANCELLED) => {
                DbError::Timeout(info.message().to_owned())
            }
            QueryError::DatabaseError(_, info) if info.message().contains(NO_SPACE) => {
                DbError::DiskFull(info.message().to_owned())
            }
            _ => DbError::Failed(error.to_string()),
        }
    }
}

/// The SQLSTATE classes of refused values: data exceptions and violated constraints.
const DATA_CLASSES: [&str; 2] = ["22", "23"];

/// The SQLSTATE classes of temporary errors: connection exceptions, insufficient resources, shutdown, system errors.
const TEMPORARY_CLASSES: [&str; 4] = ["08", "53", "57", "58"];

/// The first words of errors of the client library that a retry cannot help, such as a URL without a needed password.
const CONFIGURATION_ERRORS: [&str; 2] = ["invalid configuration", "authentication error"];

impl From<tokio_postgres::Error> for DbError {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(error) = error.as_db_error() else {
            let cause = std::error::Error::source(&error).map_or(String::new(), |cause| format!(": {cause}"));
            let text = format!("{error}{cause}");
            let permanent = CONFIGURATION_ERRORS.iter().any(|start| text.starts_with(start));
            return if permanent { DbError::Failed(text) } else { DbError::Unavailable(text) };
        };
        let context = error.where_().map_or(String::new(), |context| format!(" ({context})"));
        let detail = error.detail().map_or(String::new(), |detail| format!(": {detail}"));
        let text = format!("{}{detail}{context}", error.message());
        let is = |classes: &[&str]| classes.iter().any(|class| error.code().code().starts_with(class));
        match *error.code() {
            SqlState::READ_ONLY_SQL_TRANSACTION => DbError::ReadOnly(text),
            SqlState::DISK_FULL => DbError::DiskFull(text),
            _ if is(&TEMPORARY_CLASSES) => DbError::Unavailable(text),
            _ if is(&DATA_CLASSES) => DbError::Data(text),
            _ => DbError::Failed(text),
        }
    }
}
