//! Owns how staged rows become current: what they add, change and withdraw, and what a reader of the difference wants
//! to see of it.
//! Must not know where the rows come from.

use serde::Serialize;

use super::staging::{Place, Stage, place};
use crate::db::DbError;
use crate::db::connection::config::{Row, ToSql};
use crate::db::sql::codes;
use crate::query::{Dataset, Shape};

/// The most changes that are shown of a dataset.
const SHOWN: usize = 20;

/// What a publication did to a dataset, in rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Rows whose key was not there.
    pub added: u64,
    /// Rows whose key was there with other values.
    pub changed: u64,
    /// Rows closed without another of the same key.
    pub withdrawn: u64,
    /// Rows that were there already.
    pub unchanged: u64,
}

impl Counts {
    /// Whether nothing is other than before.
    pub fn is_nothing(&self) -> bool {
        self.added + self.changed + self.withdrawn == 0
    }
}

/// One change, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The dataset.
    pub dataset: &'static str,
    /// The code of the row.
    pub code: String,
    /// The fields whose values are others.
    pub fields: Vec<String>,
    /// The figure before, where the dataset has figures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The figure now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// The rows that a file stands for: those with one of these values in each of these fields.
pub type Scope = Vec<(&'static str, Vec<String>)>;

impl Stage<'_, '_> {
    /// Adds and changes what the staged rows say, as release `number`; withdraws what lies in one of the scopes and is
    /// staged no longer. A scope without fields is the whole dataset.
    ///
    /// # Errors
    /// The database's.
    pub async fn merge(&self, number: i32, scopes: &[Scope]) -> Result<Counts, DbError> {
        let table = self.dataset.name;
        let (columns, theirs, ours) = (self.columns(""), self.columns("s."), self.columns("t."));
        let same = self.keys(|key| format!("t.\"{key}\" = s.\"{key}\"")).join(" AND ");
        let close = format!("UPDATE \"{table}\" t SET last_release = {}", number - 1);
        let staged: i64 = self.transaction.query_one(&format!("SELECT count(*) FROM stage_{table}"), &[]).await?.get(0);
        let changed = self
            .transaction
            .execute(
                &format!(
                    "{close} FROM stage_{table} s WHERE t.last_release IS NULL AND {same} AND ROW({ours}) IS DISTINCT FROM ROW({theirs})"
                ),
                &[],
            )
            .await?;
        let mut withdrawn = 0;
        for scope in scopes {
            let conditions: String =
                scope.iter().zip(1..).map(|((field, _), at)| format!(" AND t.\"{field}\"::text = ANY(${at})")).collect();
            let values: Vec<&(dyn ToSql + Sync)> = scope.iter().map(|(_, values)| values as &(dyn ToSql + Sync)).collect();
            let gone = format!(
                "{close} WHERE t.last_release IS NULL{conditions} AND NOT EXISTS (SELECT 1 FROM stage_{table} s WHERE {same})"
            );
            withdrawn += self.transaction.execute(&gone, &values).await?;
        }
        let order = self.keys(|key| format!("s.\"{key}\"")).join(", ");
        let opened = self
            .transaction
            .execute(
                &format!(
                    "INSERT INTO \"{table}\" ({columns}, first_release) SELECT {theirs}, {number} FROM stage_{table} s \
                     WHERE NOT EXISTS (SELECT 1 FROM \"{table}\" t WHERE t.last_release IS NULL AND {same}) ORDER BY {order}"
                ),
                &[],
            )
            .await?;
        let staged = u64::try_from(staged).unwrap_or_default();
        Ok(Counts { added: opened - changed, changed, withdrawn, unchanged: staged - opened })
    }

    /// The changes of a release that has just been merged, the largest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn changes(&self, number: i32) -> Result<Vec<Change>, DbError> {
        let fields: Vec<String> = self
            .dataset
            .columns()
            .map(|field| format!("CASE WHEN t.\"{0}\" IS DISTINCT FROM s.\"{0}\" THEN '{0}' END", field.name))
            .collect();
        let figure = figure(self.dataset);
        let (before, after) =
            figure.map_or(("NULL".into(), "NULL".into()), |f| (format!("t.\"{f}\"::text"), format!("s.\"{f}\"::text")));
        let order = figure.map_or(String::new(), |f| format!("{} DESC NULLS LAST, ", jump(f)));
        let query = format!(
            "SELECT {code}, array_remove(ARRAY[{fields}], NULL), {before}, {after} {from} ORDER BY {order}1 LIMIT {SHOWN}",
            code = codes::code_of(self.dataset, "s"),
            fields = fields.join(", "),
            from = self.changed(number)
        );
        let rows = self.transaction.query(&query, &[]).await?;
        let change = |row: &Row| Change {
            dataset: self.dataset.name,
            code: row.get(0),
            fields: row.get(1),
            before: row.get(2),
            after: row.get(3),
        };
        Ok(rows.iter().map(change).collect())
    }

    /// The figures that a release changed by more than a share of what they were, the largest first, with what they
    /// were; and how many there are.
    ///
    /// # Errors
    /// The database's.
    pub async fn jumps(&self, number: i32, share: f64) -> Result<(Vec<(Place, String)>, u64), DbError> {
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

    /// The staged rows beside those that they closed.
    fn changed(&self, number: i32) -> String {
        let table = self.dataset.name;
        let same = self.keys(|key| format!("t.\"{key}\" = s.\"{key}\"")).join(" AND ");
        format!("FROM stage_{table} s JOIN \"{table}\" t ON {same} WHERE t.last_release = {}", number - 1)
    }
}

/// The field whose change counts.
fn figure(dataset: &Dataset) -> Option<&'static str> {
    match dataset.shape {
        Shape::Observations => Some("value"),
        Shape::Money => Some("amount_eur"),
        Shape::Plain => None,
    }
}

/// By which share of what it was a figure changed.
fn jump(figure: &str) -> String {
    format!("(abs(s.\"{figure}\" - t.\"{figure}\") / greatest(abs(t.\"{figure}\"), 0.000001))::float8")
}
