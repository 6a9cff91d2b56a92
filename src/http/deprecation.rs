//! Owns the parts of the contract that will end (docs/contract.md): since when, until when, and what replaces them. An answer of
//! such a part says so in its headers (RFC 9745, RFC 8594); after its end it is a 410 that names the replacement.
//! Must not know what is answered.

use actix_web::HttpRequest;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, LINK};
use chrono::{DateTime, NaiveTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::{Kind, Problem};
use crate::query::model::period;
use crate::query::pairs;

/// The parts that are deprecated. An entry comes with a line in CHANGELOG.md, and stays for good: it answers after the end.
pub const TABLE: &[Deprecation] = &[];

/// The page that says how parts of the contract end.
const POLICY: &str = "</docs/contract>; rel=\"deprecation\"; type=\"text/plain\"";

const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
const SUNSET: HeaderName = HeaderName::from_static("sunset");

/// A part of the contract that will end.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Deprecation {
    /// The address that ends, with the names of its variable parts in braces.
    #[schema(example = "/v1/territories/{territory_code}/versions")]
    pub path: &'static str,
    /// The parameter that ends; null if the whole address does.
    pub parameter: Option<&'static str>,
    /// The day from which it is deprecated.
    #[schema(example = "2028-01-31", format = Date)]
    pub since: &'static str,
    /// The day on which it ends, at 00:00 UTC.
    #[schema(example = "2030-01-31", format = Date)]
    pub sunset: &'static str,
    /// The address of what replaces it.
    #[schema(example = "/v1/territory_states?territory_code={territory_code}")]
    pub successor: &'static str,
}

/// The deprecations that concern a request.
pub fn of(request: &HttpRequest, table: &'static [Deprecation]) -> Vec<&'static Deprecation> {
    table.iter().filter(|one| one.concerns(request.uri().path(), request.query_string())).collect()
}

/// Refuses a request for what has ended.
///
/// # Errors
/// Returns 410, which names the replacement.
pub fn check(deprecations: &[&Deprecation], path: &str) -> Result<(), Problem> {
    let Some(ended) = deprecations.iter().find(|one| instant(one.sunset).is_some_and(|sunset| sunset <= Utc::now())) else {
        return Ok(());
    };
    let what = match ended.parameter {
        Some(name) => format!("The parameter `{name}` of `{}`", ended.path),
        None => format!("The address `{}`", ended.path),
    };
    let successor = ended.successor_of(path);
    let detail = format!("{what} ended on {}; use {successor} instead.", ended.sunset);
    Err(Problem::new(Kind::Gone, detail).closest(vec![successor]))
}

/// Adds the headers that announce the end. A `Link` that an answer has already stays.
pub fn add_headers(deprecations: &[&Deprecation], path: &str, headers: &mut HeaderMap) {
    for one in deprecations {
        let (Some(since), Some(sunset)) = (instant(one.since), instant(one.sunset)) else { continue };
        let successor = format!("<{}>; rel=\"successor-version\"", one.successor_of(path));
        let date = sunset.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        for (name, text) in [(DEPRECATION, format!("@{}", since.timestamp())), (SUNSET, date), (LINK, successor)] {
            if let Ok(value) = HeaderValue::from_str(&text) {
                match name == LINK {
                    true => headers.append(name, value),
                    false => drop(headers.insert(name, value)),
                }
            }
        }
        headers.append(LINK, HeaderValue::from_static(POLICY));
    }
}

/// The start of a day in UTC.
fn instant(day: &str) -> Option<DateTime<Utc>> {
    period::day(day).map(|day| day.and_time(NaiveTime::MIN).and_utc())
}

impl Deprecation {
    /// Whether a request has this path, and this parameter with any operator.
    fn concerns(&self, path: &str, query: &str) -> bool {
        self.parts(path).is_some() && self.parameter.is_none_or(|name| has_parameter(query, name))
    }

    /// The variable parts of a path, each with its name in braces. `None` if it is another path.
    fn parts<'p>(&self, path: &'p str) -> Option<Vec<(&'static str, &'p str)>> {
        let (expected, given): (Vec<&str>, Vec<&str>) = (self.path.split('/').collect(), path.split('/').collect());
        if expected.len() != given.len() {
            return None;
        }
        let mut parts = Vec::new();
        for (expected, given) in expected.into_iter().zip(given) {
            match expected.starts_with('{') {
                true => parts.push((expected, given)),
                false if expected == given => {}
                false => return None,
            }
        }
        Some(parts)
    }

    /// The address of the replacement for a path.
    fn successor_of(&self, path: &str) -> String {
        let parts = self.parts(path).unwrap_or_default();
        parts.into_iter().fold(self.successor.to_owned(), |address, (name, value)| address.replace(name, value))
    }
}

fn has_parameter(query: &str, name: &str) -> bool {
    let given = pairs::pairs(query).unwrap_or_default();
    given.iter().any(|(given, _)| given.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with("__")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_has_a_path_two_days_and_a_replacement() {
        for one in TABLE {
            let (since, sunset) = (instant(one.since).expect("a day"), instant(one.sunset).expect("a day"));
            assert!((sunset - since).num_days() >= 730, "{}: 24 months at least between announcement and end", one.path);
            assert!(one.path.starts_with("/v1/") && one.successor.starts_with("/v1/"), "{}", one.path);
        }
    }

    #[test]
    fn an_entry_concerns_its_path_and_its_parameter_alone() {
        let (since, sunset, successor) = ("2020-01-01", "2022-01-01", "/v1/b?c={x}");
        let part = |path, parameter| Deprecation { path, parameter, since, sunset, successor };
        let whole = part("/v1/a/{x}", None);
        assert!(whole.concerns("/v1/a/1", "") && whole.concerns("/v1/a/~", "q=1"));
        assert!(!whole.concerns("/v1/a", "") && !whole.concerns("/v1/a/1/2", "") && !whole.concerns("/v1/b/1", ""));
        assert_eq!(whole.successor_of("/v1/a/DEP-59"), "/v1/b?c=DEP-59");
        let parameter = part("/v1/a", Some("unit"));
        assert!(parameter.concerns("/v1/a", "x=1&unit=a") && parameter.concerns("/v1/a", "%75nit__ne=a"));
        assert!(!parameter.concerns("/v1/a", "") && !parameter.concerns("/v1/a", "units=a&q=unit"));
    }
}
