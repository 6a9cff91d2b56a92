//! Owns the lookup of codes: codes that no row has, and existing codes that are similar to one.
//! Must not know why they are looked up.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text};
use diesel_async::RunQueryDsl;

use crate::db::ReadingConnection;
use crate::db::sql::codes::{code, has_code};
use crate::db::sql::derivations;
use crate::db::sql::writer::{SqlResult, SqlText, SqlWriter, statement};
use crate::query::Dataset;

/// The most codes suggested for an unknown one.
const SUGGESTIONS: i64 = 3;

/// A version of a row, by its code.
#[derive(Debug, Queryable)]
pub(super) struct CodeVersion {
    /// The code of the row.
    pub code: String,
    /// The release that opened it.
    pub first_release: i32,
    /// The last release that it belongs to, once it is closed.
    pub last_release: Option<i32>,
}

/// The query of all versions of the row with a code.
struct Versions<'a> {
    dataset: &'static Dataset,
    code: &'a str,
}

impl Versions<'_> {
    fn write<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        out.push("SELECT ");
        code(out, self.dataset, "t")?;
        out.push(", t.first_release, t.last_release FROM ");
        out.identifier(self.dataset.name)?;
        out.push(" t WHERE ");
        has_code(out, self.dataset, |out| out.bind::<Text, _>(self.code))
    }
}

statement!(Versions<'_>, (Text, Integer, Nullable<Integer>));

/// Reads all versions of the row with a code.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub(super) async fn versions(
    mut connection: &ReadingConnection,
    dataset: &'static Dataset,
    code: &str,
) -> QueryResult<Vec<CodeVersion>> {
    RunQueryDsl::load(Versions { dataset, code }, &mut connection).await
}

/// The query of the codes that no row of a dataset has. One statement per dataset is prepared.
struct Missing {
    dataset: &'static Dataset,
    codes: Vec<String>,
    release: i32,
    ever: bool,
}

impl Missing {
    fn write<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        out.push("SELECT requested.code FROM unnest(");
        out.bind::<Array<Text>, _>(&self.codes)?;
        out.push(") AS requested(code) WHERE NOT EXISTS (SELECT 1 FROM ");
        out.identifier(self.dataset.name)?;
        out.push(" t WHERE ");
        has_code(out, self.dataset, |out| {
            out.push("requested.code");
            Ok(())
        })?;
        out.push(" AND ");
        if self.ever {
            out.push("t.first_release <= ");
            out.bind::<Integer, _>(&self.release)?;
        } else {
            out.visible("t", &self.release)?;
        }
        out.push(")");
        Ok(())
    }
}

statement!(Missing, Text);

/// Returns those of the codes that no row of the dataset has at the release; where `ever` is set, that no row has had up to
/// the release.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn unknown(
    mut connection: &ReadingConnection,
    dataset: &'static Dataset,
    codes: Vec<String>,
    release: i32,
    ever: bool,
) -> QueryResult<Vec<String>> {
    RunQueryDsl::load(Missing { dataset, codes, release, ever }, &mut connection).await
}

/// The query of the codes of rows with a text as their name, then of codes with its number behind another prefix, then of codes
/// similar to it by trigrams.
struct Similar<'a> {
    dataset: &'static Dataset,
    text: &'a str,
    /// The pattern of codes with the number of the text, such as `%-75101`; `None` if it has no number behind a prefix.
    same_number: Option<String>,
    release: i32,
    limit: i64,
    /// The number of nearest codes that are ordered: several have the same distance, and the index returns them in any order.
    candidates: i64,
}

