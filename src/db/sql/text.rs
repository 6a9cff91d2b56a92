//! Owns SQL text for statements that Diesel does not run: COPY, and the steps of a publication on tables that it makes.
//! Must not know those statements.

use std::fmt::Display;

use super::codes;
use super::writer::{Out, SqlText, visible};
use crate::query::Dataset;

/// Text for statements that Diesel does not run: COPY, and the steps of a publication on tables that it makes.
#[derive(Default)]
struct SqlString(String);

impl SqlText for SqlString {
    fn push(&mut self, sql: &'static str) {
        self.0.push_str(sql);
    }

    fn identifier(&mut self, name: &str) -> Out {
        self.0.push('"');
        self.0.push_str(&name.replace('"', "\"\""));
        self.0.push('"');
        Ok(())
    }
}

/// The condition that a row of an alias belongs to a release, which is a number or a placeholder, as text.
pub fn of_release(alias: &'static str, release: impl Display) -> String {
    let mut out = SqlString::default();
    let release = release.to_string();
    visible(&mut out, alias, |out| {
        out.0.push_str(&release);
        Ok(())
    })
    .expect("text can always be appended");
    out.0
}

/// The code of a row of an alias, as text.
pub fn code_of(dataset: &'static Dataset, alias: &'static str) -> String {
    let mut out = SqlString::default();
    codes::code(&mut out, dataset, alias).expect("text can always be appended");
    out.0
}
