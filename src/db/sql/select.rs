//! Owns the reading of rows: one SELECT made from a plan, a release and the field table.
//! Must not know where the plan came from nor what becomes of the rows.

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Untyped};

use super::fragments::{self, Fetched};
use super::keyset::Order;
use super::latest_observations;
use super::references::LookUp;
use super::search;
use super::writer::{Out, SqlText, SqlWriter, statement};
use crate::query::model::column::CellSource;
use crate::query::{Column, Condition, Dataset, Direction, Field, Kind, Operator, Plan, Row, Via};

/// The most fields of the key by which series are usually chosen: an indicator, territories, and one more.
const SERIES: usize = 3;

/// What is selected.
#[derive(Clone, Copy, Debug)]
enum Shape {
    /// Rows in order.
    Rows,
    /// The number of all rows, counted no further than this.
    Count(Option<i64>),
    /// The values of a field, with the number of rows of each.
    Facet(&'static Field),
}

/// A plan, at a release, as SQL.
#[derive(Debug)]
pub struct Select<'a> {
    pub plan: &'a Plan,
    pub release: i32,
    pub approximate: bool,
    shape: Shape,
    after: Option<&'a [Option<String>]>,
    most: i64,
    columns: Vec<Column>,
    corrections: bool,
    pub without: Option<&'static Field>,
    pub codes: Vec<Vec<(&'static Field, String)>>,
    /// The release that a link starts from; 0, which is none, when it starts from something else.
    pub opened_by: i32,
}

impl<'a> Select<'a> {
    /// The rows of the page, and one more if there is a next page.
    pub fn page(plan: &'a Plan, release: i32, approximate: bool) -> Self {
        let after = plan.reading.after.as_ref().map(|position| position.values.as_slice());
        Self::rows(plan, release, approximate, after, plan.page_limit() + 1)
    }

    /// The same with a last cell beside its columns, which has a value where the row has had versions that were closed.
    pub fn with_corrections(self, corrections: bool) -> Self {
        Self { corrections, ..self }
    }

    /// At most so many rows, after the one with these values of the order's terms.
    pub fn rows(plan: &'a Plan, release: i32, approximate: bool, after: Option<&'a [Option<String>]>, most: i64) -> Self {
        let columns = plan.read_columns();
        Self { after, most, columns, ..Self::new(plan, release, approximate, Shape::Rows) }
    }

    /// The number of all rows, as a single cell, counted no further than the bound.
    pub fn count(plan: &'a Plan, release: i32, approximate: bool, bound: Option<i64>) -> Self {
        Self::new(plan, release, approximate, Shape::Count(bound))
    }

    /// The conditions of a query that gathers rows in a way of its own; filters on one field left out.
    pub fn gathered(plan: &'a Plan, release: i32, approximate: bool, without: Option<&'static Field>) -> Self {
        Self { without, ..Self::new(plan, release, approximate, Shape::Rows) }
    }

    /// The values of a field and the number of rows of each, the most frequent first, at most so many; filters on the
    /// field itself left out.
    pub fn facet(plan: &'a Plan, release: i32, approximate: bool, field: &'static Field, most: i64) -> Self {
        Self { most, without: Some(field), ..Self::new(plan, release, approximate, Shape::Facet(field)) }
    }

    fn new(plan: &'a Plan, release: i32, approximate: bool, shape: Shape) -> Self {
        let dataset = plan.selection.context.dataset;
        let joined = plan.selection.conditions.iter().filter(|c| matches!(c.field.kind, Kind::JoinedCode));
        let codes = joined.flat_map(|c| c.values.iter().filter_map(|code| dataset.split_code(code))).collect();
        let opened_by = plan.selection.parent.as_deref().and_then(|code| code.parse().ok()).unwrap_or(0);
        Self {
            plan,
            release,
            approximate,
            shape,
            after: None,
            most: 0,
            columns: Vec::new(),
            corrections: false,
            without: None,
            codes,
            opened_by,
        }
    }

    /// The dataset of the rows.
    pub fn dataset(&self) -> &'static Dataset {
        self.plan.selection.context.dataset
    }

    /// Whether few texts of this form exist, so that a prepared statement for each may be kept.
    fn is_common(&self) -> bool {
        let plan = self.plan;
        let plain = plan.reading.columns.len() == plan.selection.context.fields().count()
            && plan.reading.columns.iter().zip(plan.selection.context.fields()).all(|(column, field)| column.name == field.name);
        let rows = matches!(self.shape, Shape::Rows | Shape::Count(_)) && plan.selection.search.is_none();
        let key = |condition: &Condition| {
            let simple = matches!(condition.operator, Operator::AnyOf | Operator::In | Operator::StartsWith);
            simple && plan.selection.context.dataset.key.contains(&condition.field.name)
        };
        let series = plan.selection.conditions.len() <= SERIES && plan.selection.conditions.iter().all(key);
        let few = series || (plan.selection.conditions.len() <= 1 && plan.selection.last.is_none());
        let narrow = few && plan.selection.scopes.len() <= 1 && plan.selection.spatial.is_empty() && self.codes.len() <= 1;
        plain && rows && narrow && plan.is_in_key_order()
    }

