//! Owns the description of responses that operations share: failures, one for each status, and 304; and of the headers of all.
//! Must not know the types of problems by more than their table.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::http::StatusCode;
use serde_json::{Value, json};

use super::headers::{self, Kind as Header};
use super::names;
use crate::http::request::paths;
use crate::problem::Kind;

/// What of an operation decides how it may fail.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The path of the router.
    pub path: String,
    /// Whether it changes something.
    pub writes: bool,
    /// Whether it needs a key.
    pub keyed: bool,
    /// Whether `Accept` chooses among representations.
    pub negotiated: bool,
    /// Whether it lists rows.
    pub lists: bool,
    /// Whether what it computes may have no meaning.
    pub computes: bool,
    /// Whether a row that was withdrawn has no answer.
    pub withdrawable: bool,
}

impl Facts {
    fn is_data(&self) -> bool {
        self.path.starts_with(paths::DATA_PREFIX)
    }

    fn is_file(&self) -> bool {
        self.path.starts_with("/v1/files/")
    }

    fn is_health(&self) -> bool {
        self.path.starts_with(paths::HEALTH_PREFIX)
    }

    /// Whether answers have a validator. Neither what needs a key nor the probes have one.
    fn is_validated(&self) -> bool {
        !self.keyed && !self.writes && !self.is_health()
    }

    /// Whether a problem of this status may be the answer.
    fn may_fail_with(&self, status: u16) -> bool {
        match status {
            401 => self.keyed,
            403 | 409 | 415 => self.writes,
            405 => false,
            404 => self.path.contains('{'),
            406 => self.negotiated && !self.is_file(),
            410 => self.withdrawable,
            416 => self.is_file(),
            422 => self.writes || self.computes,
            429 => !self.is_health(),
            503 => self.is_data() || self.path == "/health/ready",
            _ => true,
        }
    }
}

/// The name of the shared response of a status, made from the reason phrase of HTTP.
fn name(status: u16) -> String {
    let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    names::pascal(&reason.unwrap_or("failure").to_lowercase())
}

/// The statuses of problems, in order.
fn statuses() -> impl Iterator<Item = u16> {
    let all: BTreeSet<u16> = Kind::ALL.iter().map(|kind| kind.status()).filter(|status| *status != 405).collect();
    all.into_iter()
}

/// The shared responses, by name.
pub fn shared() -> BTreeMap<String, Value> {
    let mut all: BTreeMap<String, Value> = statuses().map(|status| (name(status), failure(status))).collect();
    let mut unchanged = json!({"description": "The client has the current response."});
    headers::add(&mut unchanged, &[Header::Validated, Header::Data, Header::Unchanged]);
    all.insert(name(304), unchanged);
    all
}

fn failure(status: u16) -> Value {
    let kinds: Vec<Kind> = Kind::ALL.iter().copied().filter(|kind| kind.status() == status).collect();
    let meanings: Vec<String> = kinds.iter().map(|kind| format!("`{}`: {}", kind.slug(), kind.description())).collect();
    let example = |kind: &Kind| {
        let problem = json!({"type": kind.uri(), "title": kind.title(), "status": status, "detail": kind.description()});
        (kind.slug().to_owned(), json!({"summary": kind.title(), "value": problem}))
    };
    let examples: serde_json::Map<String, Value> = kinds.iter().map(example).collect();
    let schema = json!({"$ref": names::schema_reference("Problem")});
    let mut response = json!({
        "description": meanings.join(" "),
        "content": {"application/problem+json": {"schema": schema, "examples": examples}},
    });
    let more: &[Header] = match status {
        401 => &[Header::Unauthenticated],
        429 | 503 => &[Header::Later],
        _ => &[],
    };
    headers::add(&mut response, more);
    response
}

/// Adds what all operations have in common: failures, 304, 206, and the headers of responses.
pub fn complete(operation: &mut Value, facts: &Facts) {
    let Some(responses) = operation["responses"].as_object_mut() else { return };
    for (status, response) in responses.iter_mut() {
        let mut kinds: Vec<Header> = match status.as_str() {
            "202" => vec![Header::Accepted],
            "201" => vec![Header::Created],
            _ => Vec::new(),
        };
        if status == "200" {
            kinds.extend(facts.is_validated().then_some(Header::Validated));
            kinds.extend((facts.is_validated() && !facts.is_file()).then_some(Header::Stored));
            kinds.extend((facts.is_validated() && facts.is_data()).then_some(Header::Data));
            kinds.extend(facts.lists.then_some(Header::List));
            kinds.extend(facts.is_file().then_some(Header::File));
        }
        headers::add(response, &kinds);
    }
    if facts.is_file()
        && let Some(whole) = responses.get("200").cloned()
    {
        let mut part = whole;
        part["description"] = json!("The part of the file that `Range` names.");
        headers::add(&mut part, &[Header::File, Header::Part]);
        responses.insert("206".to_owned(), part);
    }
    let refer = |status: u16| json!({"$ref": format!("#/components/responses/{}", name(status))});
    if facts.is_validated() {
        responses.insert("304".to_owned(), refer(304));
    }
    for status in statuses().filter(|status| facts.may_fail_with(*status)) {
        responses.insert(status.to_string(), refer(status));
    }
}

#[cfg(test)]
mod tests {
    use super::{name, shared};
    use crate::problem::Kind;

    #[test]
    fn a_response_has_the_name_of_its_status() {
        let expected = [(304, "NotModified"), (400, "BadRequest"), (414, "UriTooLong"), (500, "InternalServerError")];
        for (status, name_of_it) in expected {
            assert_eq!(name(status), name_of_it);
        }
    }

    #[test]
    fn every_type_of_problem_but_that_of_other_methods_is_described() {
        let text = serde_json::to_string(&shared()).expect("responses serialise");
        for kind in Kind::ALL.iter().filter(|kind| kind.status() != 405) {
            assert!(text.contains(kind.slug()) && text.contains(kind.title()), "{}", kind.slug());
        }
    }
}
