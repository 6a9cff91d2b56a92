//! Owns what can go wrong with the database, sorted by what the caller can do about it.
//! Must not know how it is told to a client.

use std::fmt;

use diesel::result::{DatabaseErrorKind, Error as QueryError};
use tokio_postgres::error::SqlState;

/// A failure of the database.
#[derive(Debug)]
pub enum DbError {
    /// It cannot be reached, or the connection to it is lost; trying again later may do.
    Unavailable(String),
    /// It did not answer in time; the connection is sound.
    Late(String),
    /// It is a replica that cannot tell though the primary can: it has not come so far, or cancelled the statement since it
    /// was about to go on.
    Behind(String),
    /// It was not asked: too many others are asking.
    Crowded,
    /// It takes nothing new: it is read-only, be it a copy of another or because somebody said so.
    ReadOnly(String),
    /// It has no room left on its disk.
    Full(String),
    /// It refused the rows that were given: their values break a rule that only it knows.
    Data(String),
    /// It refused what was asked: a fault of this program, or of who configured it.
    Failed(String),
}

impl DbError {
    /// What the database or the network said, where the kind of failure goes without saying.
    pub(super) fn into_cause(self) -> String {
        match self {
            DbError::Unavailable(why) | DbError::Late(why) => why,
            other => other.to_string(),
        }
    }
}

impl fmt::Display for DbError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DbError::Unavailable(why) => write!(f, "the database is not available: {why}"),
            DbError::Late(why) => write!(f, "the database is too slow: {why}"),
            DbError::Behind(why) => write!(f, "the replica cannot tell: {why}"),
            DbError::Crowded => f.write_str("the database is asked by as many as may"),
            DbError::ReadOnly(why) => write!(f, "the database takes nothing new, it is read-only: {why}"),
            DbError::Full(why) => write!(f, "the database has no room left on its disk: {why}"),
            DbError::Data(why) => write!(f, "the database refused the rows: {why}"),
            DbError::Failed(why) => write!(f, "the database refused: {why}"),
        }
    }
}

impl std::error::Error for DbError {}

/// Diesel keeps the message of a cancelled statement and drops its code (57014); on a server that speaks another
/// language such a statement counts as failed.
const CANCELLED: &str = "canceling statement due to";

/// What a standby says when a statement stood in the way of what it had to replay (40001, 40P01). Of these Diesel keeps the
/// first code, which a read meets nowhere else.
const OVERTAKEN: &str = "conflict with recovery";

/// What the system says of a full disk; its code (53100) is dropped in the same way.
const NO_ROOM: &str = "No space left on device";

impl From<QueryError> for DbError {
    fn from(error: QueryError) -> Self {
        let error = match error {
            // What a statement on a client of tokio-postgres failed with.
            QueryError::QueryBuilderError(cause) => match cause.downcast::<tokio_postgres::Error>() {
                Ok(error) => return DbError::from(*error),
                Err(cause) => QueryError::QueryBuilderError(cause),
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
            QueryError::DatabaseError(_, info) if info.message().contains(OVERTAKEN) => {
                DbError::Behind(info.message().to_owned())
            }
            QueryError::DatabaseError(_, info) if info.message().contains(CANCELLED) => DbError::Late(info.message().to_owned()),
            QueryError::DatabaseError(_, info) if info.message().contains(NO_ROOM) => DbError::Full(info.message().to_owned()),
            _ => DbError::Failed(error.to_string()),
        }
    }
}

/// Classes of codes with which Postgres refuses values: data exceptions and violated constraints.
const DATA: [&str; 2] = ["22", "23"];

/// Classes of codes with which Postgres says that it is going, gone, or out of room: 08, 53, 57, 58.
const PASSING: [&str; 4] = ["08", "53", "57", "58"];

/// How the client library's own refusals begin, which no waiting helps: a URL that lacks what the server asks for.
const OWN: [&str; 2] = ["invalid configuration", "authentication error"];

impl From<tokio_postgres::Error> for DbError {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(refusal) = error.as_db_error() else {
            let cause = std::error::Error::source(&error).map_or(String::new(), |cause| format!(": {cause}"));
            let text = format!("{error}{cause}");
            let own = OWN.iter().any(|own| text.starts_with(own));
            return if own { DbError::Failed(text) } else { DbError::Unavailable(text) };
        };
        let place = refusal.where_().map_or(String::new(), |place| format!(" ({place})"));
        let detail = refusal.detail().map_or(String::new(), |detail| format!(": {detail}"));
        let text = format!("{}{detail}{place}", refusal.message());
        let is = |classes: &[&str]| classes.iter().any(|class| refusal.code().code().starts_with(class));
        match *refusal.code() {
            SqlState::READ_ONLY_SQL_TRANSACTION => DbError::ReadOnly(text),
            SqlState::DISK_FULL => DbError::Full(text),
            _ if is(&PASSING) => DbError::Unavailable(text),
            _ if is(&DATA) => DbError::Data(text),
            _ => DbError::Failed(text),
        }
    }
}