    /// Writes the rows that the plan selects, as `FROM … WHERE …` of the alias `t`.
    pub fn selected<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> Out {
        let last = match &self.plan.selection.last {
            Some(last) if !self.plan.is_latest_of_series() => last,
            _ => {
                self.from(out)?;
                return self.conditions(out);
            }
        };
        out.push(" FROM (SELECT t.*, row_number() OVER (PARTITION BY ");
        out.list(self.dataset().key_fields().filter(|field| !matches!(field.kind, Kind::Period)), fragments::column)?;
        out.push(" ORDER BY t.period_end DESC, t.period_start DESC, t.period DESC) AS place");
        self.from(out)?;
        self.conditions(out)?;
        out.push(" AND t.value IS NOT NULL) t WHERE t.place <= ");
        out.bind::<BigInt, _>(last)
    }

    fn from<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> Out {
        let direction = match self.plan.selection.context.link.map(|link| &link.via) {
            Some(Via::Containment(direction)) => Some(*direction),
            _ => None,
        };
        out.push(" FROM ");
        match (direction, self.plan.selection.geography) {
            // The planner expects few territories of a day, and would look for each row of an ordered page among them all:
            // behind OFFSET it starts from them.
            (Some(direction), Some(_)) => {
                out.push("(SELECT t.*, l.share FROM ");
                self.table(out)?;
                self.contained(out, direction)?;
                out.push(" OFFSET 0) t CROSS JOIN LATERAL (SELECT t.share) l(share)");
                Ok(())
            }
            (Some(direction), None) => {
                self.table(out)?;
                self.contained(out, direction)
            }
            (None, _) => self.table(out),
        }
    }

    /// Writes the table of the rows, or what stands in its place for a day.
    fn table<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> Out {
        let day = self.plan.selection.geography.as_ref().filter(|_| self.plan.selection.context.holds_territories());
        let kept = self.plan.is_latest_of_series();
        fragments::of_day(out, if kept { latest_observations::TABLE } else { self.dataset().name }, day, &self.release)?;
        out.push(" t");
        Ok(())
    }

    /// Joins what contains the territory that the link starts from, or lies in it.
    fn contained<'b>(&'b self, out: &mut SqlWriter<'_, 'b>, direction: Direction) -> Out {
        let (outer, inner) = ("container_code", "contained_code");
        let (here, there) = if direction == Direction::Ancestors { (inner, outer) } else { (outer, inner) };
        out.push(" JOIN ");
        fragments::of_day(out, "containments", self.plan.selection.geography.as_ref(), &self.release)?;
        out.push(" l ON l.");
        out.push(there);
        out.push(" = t.code AND l.");
        out.push(here);
        out.push(" = ");
        self.parent(out)?;
        out.push(if direction == Direction::Members { " AND l.direct = 'yes' AND " } else { " AND l.direct <> 'self' AND " });
        out.visible("l", &self.release)
    }
}

impl Select<'_> {
    /// Writes the statement.
    fn write<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> Out {
        if !self.is_common() {
            out.uncached();
        }
        match &self.shape {
            Shape::Count(None) => {
                out.push("SELECT count(*)::text");
                self.selected(out)
            }
            Shape::Count(Some(bound)) => {
                out.push("SELECT count(*)::text FROM (SELECT 1");
                self.selected(out)?;
                out.push(" LIMIT ");
                out.bind::<BigInt, _>(bound)?;
                out.push(") counted");
                Ok(())
            }
            Shape::Facet(field) => {
                out.push("SELECT value::text, count(*)::text FROM (SELECT ");
                out.push(if field.is_list() { "unnest(" } else { "(" });
                fragments::column(out, field)?;
                out.push(") AS value");
                self.selected(out)?;
                out.push(") chosen WHERE value IS NOT NULL GROUP BY value ORDER BY count(*) DESC, value LIMIT ");
                out.bind::<BigInt, _>(&self.most)
            }
            Shape::Rows => {
                let look_ups = match self.plan.selection.vintages {
                    Some(_) => LookUp::OfVersion,
                    None => LookUp::of(self.most),
                };
                let order = Order::new(self.plan, &self.release, self.approximate);
                out.push("SELECT ");
                out.list(&self.columns, |out, column| match column.source {
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
                self.selected(out)?;
                if let Some(values) = self.after {
                    out.push(" AND ");
                    order.after(out, values)?;
                }
                out.push(" ORDER BY ");
                order.write(out)?;
                out.push(" LIMIT ");
                out.bind::<BigInt, _>(&self.most)
            }
        }
    }
}

statement!(Select<'_>, Untyped);

/// Reads the rows of a query whose columns are all text.
///
/// # Errors
/// The database's.
pub async fn load<Q>(mut connection: &diesel_async::AsyncPgConnection, query: Q) -> QueryResult<Vec<Row>>
where
    Q: Query<SqlType = Untyped> + QueryFragment<Pg> + QueryId + Send,
{
    let rows: Vec<Fetched> = diesel_async::RunQueryDsl::load(query, &mut connection).await?;
    Ok(rows.into_iter().map(|Fetched(row)| row).collect())
}
