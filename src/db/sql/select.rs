//! Owns the SELECT of a plan: its rows, their number, or the values of a field.
//! Must not know where the plan comes from nor what becomes of the rows.

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Untyped};

use super::fragments;
use super::geography;
use super::keyset::Order;
use super::latest_observations;
use super::references::LookUp;
use super::search;
use super::text_row::TextRow;
use super::writer::{SqlResult, SqlText, SqlWriter, statement};
use super::{binary_cells, filter};
use crate::db::ReadingConnection;
use crate::query::model::column::CellSource;
use crate::query::{Column, Condition, Dataset, Direction, Field, Kind, Plan, Row, Via};

/// The result of a statement.
#[derive(Clone, Copy, Debug)]
enum SelectKind {
    /// Rows in order.
    Rows,
    /// The number of all rows, at most this.
    Count(Option<i64>),
    /// The values of a field, with the number of rows of each.
    Facet(&'static Field),
}

/// The SELECT of a plan at a release.
#[derive(Debug)]
pub struct Select<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The release.
    pub release: i32,
    /// Whether the search matches similar titles, because no row has its words.
    pub approximate: bool,
    kind: SelectKind,
    after: Option<&'a [Option<String>]>,
    limit: i64,
    columns: Vec<Column>,
    /// The positions of the columns that the program fills in.
    left_out: Vec<usize>,
    exported: bool,
    corrections: bool,
    /// The field whose filters are left out.
    pub without: Option<&'static Field>,
    /// The codes of the filters on a joined code, each as its fields and their values.
    pub codes: Vec<Vec<(&'static Field, String)>>,
    /// The ends of the prefixes in conditions.
    pub prefix_ends: Vec<(&'a Condition, String)>,
    /// The release that the link starts from; 0, which no release has, if it starts from another row.
    pub opened_by: i32,
}

impl<'a> Select<'a> {
    /// The rows of a page, and one more if there is a next page. As in every SELECT of rows, cells that are stored come in Postgres's
    /// binary format.
    pub fn page(plan: &'a Plan, release: i32, approximate: bool) -> Self {
        let after = plan.reading.after.as_ref().map(|position| position.values.as_slice());
        Self::rows(plan, release, approximate, after, plan.page_limit() + 1)
    }

    /// Adds a last cell, which has a value if the row has a closed version.
    pub fn with_corrections(self, corrections: bool) -> Self {
        Self { corrections, ..self }
    }

    /// Leaves the cells at these positions empty, because the program fills them in.
    pub fn leaving_out(self, left_out: Vec<usize>) -> Self {
        Self { left_out, ..self }
    }

    /// At most `limit` rows, after the one with these values of the terms of the order.
    pub fn rows(plan: &'a Plan, release: i32, approximate: bool, after: Option<&'a [Option<String>]>, limit: i64) -> Self {
        let columns = plan.read_columns();
        Self { after, limit, columns, ..Self::new(plan, release, approximate, SelectKind::Rows) }
    }

    /// At most `limit` rows of an export at a release, after the one with these values of the terms of the order, without the cells
    /// at the positions for which `fills` holds.
    pub fn export(
        plan: &'a Plan,
        (release, approximate): (i32, bool),
        after: Option<&'a [Option<String>]>,
        limit: i64,
        columns: &[Column],
        fills: impl Fn(usize) -> bool,
    ) -> Self {
        let left_out = (0..columns.len()).filter(|at| fills(*at)).collect();
        let select = Self::new(plan, release, approximate, SelectKind::Rows);
        Self { after, limit, columns: columns.to_vec(), left_out, exported: true, ..select }
    }

    /// The number of all rows as one cell, at most the bound.
    pub fn count(plan: &'a Plan, release: i32, approximate: bool, bound: Option<i64>) -> Self {
        Self::new(plan, release, approximate, SelectKind::Count(bound))
    }

    /// All rows, for a statement that embeds [`Select::from_where`] or the conditions; without the filters on one field.
    pub fn all_rows(plan: &'a Plan, release: i32, approximate: bool, without: Option<&'static Field>) -> Self {
        Self { without, ..Self::new(plan, release, approximate, SelectKind::Rows) }
    }

    /// At most `limit` values of a field with the number of rows of each, the most frequent first, without the filters on the
    /// field.
    pub fn facet(plan: &'a Plan, release: i32, approximate: bool, field: &'static Field, limit: i64) -> Self {
        Self { limit, without: Some(field), ..Self::new(plan, release, approximate, SelectKind::Facet(field)) }
    }

    fn new(plan: &'a Plan, release: i32, approximate: bool, kind: SelectKind) -> Self {
        let dataset = plan.selection.context.dataset;
        let joined = plan.selection.conditions.iter().filter(|c| matches!(c.field.kind, Kind::JoinedCode));
        let codes = joined.flat_map(|c| c.values.iter().filter_map(|code| dataset.split_code(code))).collect();
        let opened_by = plan.selection.parent.as_deref().and_then(|code| code.parse().ok()).unwrap_or(0);
        Self {
            plan,
            release,
            approximate,
            kind,
            after: None,
            limit: 0,
            columns: Vec::new(),
            left_out: Vec::new(),
            exported: false,
            corrections: false,
            without: None,
            codes,
            prefix_ends: plan.selection.conditions.iter().filter_map(|c| Some((c, filter::prefix_end(c)?))).collect(),
            opened_by,
        }
    }

    /// The dataset of the rows.
    pub fn dataset(&self) -> &'static Dataset {
        self.plan.selection.context.dataset
    }

    /// Writes `FROM … WHERE …` of the rows of the plan, with the alias `t`.
    ///
    /// # Errors
    /// Returns an error if a value cannot be bound.
    pub fn from_where<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        let last = match &self.plan.selection.last {
            Some(last) if !self.plan.is_latest_of_series() => last,
            _ => {
                self.from(out)?;
                return self.conditions(out);
            }
        };
        // Of versions, the latest periods are selected with all versions that each has.
        let versions = self.plan.selection.vintages.is_some();
        out.push(" FROM (SELECT t.*, ");
        out.push(if versions { "dense_rank" } else { "row_number" });
        out.push("() OVER (PARTITION BY ");
        out.list(self.dataset().key_fields().filter(|field| !matches!(field.kind, Kind::Period)), fragments::column)?;
        out.push(" ORDER BY t.period_end DESC, t.period_start DESC, t.period DESC) AS recency");
        self.from(out)?;
        self.conditions(out)?;
        out.push(" AND t.value IS NOT NULL) t WHERE t.recency <= ");
        out.bind::<BigInt, _>(last)
    }

