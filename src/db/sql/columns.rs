//! Owns the check that columns named in the text of a statement are there: where Diesel cannot write a statement, a renamed
//! column still does not compile.
//! Must not know any statement.

/// Refuses to compile unless each table has its columns, as [`crate::db::schema`] describes them.
macro_rules! columns {
    ($($table:ident { $($column:ident),* $(,)? })*) => {
        $($(const _: $table::$column = $table::$column;)*)*
    };
}

pub(crate) use columns;
