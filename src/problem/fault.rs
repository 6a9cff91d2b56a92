//! Owns one error of a request or of a published file: where it is, what is wrong, why, and what would be right.
//! Must not know how errors are found.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::echo::echo;
use super::reason::Reason;

/// Where an error is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Location {
    /// A parameter of the query string.
    #[default]
    Query,
    /// A header.
    Header,
    /// The path of the address.
    Path,
    /// A part of the body.
    Body,
    /// A published file, or its manifest.
    File,
}

/// One thing that is wrong with a request or a file. Members that do not apply are absent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Fault {
    /// Where it is: `query`, `header`, `path`, `body` or `file`. The list may grow.
    #[schema(value_type = String, example = "query")]
    pub location: Location,
    /// The parameter, the header or the part.
    #[schema(example = "populaton")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The name of the file.
    #[schema(example = "observations.csv")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The sheet of a workbook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// The line of the file, from 1.
    #[schema(example = 12)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The column of the file.
    #[schema(example = "territory_code")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// The invalid value, if one was given. Long values are cut.
    #[schema(example = "COM-5935")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Why it is wrong, as a word for programs; `/problems` explains each. The list may grow.
    #[schema(value_type = String, example = "unknown_parameter")]
    pub reason: Reason,
    /// What is wrong and what would be right, for people.
    #[schema(example = "`populaton` is not a parameter of this collection.")]
    pub detail: String,
    /// The values that are allowed.
    #[schema(required = false)]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<String>,
    /// The allowed values that are closest to the given one.
    #[schema(required = false)]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub closest: Vec<String>,
}

impl Fault {
    /// A fault of a query parameter, with a sentence that says what is wrong.
    pub fn new(reason: Reason, parameter: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { name: Some(echo(&parameter.into())), ..Self::nameless(Location::Query, reason, detail.into()) }
    }

    /// A fault of a header.
    pub fn of_header(reason: Reason, header: &str, detail: impl Into<String>) -> Self {
        Self { location: Location::Header, ..Self::new(reason, header, detail) }
    }

    /// A fault of a part of the body.
    pub fn of_part(reason: Reason, part: &str, detail: impl Into<String>) -> Self {
        Self { location: Location::Body, ..Self::new(reason, part, detail) }
    }

    /// A fault of a file as a whole.
    pub fn of_file(reason: Reason, file: &str, detail: impl Into<String>) -> Self {
        Self { file: Some(file.to_owned()), ..Self::of_files(reason, detail) }
    }

    /// A fault of the files of a publication that is not of a single one.
    pub fn of_files(reason: Reason, detail: impl Into<String>) -> Self {
        Self::nameless(Location::File, reason, detail.into())
    }

    fn nameless(location: Location, reason: Reason, detail: String) -> Self {
        let (name, file, sheet, line, column, value) = Default::default();
        Self { location, name, file, sheet, line, column, value, reason, detail, allowed: Vec::new(), closest: Vec::new() }
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

/// The fault of a file as a line of text.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.file.as_deref().unwrap_or_default())?;
        if let Some(sheet) = &self.sheet {
            write!(f, " [{sheet}]")?;
        }
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if let Some(column) = &self.column {
            write!(f, ": {column}")?;
        }
        if let Some(value) = self.value.as_ref().filter(|value| !value.is_empty()) {
            write!(f, " `{}`", echo(value))?;
        }
        write!(f, ": {}", self.detail)
    }
}

/// The first errors, and the number of all.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct ErrorList {
    /// The first errors.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub errors: Vec<Fault>,
    /// The number of all errors, also of those that the list leaves out.
    #[schema(required = false, example = 3)]
    pub error_count: usize,
}
