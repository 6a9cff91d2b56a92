//! Owns strict parsing of the path and the query of a request.
//! Must not know any parameter.

use actix_web::HttpRequest;

use crate::problem::{Fault, Kind, Problem, Reason};
use crate::query::pairs::{self, Unreadable};

/// The longest code in a path, in characters.
pub const MAX_CODE_LENGTH: usize = 500;

/// The pairs of the query string, decoded.
///
/// # Errors
/// Returns 414 if it is too long, 400 if it is malformed.
pub fn pairs(request: &HttpRequest) -> Result<Vec<(String, String)>, Problem> {
    pairs::pairs(request.query_string()).map_err(|why| match why {
        Unreadable::TooLong => {
            Problem::new(Kind::UriTooLong, format!("The query string is longer than {} bytes.", pairs::QUERY_LENGTH))
        }
        Unreadable::Malformed(detail) => Problem::new(Kind::MalformedRequest, detail),
    })
}

/// The segment `{code}` of the path, decoded.
///
/// # Errors
/// Returns 400 if it is malformed, 414 if it is too long.
pub fn code(request: &HttpRequest) -> Result<String, Problem> {
    segment(request, "code")
}

/// A segment of the path, decoded.
///
/// # Errors
/// Returns 400 if it is malformed, 414 if it is too long.
pub fn segment(request: &HttpRequest, name: &str) -> Result<String, Problem> {
    let raw = request.match_info().get(name).unwrap_or_default();
    let code = pairs::decode(raw, false)
        .map_err(|why| Problem::new(Kind::MalformedRequest, format!("The path cannot be read: {why}.")))?;
    if code.chars().count() > MAX_CODE_LENGTH {
        return Err(Problem::new(Kind::UriTooLong, format!("A code has at most {MAX_CODE_LENGTH} characters.")));
    }
    Ok(code)
}

/// Checks that the query is empty.
///
/// # Errors
/// Returns 400 with a fault for each parameter.
pub fn no_parameters(request: &HttpRequest) -> Result<(), Problem> {
    let fault = |(name, _): (String, String)| {
        let detail = format!("`{}` is not a parameter of this address, which has none.", crate::problem::echo(&name));
        Fault::new(Reason::UnknownParameter, name, detail)
    };
    let faults: Vec<Fault> = pairs(request)?.into_iter().map(fault).collect();
    if faults.is_empty() { Ok(()) } else { Err(Problem::invalid_parameters(faults)) }
}

/// Checks that the path is valid percent-encoded UTF-8, before it is routed.
///
/// # Errors
/// Returns 400 if it is not.
pub fn check_path(request: &HttpRequest) -> Result<(), Problem> {
    let path = request.uri().path();
    if path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'%') {
        return Ok(());
    }
    pairs::decode(path, false)
        .map(|_| ())
        .map_err(|why| Problem::new(Kind::MalformedRequest, format!("The path cannot be read: {why}.")))
}
