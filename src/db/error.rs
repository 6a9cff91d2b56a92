//! Owns what can go wrong with the database, sorted by what the caller can do about it.
//! Must not know how it is told to a client.

use std::fmt;

use diesel::result::{DatabaseErrorKind, Error as QueryError};

/// A failure of the database.
#[derive(Debug)]
pub enum DbError {
    /// It cannot be reached, or did not answer in time; trying again later may do.
    Unavailable(String),
    /// It refused what was asked: a fault of this program.
    Failed(String),
}

impl fmt::Display for DbError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DbError::Unavailable(why) => write!(f, "the database is not available: {why}"),
            DbError::Failed(why) => write!(f, "the database refused: {why}"),
        }
    }
}

impl std::error::Error for DbError {}

/// Codes with which Postgres says that it is going, gone, full or out of time (class 57, 53, 08, 58).
const PASSING: [&str; 8] = [
    "terminating connection",
    "the database system is",
    "too many clients",
    "remaining connection slots",
    "canceling statement due to",
    "could not extend file",
    "server closed the connection",
    "out of shared memory",
];

impl From<QueryError> for DbError {
    fn from(error: QueryError) -> Self {
        match &error {
            QueryError::DatabaseError(DatabaseErrorKind::UnableToSendCommand | DatabaseErrorKind::ClosedConnection, info) => {
                DbError::Unavailable(info.message().to_owned())
            }
            QueryError::DatabaseError(_, info) if PASSING.iter().any(|text| info.message().contains(text)) => {
                DbError::Unavailable(info.message().to_owned())
            }
            _ => DbError::Failed(error.to_string()),
        }
    }
}

impl From<tokio_postgres::Error> for DbError {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(refusal) => {
                let place = refusal.where_().map_or(String::new(), |place| format!(" ({place})"));
                let detail = refusal.detail().map_or(String::new(), |detail| format!(": {detail}"));
                DbError::Failed(format!("{}{detail}{place}", refusal.message()))
            }
            None => DbError::Unavailable(error.to_string()),
        }
    }
}
