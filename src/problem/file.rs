//! Owns the part of a problem document that lists the faults of published files.
//! Must not know how faults are found.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::echo::echo;

/// One thing that is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileFault {
    /// The name of the file. Missing if the fault is not of a single file.
    #[schema(example = "observations.csv")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The sheet of a workbook.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// The line, from 1.
    #[schema(example = 12)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The column.
    #[schema(example = "territory_code")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// The invalid value.
    #[schema(example = "COM-5935")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What is wrong, and what is valid.
    pub detail: String,
}

impl FileFault {
    /// A fault of a file as a whole.
    pub fn of_file(file: &str, detail: impl Into<String>) -> Self {
        let (file, detail) = (Some(file.to_owned()), detail.into());
        Self { file, sheet: None, line: None, column: None, value: None, detail }
    }
}

impl fmt::Display for FileFault {
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

/// The faults of the files of a publication.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct FileFaults {
    /// The first faults of the files.
    #[serde(default)]
    #[schema(required = false)]
    pub faults: Vec<FileFault>,
    /// The number of all faults.
    #[schema(required = false)]
    pub count: usize,
}
