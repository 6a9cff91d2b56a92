//! Owns the redirect from `/v1/{dataset}/{code}/{link}` to the list in which the filter of the link selects the rows.
//! Must not know any one dataset. Whether the code exists is for the list to say.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};

use crate::http::request::path_and_query;
use crate::http::response::links;
use crate::problem::{Fault, Problem, Reason};
use crate::query::{Link, pairs};

/// How long caches may keep the redirect, in seconds: only another version of the program changes it.
pub const CACHE_CONTROL: &str = "public, max-age=86400";

/// Redirects to the list, with the query of the request after the filter. A query that has the filter too would select rows
/// with either code, and is refused.
///
/// # Errors
/// Returns 400 for a code that cannot be read, and for a query that has the filter too; 414 for a code that is too long.
pub async fn redirect(request: HttpRequest, link: &'static Link) -> Result<HttpResponse, Problem> {
    let code = path_and_query::code(&request)?;
    let query = request.query_string();
    let filter = link.filter().unwrap_or_default();
    if pairs::pairs(query).is_ok_and(|pairs| pairs.iter().any(|(name, _)| names(name, filter))) {
        let detail = format!("The address says already which `{filter}` is asked for; ask `/v1/{}` for another.", link.target);
        return Err(Problem::invalid_parameters(vec![Fault::new(Reason::Repeated, filter, detail)]));
    }
    let mut address = links::filtered(link, &pairs::encode_listed(&code)).ok_or_else(Problem::internal)?;
    if !query.is_empty() {
        address.push('&');
        address.push_str(query);
    }
    let mut response = HttpResponse::PermanentRedirect();
    response.insert_header((header::LOCATION, address)).insert_header((header::CACHE_CONTROL, CACHE_CONTROL));
    Ok(response.finish())
}

/// Whether a name in the query is that of a filter, as lists spell it: `actor_code` or `filters[actor_code]`.
fn names(name: &str, filter: &str) -> bool {
    name == filter || name.strip_prefix("filters[").and_then(|name| name.strip_suffix(']')) == Some(filter)
}
