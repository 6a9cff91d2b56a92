//! Owns the conversion of problems and database errors into responses.
//! Must not know the types of problems.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};

use crate::db::DbError;
use crate::problem::{Kind, Problem};

/// The media type of a problem document.
pub const PROBLEM: &str = "application/problem+json; charset=utf-8";

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.title, self.detail)
    }
}

/// The response carries the problem; `middleware::errors` writes the body with the identifier of the request.
impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        self.clone().into_response()
    }
}

impl Problem {
    /// The response that carries the problem.
    pub fn into_response(self) -> HttpResponse {
        let mut response = HttpResponse::new(self.status_code());
        response.extensions_mut().insert(self);
        response
    }
}

/// The log gets the cause, the client never does.
impl From<DbError> for Problem {
    fn from(error: DbError) -> Self {
        // `db` logs the start and the end of an outage once; each request would repeat it.
        match &error {
            DbError::Unavailable(_) | DbError::Behind(_) => {
                log::debug!("{error}");
                Problem::new(Kind::Unavailable, "The database does not answer at the moment.")
            }
            DbError::Busy(wait) => {
                let detail = "Other requests that take long come first, and this one could not end in time.";
                let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
                Problem::new(Kind::Overloaded, detail).retry_after(u32::try_from(seconds).unwrap_or(u32::MAX))
            }
            DbError::TooManyReads => Problem::new(Kind::Overloaded, "The service is at its limit of concurrent requests."),
            DbError::Timeout(_) => {
                log::debug!("{error}");
                Problem::new(Kind::Unavailable, "The request takes too long: try again, or request less.")
            }
            DbError::ReadOnly(_) => {
                log::warn!("{error}");
                let detail = "The database is read-only at the moment: nothing was published; reads still work.";
                Problem::new(Kind::Unavailable, detail)
            }
            DbError::DiskFull(_) => {
                log::error!("{error}");
                Problem::new(Kind::Unavailable, "The disk of the database is full.")
            }
            DbError::Data(_) | DbError::Failed(_) => {
                log::error!("{error}");
                Problem::internal()
            }
        }
    }
}