impl Similar<'_> {
    fn write<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        out.push("SELECT code FROM (");
        if self.dataset.field("name").is_some() {
            out.push("(SELECT t.code, 0::real AS distance FROM ");
            out.identifier(self.dataset.name)?;
            out.push(" t WHERE fold(t.name) = fold(");
            out.bind::<Text, _>(self.text)?;
            out.push(") AND ");
            out.visible("t", &self.release)?;
            out.push(" LIMIT ");
            out.bind::<BigInt, _>(&self.limit)?;
            out.push(") UNION ALL ");
        }
        if let Some(pattern) = &self.same_number {
            out.push("(SELECT t.code, 0.1::real FROM ");
            out.identifier(self.dataset.name)?;
            out.push(" t WHERE (t.code || '') LIKE ");
            out.bind::<Text, _>(pattern)?;
            out.push(" AND ");
            out.visible("t", &self.release)?;
            out.push(" LIMIT ");
            out.bind::<BigInt, _>(&self.limit)?;
            out.push(") UNION ALL ");
        }
        out.push("(SELECT t.code, (t.code || '') <-> ");
        out.bind::<Text, _>(self.text)?;
        out.push(" FROM ");
        out.identifier(self.dataset.name)?;
        out.push(" t WHERE ");
        out.visible("t", &self.release)?;
        out.push(" ORDER BY (t.code || '') <-> ");
        out.bind::<Text, _>(self.text)?;
        out.push(" LIMIT ");
        out.bind::<BigInt, _>(&self.candidates)?;
        out.push(")) AS similar_codes(code, distance) WHERE distance < 0.8 GROUP BY code ORDER BY min(distance), code LIMIT ");
        out.bind::<BigInt, _>(&self.limit)
    }
}

statement!(Similar<'_>, Text);

/// The query of the joined codes with the same first part as a code; those that start with the whole text come first.
struct SameFirstPart<'a> {
    dataset: &'static Dataset,
    text: &'a str,
    release: i32,
    limit: i64,
}

impl SameFirstPart<'_> {
    fn write<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        out.push("SELECT ");
        code(out, self.dataset, "t")?;
        out.push(" FROM ");
        out.identifier(self.dataset.name)?;
        out.push(" t WHERE ");
        out.column("t", self.dataset.key[0])?;
        out.push(" = split_part(");
        out.bind::<Text, _>(self.text)?;
        out.push(", '~', 1) AND ");
        if let Some(condition) = derivations::published(self.dataset) {
            out.push(condition);
            out.push(" AND ");
        }
        out.visible("t", &self.release)?;
        out.push(" ORDER BY NOT starts_with(");
        code(out, self.dataset, "t")?;
        out.push(", ");
        out.bind::<Text, _>(self.text)?;
        out.push("), ");
        out.list(self.dataset.key, |out, name| out.column("t", name))?;
        out.push(" LIMIT ");
        out.bind::<BigInt, _>(&self.limit)
    }
}

statement!(SameFirstPart<'_>, Text);

/// The pattern of the codes that end with the number of a code: `%-75101` for `COM-75101`, since a code is often right but for its
/// kind. A code of INSEE is a number but for the letter of Corsica.
fn same_number(text: &str) -> Option<String> {
    let (_, number) = text.split_once('-')?;
    let is_number = number.len() >= 2
        && number.starts_with(|c: char| c.is_ascii_digit())
        && number.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
    is_number.then(|| format!("%-{number}"))
}

/// Returns codes similar to one that does not exist: codes of rows with that name first, then codes with its number behind
/// another prefix, then codes that resemble it.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn closest(
    mut connection: &ReadingConnection,
    dataset: &'static Dataset,
    code: String,
    release: i32,
) -> QueryResult<Vec<String>> {
    let (text, limit) = (code.as_str(), SUGGESTIONS);
    if dataset.has_joined_code() {
        RunQueryDsl::load(SameFirstPart { dataset, text, release, limit }, &mut connection).await
    } else if dataset.field("code").is_some() {
        let same_number = same_number(text);
        RunQueryDsl::load(Similar { dataset, text, same_number, release, limit, candidates: 16 * limit }, &mut connection).await
    } else {
        Ok(Vec::new())
    }
}
