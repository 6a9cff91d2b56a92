//! `src/db/schema.rs` describes the tables that the migrations make: each table, its primary key, and each column with its
//! type, in order. `diesel print-schema` writes the file; this comparison does not need that program.

use crate::harness::{migrated, with_database};

const SCHEMA: &str = include_str!("../../src/db/schema.rs");

/// Diesel's name for each type of a column.
const TYPES: [(&str, &str); 10] = [
    ("text", "Text"),
    ("int4", "Int4"),
    ("int8", "Int8"),
    ("numeric", "Numeric"),
    ("date", "Date"),
    ("timestamptz", "Timestamptz"),
    ("jsonb", "Jsonb"),
    ("bool", "Bool"),
    ("bytea", "Bytea"),
    ("_text", "Array<Nullable<Text>>"),
];

/// Tables with their primary keys, and columns with types and nullability, as Postgres describes them.
const TABLES: &str = "SELECT c.relname::text, (SELECT string_agg(k.attname, ', ' ORDER BY array_position(i.indkey::int2[], k.attnum)) \
    FROM pg_index i JOIN pg_attribute k ON k.attrelid = c.oid AND k.attnum = ANY (i.indkey) WHERE i.indrelid = c.oid AND i.indisprimary), \
    a.attname::text, t.typname::text, a.attnotnull \
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped JOIN pg_type t ON t.oid = a.atttypid \
    WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace AND c.relname <> '__diesel_schema_migrations' \
    ORDER BY c.relname COLLATE \"C\", a.attnum";

/// The lines of `table!`, without indentation.
fn described() -> Vec<&'static str> {
    let tables = SCHEMA.split("diesel::table! {").skip(1).map(|text| text.split("\n}").next().expect("the end of a table"));
    tables.flat_map(str::lines).map(str::trim).filter(|line| !line.is_empty() && *line != "}").collect()
}

#[test]
fn schema_rs_describes_the_tables_of_the_migrations() {
    let rows = with_database(&migrated(), async |client| client.query(TABLES, &[]).await.expect("the catalogue"));
    let mut expected: Vec<String> = Vec::new();
    let mut table = String::new();
    for row in &rows {
        let (name, key, column, kind): (String, Option<String>, String, String) =
            (row.get(0), row.get(1), row.get(2), row.get(3));
        if name != table {
            let key = key.unwrap_or_else(|| panic!("{name} has no primary key"));
            expected.push(format!("{name} ({key}) {{"));
            table = name;
        }
        let (_, mapped) =
            TYPES.iter().find(|(known, _)| *known == kind).unwrap_or_else(|| panic!("{table}.{column} is of the type {kind}"));
        let required: bool = row.get(4);
        expected.push(if required { format!("{column} -> {mapped},") } else { format!("{column} -> Nullable<{mapped}>,") });
    }
    assert_eq!(described(), expected, "run `diesel print-schema`");
    assert_eq!(expected.iter().filter(|line| line.ends_with('{')).count(), 26);
}
