//! Owns the compile-time check of columns that a statement names in its text: if a column of the schema is renamed, such a
//! statement does not compile either.
//! Must not know any statement.

/// Fails to compile unless each table of [`crate::db::schema`] has the columns.
macro_rules! columns {
    ($($table:ident { $($column:ident),* $(,)? })*) => {
        $($(const _: $table::$column = $table::$column;)*)*
    };
}

pub(crate) use columns;
