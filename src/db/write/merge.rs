//! Owns the merge of staged rows into a dataset: which rows they add, change and withdraw, and the list of changes.
//! Must not know where the rows come from.

use super::merge_target::MergeTarget;
use super::staging::{RowLocation, Stage, place};
use crate::db::DbError;
use crate::db::connection::config::{Row, ToSql};
use crate::db::sql::{derivations, text};
use crate::publication::{ChangedRow, Effect};
use crate::query::{Dataset, Shape};

/// The most changes of a dataset that are listed.
const SHOWN: usize = 20;

/// The rows that a file replaces: those with one of these values in each of these fields.
pub type ReplaceScope = Vec<(&'static str, Vec<String>)>;

impl Stage<'_, '_> {
    /// Adds and changes rows as they are staged, in release `number`. Withdraws current rows that lie in one of the scopes and
    /// are not staged. A scope without fields is the whole dataset.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached or refuses a statement.
    pub async fn merge(&self, number: i32, scopes: &[ReplaceScope]) -> Result<Effect, DbError> {
        self.number_series().await?;
        let (staged, target) = (self.dataset.name, MergeTarget::of(self.dataset));
        let (table, columns, theirs, ours) = (target.table(), target.columns(), target.theirs(), target.ours());
        let (same, order) = (target.same(), target.order());
        let close = format!("UPDATE \"{table}\" t SET last_release = {}", number - 1);
        let count =
            format!("SELECT count(*) FROM stage_{staged} t WHERE {}", derivations::published(self.dataset).unwrap_or("true"));
        let count: i64 = self.transaction.query_one(&count, &[]).await?.get(0);
        let changed = format!(
            "{close} FROM stage_{staged} s WHERE t.last_release IS NULL AND {same} AND ROW({ours}) IS DISTINCT FROM ROW({theirs})"
        );
        let changed = self.write(&changed, &[]).await?;
        let mut withdrawn = 0;
        for scope in scopes {
            let conditions = target.in_scope(&scope.iter().map(|(field, _)| *field).collect::<Vec<_>>());
            let values: Vec<&(dyn ToSql + Sync)> = scope.iter().map(|(_, values)| values as &(dyn ToSql + Sync)).collect();
            let gone = format!(
                "{close} WHERE t.last_release IS NULL{conditions} AND NOT EXISTS (SELECT 1 FROM stage_{staged} s WHERE {same})"
            );
            withdrawn += self.write(&gone, &values).await?;
        }
        let opened = format!(
            "INSERT INTO \"{table}\" AS t ({columns}, first_release) SELECT {theirs}, {number} FROM stage_{staged} s \
             WHERE NOT EXISTS (SELECT 1 FROM \"{table}\" t WHERE t.last_release IS NULL AND {same}) ORDER BY {order}"
        );
        let opened = self.write(&opened, &[]).await?;
        let count = u64::try_from(count).unwrap_or_default();
        let dataset = staged.to_owned();
        Ok(Effect { dataset, added: opened - changed, changed, withdrawn, unchanged: count - opened })
    }

    /// Runs a statement that writes to the table with the alias `t`. Returns how many of its rows are rows of the dataset.
    async fn write(&self, statement: &str, values: &[&(dyn ToSql + Sync)]) -> Result<u64, DbError> {
        let Some(condition) = derivations::published(self.dataset) else {
            return Ok(self.transaction.execute(statement, values).await?);
        };
        let counted = format!("WITH t AS ({statement} RETURNING t.*) SELECT count(*) FROM t WHERE {condition}");
        let rows: i64 = self.transaction.query_one(&counted, values).await?.get(0);
        Ok(u64::try_from(rows).unwrap_or_default())
    }

    /// The changed rows of a release that has just been merged, the largest change first.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached or refuses a statement.
    pub async fn changes(&self, number: i32) -> Result<Vec<ChangedRow>, DbError> {
        let target = MergeTarget::of(self.dataset);
        let fields: Vec<String> = self
            .dataset
            .columns()
            .filter(|field| target.varies(field))
            .map(|field| format!("CASE WHEN {1} IS DISTINCT FROM s.\"{0}\" THEN '{0}' END", field.name, target.value_of(field)))
            .collect();
        let figure = figure(self.dataset);
        let (before, after) =
            figure.map_or(("NULL".into(), "NULL".into()), |f| (format!("t.\"{f}\"::text"), format!("s.\"{f}\"::text")));
        let order = figure.map_or(String::new(), |f| format!("{} DESC NULLS LAST, ", jump(f)));
        let query = format!(
            "SELECT {code}, array_remove(ARRAY[{fields}], NULL), {before}, {after} {from} ORDER BY {order}1 LIMIT {SHOWN}",
            code = text::code_of(self.dataset, "s"),
            fields = fields.join(", "),
            from = self.changed(number)
        );
        let rows = self.transaction.query(&query, &[]).await?;
        let change = |row: &Row| ChangedRow {
            dataset: self.dataset.name.to_owned(),
            code: row.get(0),
            fields: row.get(1),
            before: row.get(2),
            after: row.get(3),
        };
        Ok(rows.iter().map(change).collect())
    }

    /// The figures that a release changed by more than a share of their former value, the largest change first, each with its
    /// former value; and how many there are.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached or refuses a statement.
    pub async fn jumps(&self, number: i32, share: f64) -> Result<(Vec<(RowLocation, String)>, u64), DbError> {
        let Some(figure) = figure(self.dataset) else { return Ok((Vec::new(), 0)) };
        let query = format!(
            "SELECT s.origin, s.line, s.cell, s.\"{figure}\"::text, t.\"{figure}\"::text, count(*) OVER () {from} AND {jump} > $1 \
             ORDER BY {jump} DESC, s.origin, s.line, s.cell LIMIT {SHOWN}",
            from = self.changed(number),
            jump = jump(figure)
        );
        let rows = self.transaction.query(&query, &[&share]).await?;
        let count = rows.first().map_or(0, |row| u64::try_from(row.get::<_, i64>(5)).unwrap_or_default());
        Ok((rows.iter().map(|row| (place(row), row.get(4))).collect(), count))
    }

    /// The staged rows joined with the rows that they closed.
    fn changed(&self, number: i32) -> String {
        let target = MergeTarget::of(self.dataset);
        format!(
            "FROM stage_{} s JOIN \"{}\" t ON {} WHERE t.last_release = {}",
            self.dataset.name,
            target.table(),
            target.same(),
            number - 1
        )
    }
}

/// The field that holds the figure.
fn figure(dataset: &Dataset) -> Option<&'static str> {
    match dataset.shape {
        Shape::Observations => Some("value"),
        Shape::Money => Some("amount_eur"),
        Shape::Plain => None,
    }
}

/// The change of a figure as a share of its former value.
fn jump(figure: &str) -> String {
    format!("(abs(s.\"{figure}\" - t.\"{figure}\") / greatest(abs(t.\"{figure}\"), 0.000001))::float8")
}
