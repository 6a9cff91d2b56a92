//! Owns the way of a problem into an answer.
//! Must not know which problems there are.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};

use crate::db::DbError;
use crate::problem::{Kind, Problem};

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.title, self.detail)
    }
}

/// The body is written on the way out, when the identifier of the request is at hand.
impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        self.clone().into_response()
    }
}

impl Problem {
    /// The answer that says so.
    pub fn into_response(self) -> HttpResponse {
        let mut response = HttpResponse::new(self.status_code());
        response.extensions_mut().insert(self);
        response
    }
}

/// The cause goes to the log, never to the client.
impl From<DbError> for Problem {
    fn from(error: DbError) -> Self {
        // What passes is told of once by whoever notices, not by each who asks meanwhile.
        match &error {
            DbError::Unavailable(_) | DbError::Behind(_) => {
                log::debug!("{error}");
                Problem::new(Kind::Unavailable, "The database does not answer at the moment.")
            }
            DbError::TooManyReads => Problem::new(Kind::Overloaded, "As many requests are being answered as may be at once."),
            DbError::Timeout(_) => {
                log::debug!("{error}");
                Problem::new(Kind::Unavailable, "The answer takes longer than a request may: try again, or ask for less.")
            }
            DbError::ReadOnly(_) => {
                log::warn!("{error}");
                let detail = "The database is read-only at the moment: nothing can be published, and nothing was; reads go on.";
                Problem::new(Kind::Unavailable, detail)
            }
            DbError::DiskFull(_) => {
                log::error!("{error}");
                Problem::new(Kind::Unavailable, "The database has no room left on its disk for this.")
            }
            DbError::Data(_) | DbError::Failed(_) => {
                log::error!("{error}");
                Problem::internal()
            }
        }
    }
}
