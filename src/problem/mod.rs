//! Owns problem documents (RFC 9457): the closed table of problem types, and the body of an error response.
//! Must not know HTTP handlers, SQL or datasets. Every module can use it; it uses none.

mod echo;
mod file;
mod kind;
mod page;

pub use crate::problem::echo::echo;
pub use crate::problem::file::{FileFault, FileFaults};
pub use crate::problem::kind::Kind;
pub use crate::problem::page::{index_page, page};

use serde::Serialize;
use utoipa::ToSchema;

/// The most faults that one problem lists. `detail` counts all of them.
pub const FAULTS_LISTED: usize = 50;

/// One thing that is wrong with a request or a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Fault {
    /// The query parameter that is invalid.
    #[schema(example = "populaton")]
    pub parameter: String,
    /// What is wrong, in one sentence.
    #[schema(example = "`populaton` is not a parameter of this collection.")]
    pub detail: String,
    /// The invalid value, if one was given. Long values are cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The values that are allowed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<String>,
    /// The allowed values that are closest to the given one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub closest: Vec<String>,
}

impl Fault {
    /// A fault of `parameter`, with a sentence that says what is wrong.
    pub fn new(parameter: impl Into<String>, detail: impl Into<String>) -> Self {
        let parameter = echo(&parameter.into());
        Self { parameter, detail: detail.into(), value: None, allowed: Vec::new(), closest: Vec::new() }
    }

    /// Adds the invalid value.
    pub fn value(mut self, value: &str) -> Self {
        self.value = Some(echo(value));
        self
    }

    /// Adds the allowed values.
    pub fn allowed<S: Into<String>>(mut self, allowed: impl IntoIterator<Item = S>) -> Self {
        self.allowed = allowed.into_iter().map(Into::into).collect();
        self
    }

    /// Adds the closest matches.
    pub fn closest<S: Into<String>>(mut self, closest: impl IntoIterator<Item = S>) -> Self {
        self.closest = closest.into_iter().map(Into::into).collect();
        self
    }
}

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
    /// The address of the page that explains this type of problem.
    #[serde(rename = "type")]
    #[schema(example = "/problems/invalid-parameters")]
    pub type_uri: &'static str,
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
    /// All faults of the request.
    #[serde(skip_serializing_if = "<[Fault]>::is_empty")]
    #[schema(value_type = Vec<Fault>)]
    pub errors: Box<[Fault]>,
    /// The closest codes or addresses that exist, if the requested one does not.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub closest: Box<[String]>,
    /// The withdrawal of the row, if it was published and withdrawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Withdrawal>)]
    pub withdrawal: Option<Box<Withdrawal>>,
    #[serde(flatten)]
    #[schema(value_type = FileFaults)]
    files: Option<Box<FileFaults>>,
    #[serde(skip)]
    kind: Kind,
}

impl Problem {
    /// A problem of a type, with its detail.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self {
            type_uri: kind.uri(),
            title: kind.title(),
            status: kind.status(),
            detail: detail.into().into_boxed_str(),
            instance: None,
            request_id: None,
            errors: Box::default(),
            closest: Box::default(),
            withdrawal: None,
            files: None,
            kind,
        }
    }

    /// The problem that lists all faults of the parameters of a request.
    pub fn invalid_parameters(mut faults: Vec<Fault>) -> Self {
        let count = faults.len();
        let mut detail = match count {
            1 => "1 parameter is invalid.".to_owned(),
            n => format!("{n} parameters are invalid."),
        };
        if count > FAULTS_LISTED {
            faults.truncate(FAULTS_LISTED);
            detail.push_str(&format!(" The first {FAULTS_LISTED} are listed."));
        }
        Self { errors: faults.into_boxed_slice(), ..Self::new(Kind::InvalidParameters, detail) }
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

    /// Adds the faults.
    pub fn errors(mut self, faults: Vec<Fault>) -> Self {
        self.errors = faults.into_boxed_slice();
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

    /// Adds the faults of files.
    pub fn files(mut self, files: FileFaults) -> Self {
        self.files = Some(Box::new(files));
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
