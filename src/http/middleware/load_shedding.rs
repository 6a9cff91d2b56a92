//! Owns load shedding: a read is refused at once, before it is parsed, while the database has as many requests as it may
//! have. A refusal must cost less than an answer.
//! Must not know how many requests the database may have.

use actix_web::HttpRequest;
use actix_web::http::Method;

use crate::db::DbError;
use crate::http::request::paths;
use crate::http::state::State;
use crate::problem::Problem;

/// Refuses a read of data while the database is at its limit. Responses from the request index and from files need no
/// database and are not refused.
///
/// # Errors
/// Returns 503.
pub fn check(request: &HttpRequest, state: &State) -> Result<(), Problem> {
    if reads_database(request.method(), request.path()) && state.pool.rejects_read() {
        return Err(DbError::TooManyReads.into());
    }
    Ok(())
}

fn reads_database(method: &Method, path: &str) -> bool {
    matches!(*method, Method::GET | Method::HEAD) && path.starts_with(paths::DATA_PREFIX) && !path.starts_with(paths::FILES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_reads_of_data_need_the_database() {
        assert!(reads_database(&Method::GET, "/v1/territories"));
        assert!(reads_database(&Method::HEAD, "/v1/territories"));
        assert!(!reads_database(&Method::POST, "/v1/publications"));
        assert!(!reads_database(&Method::GET, "/v1/files/territories.csv"));
        assert!(!reads_database(&Method::GET, "/openapi.json"));
    }
}
