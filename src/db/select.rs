//! Owns the reading of rows: one SELECT made from a plan, a release and the field table.
//! Must not know where the plan came from nor what becomes of the rows.

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Text, Untyped};

use super::sql::{self, Out, Row};
use super::{filter, keyset};
use crate::query::{Condition, Dataset, Direction, Field, Kind, Plan, Scope, ScopeKind, Via};

/// What is selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// The rows of a page, and one more if there is a next page.
    Page,
    /// The number of all rows.
    Count,
}

/// A plan, at a release, as SQL.
#[derive(Debug)]
pub struct Select<'a> {
    plan: &'a Plan,
    release: i32,
    shape: Shape,
    rows: i64,
    codes: Vec<Vec<(&'static Field, String)>>,
}

impl<'a> Select<'a> {
    /// The rows of the page, and one more if there is a next page.
    pub fn page(plan: &'a Plan, release: i32) -> Self {
        Self::new(plan, release, Shape::Page)
    }

    /// The number of all rows, as a single cell.
    pub fn count(plan: &'a Plan, release: i32) -> Self {
        Self::new(plan, release, Shape::Count)
    }

    fn new(plan: &'a Plan, release: i32, shape: Shape) -> Self {
        let dataset = plan.context.dataset;
        let joined = plan.conditions.iter().filter(|c| matches!(c.field.kind, Kind::JoinedCode));
        let codes = joined.flat_map(|c| c.values.iter().filter_map(|code| dataset.split_code(code))).collect();
        Self { plan, release, shape, rows: plan.limit + 1, codes }
    }

    fn dataset(&self) -> &'static Dataset {
        self.plan.context.dataset
    }

    /// Whether few texts of this form exist, so that a prepared statement for each may be kept.
    fn is_common(&self) -> bool {
        self.plan.conditions.len() <= 1
            && self.plan.scopes.len() <= 1
            && self.codes.len() <= 1
            && self.plan.sort.len() == self.dataset().key.len()
            && self
                .plan
                .sort
                .iter()
                .zip(self.dataset().key)
                .all(|(term, key)| term.field.name == *key && !term.descending && !term.folded)
    }

    fn from<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> Out {
        out.push_sql(" FROM ");
        out.push_identifier(self.dataset().name)?;
        out.push_sql(" t");
        if let Some(Via::Containment(direction)) = self.plan.context.link.map(|link| &link.via) {
            let (outer, inner) = ("container_code", "contained_code");
            let (here, there) = if *direction == Direction::Ancestors { (inner, outer) } else { (outer, inner) };
            out.push_sql(" JOIN containments l ON l.");
            out.push_sql(there);
            out.push_sql(" = t.code AND l.");
            out.push_sql(here);
            out.push_sql(" = ");
            self.parent(out)?;
            out.push_sql(if *direction == Direction::Members {
                " AND l.direct = 'yes' AND "
            } else {
                " AND l.direct <> 'self' AND "
            });
            sql::visible(out, "l", &self.release)?;
        }
        Ok(())
    }

    fn parent<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> Out {
        out.push_bind_param::<Text, _>(self.plan.parent.as_ref().expect("a link starts from a row"))
    }

    fn conditions<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> Out {
        out.push_sql(" WHERE ");
        sql::visible(out, "t", &self.release)?;
        for condition in &self.plan.conditions {
            out.push_sql(" AND ");
            self.condition(out, condition)?;
        }
        for scope in &self.plan.scopes {
            out.push_sql(" AND ");
            self.scope(out, scope)?;
        }
        if let Some(link) = self.plan.context.link {
            self.link(out, &link.via)?;
        }
        Ok(())
    }

    fn condition<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>, condition: &'b Condition) -> Out {
        if !matches!(condition.field.kind, Kind::JoinedCode) {
            return filter::write(out, condition);
        }
        out.push_sql("(");
        for (at, code) in self.codes.iter().enumerate() {
            out.push_sql(if at > 0 { " OR (" } else { "(" });
            for (part, (field, text)) in code.iter().enumerate() {
                out.push_sql(if part > 0 { " AND " } else { "" });
                sql::column(out, field)?;
                out.push_sql(" = ");
                out.push_bind_param::<Text, _>(text)?;
            }
            out.push_sql(")");
        }
        out.push_sql(")");
        Ok(())
    }

    fn scope<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>, scope: &'b Scope) -> Out {
        let field = self.dataset().territory_field().expect("only datasets with territories have scopes");
        sql::column(out, field)?;
        out.push_sql(if field.is_list() { " && ARRAY(" } else { " IN (" });
        out.push_sql("SELECT s.contained_code FROM containments s WHERE s.container_code = ANY(");
        out.push_bind_param::<Array<Text>, _>(&scope.territories)?;
        out.push_sql(if scope.kind == ScopeKind::Within { ") AND s.share = 1 AND " } else { ") AND " });
        sql::visible(out, "s", &self.release)?;
        out.push_sql(")");
        Ok(())
    }

    fn link<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>, via: &'static Via) -> Out {
        match via {
            Via::Containment(_) => Ok(()),
            Via::Fields(names) => {
                let fields = names.iter().filter_map(|name| self.dataset().field(name));
                for (at, field) in fields.enumerate() {
                    out.push_sql(if at > 0 { " OR " } else { " AND (" });
                    if field.is_list() {
                        self.parent(out)?;
                        out.push_sql(" = ANY(");
                        sql::column(out, field)?;
                        out.push_sql(")");
                    } else {
                        sql::column(out, field)?;
                        out.push_sql(" = ");
                        self.parent(out)?;
                    }
                }
                out.push_sql(")");
                Ok(())
            }
            Via::Through { field, through, by } => {
                out.push_sql(" AND t.");
                out.push_identifier(field)?;
                out.push_sql(" IN (SELECT h.code FROM ");
                out.push_identifier(through)?;
                out.push_sql(" h WHERE h.");
                out.push_identifier(by)?;
                out.push_sql(" = ");
                self.parent(out)?;
                out.push_sql(" AND ");
                sql::visible(out, "h", &self.release)?;
                out.push_sql(")");
                Ok(())
            }
        }
    }
}

impl QueryFragment<Pg> for Select<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if !self.is_common() {
            out.unsafe_to_cache_prepared();
        }
        out.push_sql("SELECT ");
        match self.shape {
            Shape::Count => out.push_sql("count(*)::text"),
            Shape::Page => sql::list(&mut out, self.plan.context.fields(), |out, field| {
                sql::text(out, self.dataset(), field, &self.release)
            })?,
        }
        self.from(&mut out)?;
        self.conditions(&mut out)?;
        if self.shape == Shape::Page {
            if let Some(position) = &self.plan.after {
                keyset::after(&mut out, &self.plan.sort, &position.values)?;
            }
            out.push_sql(" ORDER BY ");
            keyset::order(&mut out, &self.plan.sort)?;
            out.push_sql(" LIMIT ");
            out.push_bind_param::<BigInt, _>(&self.rows)?;
        }
        Ok(())
    }
}

impl QueryId for Select<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Select<'_> {
    type SqlType = Untyped;
}

/// Reads the rows of a query.
///
/// # Errors
/// The database's.
pub async fn load(mut connection: &diesel_async::AsyncPgConnection, select: Select<'_>) -> QueryResult<Vec<Row>> {
    diesel_async::RunQueryDsl::load(select, &mut connection).await
}