    fn from<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        let direction = match self.plan.selection.context.link.map(|link| &link.via) {
            Some(Via::Containment(direction)) => Some(*direction),
            _ => None,
        };
        out.push(" FROM ");
        match (direction, self.plan.selection.geography) {
            // The planner expects few territories of a day and would search them again for each row of an ordered page; OFFSET
            // makes it start from them.
            (Some(direction), Some(_)) => {
                out.push("(SELECT t.*, l.population_share FROM ");
                self.table(out)?;
                self.join(out, direction)?;
                out.push(" OFFSET 0) t CROSS JOIN LATERAL (SELECT t.population_share) l(population_share)");
                Ok(())
            }
            (Some(direction), None) => {
                self.table(out)?;
                self.join(out, direction)
            }
            (None, _) => self.table(out),
        }
    }

    /// Writes the table of the rows, or its function for a day.
    fn table<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        let day = self.plan.selection.geography.as_ref().filter(|_| self.plan.selection.context.holds_territories());
        match self.plan.is_latest_of_series() {
            true => latest_observations::table(out, &self.release)?,
            false => geography::table_on(out, self.dataset().name, day, &self.release)?,
        }
        out.push(" t");
        Ok(())
    }

    /// Writes the join with the containments of the territory that the link starts from.
    fn join<'b>(&'b self, out: &mut SqlWriter<'_, 'b>, direction: Direction) -> SqlResult {
        let day = self.plan.selection.geography.as_ref();
        geography::join_containments(out, direction, day, &self.release, |out| self.parent(out))
    }
}

impl Select<'_> {
    /// Writes the statement.
    fn write<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> SqlResult {
        match &self.kind {
            SelectKind::Count(None) => {
                out.push("SELECT count(*)::text");
                self.from_where(out)
            }
            SelectKind::Count(Some(bound)) => {
                out.push("SELECT count(*)::text FROM (SELECT 1");
                self.from_where(out)?;
                out.push(" LIMIT ");
                out.bind::<BigInt, _>(bound)?;
                out.push(") counted");
                Ok(())
            }
            SelectKind::Facet(field) => {
                out.push("SELECT value::text, count(*)::text FROM (SELECT ");
                out.push(if field.is_list() { "unnest(" } else { "(" });
                fragments::column(out, field)?;
                out.push(") AS value");
                self.from_where(out)?;
                out.push(") selected WHERE value IS NOT NULL GROUP BY value ORDER BY count(*) DESC, value LIMIT ");
                out.bind::<BigInt, _>(&self.limit)
            }
            SelectKind::Rows => {
                let look_ups = match self.plan.selection.vintages {
                    Some(_) => LookUp::OfVersion,
                    None if self.exported => LookUp::Gathered,
                    None => LookUp::of(self.limit),
                };
                let order = Order::new(self.plan, &self.release, self.approximate);
                out.push("SELECT ");
                out.list(self.columns.iter().enumerate(), |out, (at, column)| match column.source {
                    _ if self.left_out.contains(&at) => {
                        binary_cells::left_out(out);
                        Ok(())
                    }
                    CellSource::Field(field) if binary_cells::is_stored(field) => binary_cells::column(out, field),
                    CellSource::Rank => {
                        search::rank(out, self.plan, &self.release, self.approximate)?;
                        out.push("::text");
                        Ok(())
                    }
                    _ => fragments::text(out, self.dataset(), column, &self.release, look_ups),
                })?;
                if self.corrections {
                    out.push(", ");
                    fragments::corrected(out, self.dataset(), &self.release)?;
                }
                self.from_where(out)?;
                if let Some(values) = self.after {
                    out.push(" AND ");
                    order.after(out, values)?;
                }
                out.push(" ORDER BY ");
                order.write(out)?;
                out.push(" LIMIT ");
                out.bind::<BigInt, _>(&self.limit)
            }
        }
    }
}

statement!(Select<'_>, Untyped);

/// Reads the rows of a query whose columns are texts, or of types that [`binary_cells`] reads.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses the query.
pub async fn load<Q>(mut connection: &ReadingConnection, query: Q) -> QueryResult<Vec<Row>>
where
    Q: Query<SqlType = Untyped> + QueryFragment<Pg> + QueryId + Send,
{
    let rows: Vec<TextRow> = diesel_async::RunQueryDsl::load(query, &mut connection).await?;
    Ok(rows.into_iter().map(|TextRow(row)| row).collect())
}
