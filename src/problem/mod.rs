//! Owns problem documents (RFC 9457): the table of problem types, the reasons of single errors, and the body of an error response.
//! Must not know HTTP handlers, SQL or datasets. Every module can use it; it uses none.

mod echo;
mod fault;
mod kind;
mod page;
mod reason;

pub use crate::problem::echo::{echo, excerpt};
pub use crate::problem::fault::{ErrorList, Fault, Location};
pub use crate::problem::kind::Kind;
pub use crate::problem::page::{index_page, page};
pub use crate::problem::reason::Reason;

use serde::Serialize;
use utoipa::ToSchema;

/// The most faults that one problem lists. `detail` counts all of them.
pub const FAULTS_LISTED: usize = 50;

/// The withdrawal of a row that was published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Withdrawal {
    /// The release that withdrew the row. Releases before it still have the row.
    #[schema(example = 3)]
    pub release: i32,
    /// When that release was published.
    #[schema(example = "2026-11-24T09:00:00Z", format = DateTime)]
    pub published_at: String,
    /// The reason, in French. The title of the release if no reason was recorded.
    #[schema(example = "Publié par erreur.")]
    pub reason: String,
    /// The code of the row that replaces it, if there is one.
    pub successor_code: Option<String>,
}

/// A problem document (RFC 9457), sent as `application/problem+json`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Problem {
    /// The absolute address that identifies this type of problem. Compare its last segment: the part before it depends on
    /// the server.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "http://127.0.0.1:8080/problems/invalid-parameters")]
    pub type_uri: Box<str>,
    /// The title of the type of problem.
    #[schema(example = "Invalid parameters")]
    pub title: &'static str,
    /// The HTTP status code.
    #[schema(example = 400, minimum = 400, maximum = 599)]
    pub status: u16,
    /// What happened this time.
    #[schema(example = "3 parameters are invalid.")]
    #[schema(value_type = String)]
    pub detail: Box<str>,
    /// The address of what went wrong, if it has one: the publication that was refused or has failed.
    #[schema(example = "/v1/publications/6f1c0f0b7f0e4c1c9e3a5b0d2f4a6c8e")]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub instance: Option<Box<str>>,
    /// The identifier of the request, the same as in the header `X-Request-Id` and in the log.
    #[schema(example = "5f1c9a3b-000004d2")]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub request_id: Option<Box<str>>,
    /// The closest codes or addresses that exist, if the requested one does not.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub closest: Box<[String]>,
    /// The withdrawal of the row, if it was published and withdrawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Withdrawal>)]
    pub withdrawal: Option<Box<Withdrawal>>,
    /// After how many seconds the request may be sent again, if that is known.
    #[serde(skip)]
    pub retry_after: Option<u32>,
    #[serde(flatten)]
    #[schema(value_type = ErrorList)]
    errors: Option<Box<ErrorList>>,
    #[serde(skip)]
    kind: Kind,
}

impl Problem {
    /// A problem of a type, with its detail.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self {
            type_uri: kind.uri().into(),
            title: kind.title(),
            status: kind.status(),
            detail: detail.into().into_boxed_str(),
            instance: None,
            request_id: None,
            closest: Box::default(),
            withdrawal: None,
            retry_after: None,
            errors: None,
            kind,
        }
    }

    /// The problem that lists all faults of a request.
    pub fn invalid_parameters(faults: Vec<Fault>) -> Self {
        let count = faults.len();
        let mut detail = match count {
            1 => "1 parameter is invalid.".to_owned(),
            n => format!("{n} parameters are invalid."),
        };
        if count > FAULTS_LISTED {
            detail.push_str(&format!(" The first {FAULTS_LISTED} are listed."));
        }
        Self::new(Kind::InvalidParameters, detail).errors(faults)
    }

    /// The problem of a failure of the server. The cause is in the log only.
    pub fn internal() -> Self {
        Self::new(Kind::InternalError, "The server failed. Its log has the cause under the identifier of this request.")
    }

    /// Adds the address of what went wrong.
    pub fn instance(mut self, address: String) -> Self {
        self.instance = Some(address.into_boxed_str());
        self
    }

    /// Adds the errors; the first are listed and all are counted.
    pub fn errors(self, mut errors: Vec<Fault>) -> Self {
        let error_count = errors.len();
        errors.truncate(FAULTS_LISTED);
        self.error_list(ErrorList { errors, error_count })
    }

    /// Adds a list of errors.
    pub fn error_list(mut self, errors: ErrorList) -> Self {
        self.errors = Some(Box::new(errors));
        self
    }

    /// Makes the address of the type absolute. Every answer does this last.
    pub fn at(mut self, base: &str) -> Self {
        self.type_uri = format!("{base}{}", self.kind.uri()).into_boxed_str();
        self
    }

    /// Adds the closest codes or addresses.
    pub fn closest(mut self, closest: Vec<String>) -> Self {
        self.closest = closest.into_boxed_slice();
        self
    }

    /// Adds the withdrawal of the row.
    pub fn withdrawal(mut self, withdrawal: Withdrawal) -> Self {
        self.withdrawal = Some(Box::new(withdrawal));
        self
    }

    /// Sets after how many seconds the request may be sent again.
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The type of the problem.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The body, as JSON.
    pub fn body(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_else(|_| b"{}".to_vec())
    }
}
