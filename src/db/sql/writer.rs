//! Owns the writing of statements. Text is `'static`, names are quoted, and all else is a bind, so that the types keep values
//! of requests and files out of the text.
//! Must not know what a statement reads.

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::AstPass;
use diesel::serialize::ToSql;
use diesel::sql_types::{Array, HasSqlType, Integer, Text};

/// The result of writing SQL.
pub type SqlResult = QueryResult<()>;

/// A destination of SQL text.
pub trait SqlText {
    /// Writes text.
    fn push(&mut self, sql: &'static str);

    /// Writes a quoted name.
    ///
    /// # Errors
    /// Returns an error if the name cannot be quoted.
    fn identifier(&mut self, name: &str) -> SqlResult;

    /// Writes a column of an alias.
    ///
    /// # Errors
    /// Returns an error if the name cannot be quoted.
    fn column(&mut self, alias: &'static str, name: &str) -> SqlResult {
        self.push(alias);
        self.push(".");
        self.identifier(name)
    }
}

/// A Diesel statement under construction.
pub struct SqlWriter<'x, 'b>(AstPass<'x, 'b, Pg>);

impl SqlText for SqlWriter<'_, '_> {
    fn push(&mut self, sql: &'static str) {
        self.0.push_sql(sql);
    }

    fn identifier(&mut self, name: &str) -> SqlResult {
        self.0.push_identifier(name)
    }
}

impl<'x, 'b> SqlWriter<'x, 'b> {
    /// Wraps Diesel's pass over a statement.
    pub fn new(out: AstPass<'x, 'b, Pg>) -> Self {
        Self(out)
    }

    /// Keeps the statement out of the cache of prepared statements, because its text varies from request to request.
    pub fn uncached(&mut self) {
        self.0.unsafe_to_cache_prepared();
    }

    /// Writes a placeholder and binds a value to it.
    ///
    /// # Errors
    /// Returns an error if the value cannot be serialised.
    pub fn bind<S, T>(&mut self, value: &'b T) -> SqlResult
    where
        Pg: HasSqlType<S>,
        T: ToSql<S, Pg> + ?Sized,
    {
        self.0.push_bind_param::<S, T>(value)
    }

    /// Writes the condition that a row of an alias belongs to a release.
    ///
    /// # Errors
    /// Returns an error if the release cannot be bound.
    pub fn visible(&mut self, alias: &'static str, release: &'b i32) -> SqlResult {
        visible(self, alias, |out| out.bind::<Integer, _>(release))
    }

    /// Writes the comparison with any of some codes: `=` for a single one, through which Postgres sees the order of an index.
    ///
    /// # Errors
    /// Returns an error if the codes cannot be bound.
    pub fn any_of(&mut self, codes: &'b Vec<String>) -> SqlResult {
        if let [code] = codes.as_slice() {
            self.push(" = ");
            return self.bind::<Text, _>(code);
        }
        self.push(" = ANY(");
        self.bind::<Array<Text>, _>(codes)?;
        self.push(")");
        Ok(())
    }

    /// Writes items separated by commas.
    ///
    /// # Errors
    /// Returns the error of the first item that cannot be written.
    pub fn list<T>(&mut self, items: impl IntoIterator<Item = T>, mut each: impl FnMut(&mut Self, T) -> SqlResult) -> SqlResult {
        for (at, item) in items.into_iter().enumerate() {
            self.push(if at > 0 { ", " } else { "" });
            each(self, item)?;
        }
        Ok(())
    }
}

/// Writes the condition that a row of an alias belongs to a release: `first_release <= r`, and `last_release` is NULL or
/// `>= r`.
///
/// # Errors
/// Returns an error if the release cannot be written.
pub fn visible<W: SqlText>(out: &mut W, alias: &'static str, mut release: impl FnMut(&mut W) -> SqlResult) -> SqlResult {
    out.push(alias);
    out.push(".first_release <= ");
    release(out)?;
    out.push(" AND (");
    out.push(alias);
    out.push(".last_release IS NULL OR ");
    out.push(alias);
    out.push(".last_release >= ");
    release(out)?;
    out.push(")");
    Ok(())
}

/// Implements Diesel's traits for a type with a method `write`, which writes the statement. `$row` is the SQL type of a row.
macro_rules! statement {
    ($statement:ty, $row:ty) => {
        impl diesel::query_builder::QueryFragment<diesel::pg::Pg> for $statement {
            fn walk_ast<'b>(&'b self, out: diesel::query_builder::AstPass<'_, 'b, diesel::pg::Pg>) -> diesel::QueryResult<()> {
                self.write(&mut $crate::db::sql::writer::SqlWriter::new(out))
            }
        }

        impl diesel::query_builder::QueryId for $statement {
            type QueryId = ();
            const HAS_STATIC_QUERY_ID: bool = false;
        }

        impl diesel::query_builder::Query for $statement {
            type SqlType = $row;
        }
    };
}

pub(crate) use statement;
