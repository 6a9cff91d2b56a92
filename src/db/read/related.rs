//! Owns reads that accompany a page: included rows, one query for each include, and facets.
//! Must not know how they are written.

use diesel::QueryResult;
use diesel::sql_types::{Array, BigInt, Text, Untyped};

use crate::db::ReadingConnection;
use crate::db::sql::fragments;
use crate::db::sql::references::LookUp;
use crate::db::sql::select::{self, Select};
use crate::db::sql::writer::{SqlResult, SqlText, SqlWriter, statement};
use crate::query::collection::include::INCLUDED_ROWS;
use crate::query::{Column, Dataset, Field, Include, Plan, Row};

/// The most values of one facet.
const FACET_VALUES: i64 = 100;

/// The rows of an include.
#[derive(Debug)]
pub struct Included {
    /// The include.
    pub include: Include,
    /// The rows, in the order of their key, with every field.
    pub rows: Vec<Row>,
    /// Whether there are more than the limit.
    pub more: bool,
}

/// The values of a field among the rows of a plan without the filters on the field.
#[derive(Debug)]
pub struct Facet {
    /// The field.
    pub field: &'static Field,
    /// Each value with the number of its rows, the most frequent first.
    pub choices: Vec<(String, i64)>,
    /// Whether there are more than the limit.
    pub more: bool,
}

/// A query of the rows of a dataset whose field has one of these values.
struct IncludeQuery<'a> {
    dataset: &'static Dataset,
    field: &'static Field,
    codes: &'a [String],
    columns: Vec<Column>,
    release: i32,
    limit: i64,
}

impl IncludeQuery<'_> {
    /// Writes the statement.
    fn write<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        out.push("SELECT ");
        out.list(&self.columns, |out, column| fragments::text(out, self.dataset, column, &self.release, LookUp::Single))?;
        out.push(" FROM ");
        out.identifier(self.dataset.name)?;
        out.push(" t WHERE ");
        fragments::column(out, self.field)?;
        out.push(if self.field.is_list() { " && (" } else { " = ANY(" });
        out.bind::<Array<Text>, _>(self.codes)?;
        out.push(") AND ");
        out.visible("t", &self.release)?;
        out.push(" ORDER BY ");
        out.list(self.dataset.key_fields(), fragments::column)?;
        out.push(" LIMIT ");
        out.bind::<BigInt, _>(&self.limit)
    }
}

statement!(IncludeQuery<'_>, Untyped);

/// Reads the rows of an include.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn included(connection: &ReadingConnection, include: Include, codes: &[String], release: i32) -> QueryResult<Included> {
    let dataset = include.dataset();
    let field = match include {
        Include::Referred { .. } => dataset.key_fields().next().expect("every dataset has a key"),
        Include::Referring { field, .. } => field,
    };
    let columns = dataset.fields.iter().map(Column::of).collect();
    let query = IncludeQuery { dataset, field, codes, columns, release, limit: INCLUDED_ROWS + 1 };
    let mut rows = select::load(connection, query).await?;
    let most = usize::try_from(INCLUDED_ROWS).unwrap_or(usize::MAX);
    let more = rows.len() > most;
    rows.truncate(most);
    Ok(Included { include, rows, more })
}

/// Returns the sorted codes in the rows of a page by which an include is looked up. The rows must have the field of the
/// include, even if it is not shown.
pub fn codes(plan: &Plan, include: Include, columns: &[Column], rows: &[Row]) -> Vec<String> {
    let field = match include {
        Include::Referred { field, .. } => field,
        Include::Referring { .. } => match plan.selection.context.dataset.code_field() {
            Some(field) => field,
            None => return Vec::new(),
        },
    };
    let at = columns.iter().position(|column| column.field().is_some_and(|shown| std::ptr::eq(shown, field)));
    let texts = rows.iter().filter_map(|row| row.cell(at?));
    let mut codes: Vec<String> = match field.is_list() {
        true => texts.flat_map(|list| serde_json::from_str::<Vec<String>>(list).unwrap_or_default()).collect(),
        false => texts.map(str::to_owned).collect(),
    };
    codes.sort_unstable();
    codes.dedup();
    codes
}

/// Reads the facet of a field.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn facet(
    connection: &ReadingConnection,
    plan: &Plan,
    release: i32,
    approximate: bool,
    field: &'static Field,
) -> QueryResult<Facet> {
    let rows = select::load(connection, Select::facet(plan, release, approximate, field, FACET_VALUES + 1)).await?;
    let choice = |row: &Row| Some((row.cell(0)?.to_owned(), row.cell(1)?.parse().ok()?));
    let mut choices: Vec<(String, i64)> = rows.iter().filter_map(choice).collect();
    let most = usize::try_from(FACET_VALUES).unwrap_or(usize::MAX);
    let more = choices.len() > most;
    choices.truncate(most);
    Ok(Facet { field, choices, more })
}
