//! Owns the redirect from `/v1/{dataset}/{code}/{link}` to the list in which the filter of the link selects the rows.
//! Must not know any one dataset. Whether the code exists is for the list to say.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};

use crate::http::request::path_and_query;
use crate::http::response::links;
use crate::problem::Problem;
use crate::query::{Link, pairs};

/// How long caches may keep the redirect, in seconds: only another version of the program changes it.
const CACHE_CONTROL: &str = "public, max-age=86400";

/// Redirects to the list, with the query of the request after the filter. A query that has the filter too is refused by the
/// list, like any parameter that is given twice.
///
/// # Errors
/// Returns 400 for a code that cannot be read, 414 for one that is too long.
pub async fn redirect(request: HttpRequest, link: &'static Link) -> Result<HttpResponse, Problem> {
    let code = path_and_query::code(&request)?;
    let mut address = links::filtered(link, &pairs::encode_listed(&code)).ok_or_else(Problem::internal)?;
    if !request.query_string().is_empty() {
        address.push('&');
        address.push_str(request.query_string());
    }
    let mut response = HttpResponse::PermanentRedirect();
    response.insert_header((header::LOCATION, address)).insert_header((header::CACHE_CONTROL, CACHE_CONTROL));
    Ok(response.finish())
}
