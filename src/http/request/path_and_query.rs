//! Owns the reading of what a request gives: the code in its path, the pairs of its query.
//! Must not know what they are for.

use actix_web::HttpRequest;

use crate::problem::{Fault, Kind, Problem};
use crate::query::pairs::{self, Unreadable};

/// The longest code in a path, in characters.
pub const CODE_LENGTH: usize = 500;

/// The pairs of the query string.
///
/// # Errors
/// 414 when it is too long, 400 when it cannot be read.
pub fn pairs(request: &HttpRequest) -> Result<Vec<(String, String)>, Problem> {
    pairs::pairs(request.query_string()).map_err(|why| match why {
        Unreadable::TooLong => {
            Problem::new(Kind::UriTooLong, format!("The query string is longer than {} bytes.", pairs::QUERY_LENGTH))
        }
        Unreadable::Malformed(detail) => Problem::new(Kind::MalformedRequest, detail),
    })
}

/// The part of the path that stands for `{code}`, decoded strictly.
///
/// # Errors
/// 400 when it cannot be read.
pub fn code(request: &HttpRequest) -> Result<String, Problem> {
    segment(request, "code")
}

/// A part of the path, decoded strictly.
///
/// # Errors
/// 400 when it cannot be read, 414 when it is too long.
pub fn segment(request: &HttpRequest, name: &str) -> Result<String, Problem> {
    let raw = request.match_info().get(name).unwrap_or_default();
    let code = pairs::decode(raw, false)
        .map_err(|why| Problem::new(Kind::MalformedRequest, format!("The path cannot be read: {why}.")))?;
    if code.chars().count() > CODE_LENGTH {
        return Err(Problem::new(Kind::UriTooLong, format!("A code has at most {CODE_LENGTH} characters.")));
    }
    Ok(code)
}

/// Checks that an address that takes no parameters is given none.
///
/// # Errors
/// 400 that names each.
pub fn no_parameters(request: &HttpRequest) -> Result<(), Problem> {
    let fault = |(name, _): (String, String)| {
        let detail = format!("`{}` is not a parameter of this address, which takes none.", crate::problem::echo(&name));
        Fault::new(name, detail)
    };
    let faults: Vec<Fault> = pairs(request)?.into_iter().map(fault).collect();
    if faults.is_empty() { Ok(()) } else { Err(Problem::invalid_parameters(faults)) }
}

/// Checks that the path as a whole can be read, before it is matched.
///
/// # Errors
/// 400 when it cannot.
pub fn check_path(request: &HttpRequest) -> Result<(), Problem> {
    let path = request.uri().path();
    if path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'%') {
        return Ok(());
    }
    pairs::decode(path, false)
        .map(|_| ())
        .map_err(|why| Problem::new(Kind::MalformedRequest, format!("The path cannot be read: {why}.")))
}
