//! Owns SQL fragments as text, for statements that Diesel cannot build: `COPY`, and the steps of a publication on its
//! temporary tables.
//! Must not know those statements.

use std::fmt::Display;

use super::codes;
use super::writer::{SqlResult, SqlText, visible};
use crate::query::Dataset;

/// SQL text without binds.
#[derive(Default)]
struct SqlString(String);

impl SqlText for SqlString {
    fn push(&mut self, sql: &'static str) {
        self.0.push_str(sql);
    }

    fn identifier(&mut self, name: &str) -> SqlResult {
        self.0.push('"');
        self.0.push_str(&name.replace('"', "\"\""));
        self.0.push('"');
        Ok(())
    }
}

/// Returns the condition that a row of an alias belongs to a release. `release` is a number or a placeholder.
///
/// # Panics
/// Never: writing to a string does not fail.
pub fn of_release(alias: &'static str, release: impl Display) -> String {
    let mut out = SqlString::default();
    let release = release.to_string();
    visible(&mut out, alias, |out| {
        out.0.push_str(&release);
        Ok(())
    })
    .expect("writing to a string does not fail");
    out.0
}

/// Returns the expression of the code of a row of an alias.
///
/// # Panics
/// Never: writing to a string does not fail.
pub fn code_of(dataset: &'static Dataset, alias: &'static str) -> String {
    let mut out = SqlString::default();
    codes::code(&mut out, dataset, alias).expect("writing to a string does not fail");
    out.0
}
