//! Owns the lookup of codes: which ones no row has, and which existing codes come closest to one.
//! Must not know what the answers are for.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, Integer, Nullable, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::db::sql::codes::{bears, code_of};
use crate::db::sql::fragments;
use crate::query::Dataset;

/// The most codes proposed in place of an unknown one.
const PROPOSED: i64 = 3;

#[derive(QueryableByName)]
struct Code {
    #[diesel(sql_type = Text)]
    code: String,
}

/// A version of a row.
#[derive(Debug, QueryableByName)]
pub(super) struct Version {
    /// The code of the row.
    #[diesel(sql_type = Text)]
    pub code: String,
    /// The release that opened it.
    #[diesel(sql_type = Integer)]
    pub first_release: i32,
    /// The last release that it belongs to, once it is closed.
    #[diesel(sql_type = Nullable<Integer>)]
    pub last_release: Option<i32>,
}

/// All versions of the row with a code.
///
/// # Errors
/// Returns an error if the database cannot be reached.
pub(super) async fn versions(
    mut connection: &AsyncPgConnection,
    dataset: &'static Dataset,
    code: &str,
) -> QueryResult<Vec<Version>> {
    let (own, same, table) = (code_of(dataset, "t"), bears(dataset, "$1"), dataset.name);
    let query = format!("SELECT {own} AS code, t.first_release, t.last_release FROM \"{table}\" t WHERE {same}");
    diesel::sql_query(query).bind::<Text, _>(code).load(&mut connection).await
}

/// Codes, and the dataset in which some may be missing. Few texts of this form exist, so that each is prepared once.
struct Missing {
    dataset: &'static Dataset,
    codes: Vec<String>,
    release: i32,
    ever: bool,
}

impl QueryFragment<Pg> for Missing {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let out = &mut out;
        out.push_sql("SELECT given.code FROM unnest(");
        out.push_bind_param::<Array<Text>, _>(&self.codes)?;
        out.push_sql(") AS given(code) WHERE NOT EXISTS (SELECT 1 FROM ");
        out.push_identifier(self.dataset.name)?;
        out.push_sql(" t WHERE ");
        out.push_sql(&bears(self.dataset, "given.code"));
        out.push_sql(" AND ");
        if self.ever {
            out.push_sql("t.first_release <= ");
            out.push_bind_param::<Integer, _>(&self.release)?;
        } else {
            fragments::visible(out, "t", &self.release)?;
        }
        out.push_sql(")");
        Ok(())
    }
}

impl QueryId for Missing {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Missing {
    type SqlType = Text;
}

/// Those of the codes that no row of the dataset bears at the release; nor has borne before it, where `ever` says so.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn unknown(
    mut connection: &AsyncPgConnection,
    dataset: &'static Dataset,
    codes: Vec<String>,
    release: i32,
    ever: bool,
) -> QueryResult<Vec<String>> {
    RunQueryDsl::load(Missing { dataset, codes, release, ever }, &mut connection).await
}

/// The codes closest to one that does not exist: rows of that name first, then codes that look like it.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn closest(
    connection: &AsyncPgConnection,
    dataset: &'static Dataset,
    code: String,
    release: i32,
) -> QueryResult<Vec<String>> {
    if dataset.has_joined_code() {
        return beginning(connection, dataset, &code, release).await;
    }
    if dataset.field("code").is_none() {
        return Ok(Vec::new());
    }
    let table = dataset.name;
    let visible = fragments::of_release("t", "$2");
    let named = match dataset.field("name") {
        Some(_) => format!(
            "(SELECT t.code, 0::real AS distance FROM \"{table}\" t WHERE fold(t.name) = fold($1) AND {visible} LIMIT $3) UNION ALL "
        ),
        None => String::new(),
    };
    let query = format!(
        "SELECT code FROM ({named}(SELECT t.code, (t.code || '') <-> $1 FROM \"{table}\" t WHERE {visible} ORDER BY (t.code || '') <-> $1 LIMIT $3)) \
         AS near(code, distance) WHERE distance < 0.8 GROUP BY code ORDER BY min(distance), code LIMIT $3"
    );
    proposed(connection, query, &code, release).await
}

/// The first codes that begin with the same part as one whose key has several fields.
async fn beginning(
    connection: &AsyncPgConnection,
    dataset: &'static Dataset,
    code: &str,
    release: i32,
) -> QueryResult<Vec<String>> {
    let joined = code_of(dataset, "t");
    let (table, first, keys) = (dataset.name, dataset.key[0], dataset.key.join("\", t.\""));
    let query = format!(
        "SELECT {joined} AS code FROM \"{table}\" t WHERE t.\"{first}\" = split_part($1, '~', 1) AND {} \
         ORDER BY NOT starts_with({joined}, $1), t.\"{keys}\" LIMIT $3",
        fragments::of_release("t", "$2")
    );
    proposed(connection, query, code, release).await
}

/// The codes that a query finds for a text ($1), at a release ($2), at most so many ($3).
async fn proposed(mut connection: &AsyncPgConnection, query: String, code: &str, release: i32) -> QueryResult<Vec<String>> {
    let near: Vec<Code> = diesel::sql_query(query)
        .bind::<Text, _>(code)
        .bind::<Integer, _>(release)
        .bind::<diesel::sql_types::BigInt, _>(PROPOSED)
        .load(&mut connection)
        .await?;
    Ok(near.into_iter().map(|row| row.code).collect())
}
