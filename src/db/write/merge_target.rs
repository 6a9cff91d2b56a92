//! Owns where staged rows are merged: the table with their versions, and how its columns follow from the staged ones.
//! Must not know what a merge does.

use super::staging::Stage;
use crate::db::DbError;
use crate::query::{Dataset, Field, Storage};

/// The table that staged rows are merged into, in SQL: its rows have the alias `t`, the staged rows the alias `s`.
pub struct MergeTarget {
    dataset: &'static Dataset,
    /// The columns that a merge writes, without the releases, in order.
    columns: Vec<String>,
    /// The values of these columns, of a staged row.
    values: Vec<String>,
    /// The columns that identify a row, in the order of an index.
    key: Vec<String>,
}

impl MergeTarget {
    /// The target of a dataset. The staged rows need the numbers of their series ([`Stage::number_series`]), if they have series.
    pub fn of(dataset: &'static Dataset) -> Self {
        let quoted = |name: &str| format!("\"{name}\"");
        let staged = |name: &str| format!("s.\"{name}\"");
        match dataset.storage {
            Storage::Table => {
                let names: Vec<&str> = dataset.columns().map(|field| field.name).collect();
                Self {
                    dataset,
                    columns: names.iter().map(|name| quoted(name)).collect(),
                    values: names.iter().map(|name| staged(name)).collect(),
                    key: dataset.key.iter().map(|name| quoted(name)).collect(),
                }
            }
            Storage::Series { .. } => {
                let own: Vec<&Field> = dataset.columns().filter(|field| !dataset.is_series_field(field)).collect();
                let value = |field: &&Field| match field.is_list() {
                    true => format!("array_to_string(s.\"{}\", ',')", field.name),
                    false => staged(field.name),
                };
                let number = || std::iter::once("series_id");
                Self {
                    dataset,
                    columns: number().map(quoted).chain(own.iter().map(|field| quoted(field.name))).collect(),
                    values: number().map(staged).chain(own.iter().map(value)).collect(),
                    key: number().chain(PERIOD_OF_SERIES).map(quoted).collect(),
                }
            }
        }
    }

    /// The table.
    pub fn table(&self) -> &'static str {
        self.dataset.versions_table()
    }

    /// The columns that a merge writes.
    pub fn columns(&self) -> String {
        self.columns.join(", ")
    }

    /// The values of the columns, of a row of the table.
    pub fn ours(&self) -> String {
        self.columns.iter().map(|column| format!("t.{column}")).collect::<Vec<_>>().join(", ")
    }

    /// The values of the columns, of a staged row.
    pub fn theirs(&self) -> String {
        self.values.join(", ")
    }

    /// The condition that a row of the table is a version of a staged row.
    pub fn same(&self) -> String {
        self.key.iter().map(|column| format!("t.{column} = s.{column}")).collect::<Vec<_>>().join(" AND ")
    }

    /// The order in which rows are inserted: that of the key, so that rows that are read together lie together.
    pub fn order(&self) -> String {
        self.key.iter().map(|column| format!("s.{column}")).collect::<Vec<_>>().join(", ")
    }

    /// Whether a version can differ from another version of the same row in this field.
    pub fn varies(&self, field: &Field) -> bool {
        !matches!(self.dataset.storage, Storage::Series { .. }) || !self.dataset.is_series_field(field)
    }

    /// The expression of a field of a row of the table, as the column of the staged rows has it.
    pub fn value_of(&self, field: &Field) -> String {
        match self.dataset.storage {
            Storage::Series { .. } if field.is_list() => format!("string_to_array(t.\"{}\", ',')", field.name),
            _ => format!("t.\"{}\"", field.name),
        }
    }

    /// The conditions that the fields of a row of the table have one of some values, each after an AND. The values of the field at
    /// index `n` are the parameter `n + 1`, an array of texts.
    pub fn in_scope(&self, fields: &[&str]) -> String {
        let (mut own, mut of_series) = (String::new(), String::new());
        for (name, at) in fields.iter().zip(1..) {
            let condition = format!("\"{name}\"::text = ANY(${at})");
            match self.dataset.field(name).is_some_and(|field| self.varies(field)) {
                true => own.push_str(&format!(" AND t.{condition}")),
                false => of_series.push_str(&format!(" AND r.{condition}")),
            }
        }
        match self.dataset.storage {
            Storage::Series { series, .. } if !of_series.is_empty() => {
                format!(" AND t.series_id IN (SELECT r.id FROM \"{series}\" r WHERE true{of_series}){own}")
            }
            _ => own,
        }
    }
}

/// The columns of a row that identify it within its series, in the order of the index.
const PERIOD_OF_SERIES: [&str; 3] = ["period_end", "period_start", "period"];

impl Stage<'_, '_> {
    /// Gives each staged row the number of its series, for a dataset whose rows have series. Series without a row get a number, the
    /// next ones in the order of the key. Needs the lock of publications, so that no number is given twice.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached or refuses a statement.
    pub async fn number_series(&self) -> Result<(), DbError> {
        let Storage::Series { series, .. } = self.dataset.storage else { return Ok(()) };
        let table = self.dataset.name;
        let fields: Vec<&str> =
            self.dataset.key_fields().filter(|field| self.dataset.is_series_field(field)).map(|field| field.name).collect();
        let list = |alias: &str| fields.iter().map(|name| format!("{alias}\"{name}\"")).collect::<Vec<_>>().join(", ");
        let same = fields.iter().map(|name| format!("r.\"{name}\" = s.\"{name}\"")).collect::<Vec<_>>().join(" AND ");
        let new = format!(
            "INSERT INTO \"{series}\" (id, {names}) \
             SELECT (SELECT coalesce(max(id), 0) FROM \"{series}\") + row_number() OVER (ORDER BY {staged}), {staged} \
             FROM (SELECT DISTINCT {names} FROM stage_{table}) s \
             WHERE NOT EXISTS (SELECT FROM \"{series}\" r WHERE {same}) ORDER BY {staged}",
            names = list(""),
            staged = list("s."),
        );
        self.run(&new).await?;
        // A new table takes less than an update, which leaves each row twice.
        self.run(&format!(
            "CREATE TEMP TABLE numbered_{table} ON COMMIT DROP AS SELECT r.id AS series_id, s.* FROM stage_{table} s JOIN \"{series}\" r ON {same}; \
             DROP TABLE stage_{table}; ALTER TABLE numbered_{table} RENAME TO stage_{table}; ANALYZE stage_{table}"
        ))
        .await
    }
}
