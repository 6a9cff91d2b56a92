//! Owns the conditions of a plan in SQL: filters, scopes, places, the search, and the link that leads to the rows.
//! Must not know what is selected of the rows.

use diesel::sql_types::{Array, Double, Integer, Text};

use super::fragments;
use super::select::Select;
use super::writer::{Out, SqlText, SqlWriter};
use super::{filter, search};
use crate::query::{Condition, Kind, ScopeKind, SpatialFilter, TerritoryScope, Via, Vintages};

impl Select<'_> {
    /// Writes the code of the row that the link starts from.
    pub fn parent<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> Out {
        out.bind::<Text, _>(self.plan.selection.parent.as_ref().expect("a link starts from a row"))
    }

    /// Writes every condition on the alias `t`.
    pub fn conditions<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> Out {
        out.push(" WHERE ");
        self.versions(out)?;
        self.filters(out)?;
        self.territories(out)?;
        if self.plan.selection.search.is_some() {
            out.push(" AND ");
            search::condition(out, self.plan, &self.release, self.approximate)?;
        }
        if let Some(link) = self.plan.selection.context.link {
            self.link(out, &link.via)?;
        }
        Ok(())
    }

    /// Writes the filters, each with an `AND` before it: what a row says by itself.
    pub fn filters<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> Out {
        for condition in
            self.plan.selection.conditions.iter().filter(|c| self.without.is_none_or(|field| !std::ptr::eq(c.field, field)))
        {
            out.push(" AND ");
            self.condition(out, condition)?;
        }
        Ok(())
    }

    /// Writes the scopes and places, each with an `AND` before it: what the geography of the release says of a row.
    pub fn territories<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> Out {
        for scope in &self.plan.selection.scopes {
            out.push(" AND ");
            self.scope(out, scope)?;
        }
        for place in &self.plan.selection.spatial {
            out.push(" AND ");
            self.place(out, place)?;
        }
        Ok(())
    }

    /// Writes which versions of the rows are meant.
    fn versions<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> Out {
        let Some(vintages) = self.plan.selection.vintages else { return out.visible("t", &self.release) };
        out.push("t.first_release <= ");
        out.bind::<Integer, _>(&self.release)?;
        let other = match vintages {
            Vintages::All => return Ok(()),
            Vintages::First => {
                out.push(" AND NOT EXISTS (");
                "e.first_release < t.first_release"
            }
            Vintages::Revised => {
                // Rows that were revised are among the few that have a version which has ended; those are found first.
                out.push(" AND (");
                out.list(self.dataset().key_fields(), fragments::column)?;
                out.push(") IN (SELECT ");
                out.list(self.dataset().key_fields(), |out, field| out.identifier(field.name))?;
                out.push(" FROM ");
                out.identifier(self.dataset().name)?;
                out.push(" WHERE last_release < ");
                out.bind::<Integer, _>(&self.release)?;
                out.push(") AND EXISTS (");
                "ROW(e.value, e.statuses) IS DISTINCT FROM ROW(t.value, t.statuses)"
            }
        };
        fragments::versions(out, self.dataset())?;
        out.push("e.first_release <= ");
        out.bind::<Integer, _>(&self.release)?;
        out.push(" AND ");
        out.push(other);
        out.push(")");
        Ok(())
    }

    fn place<'b>(&'b self, out: &mut SqlWriter<'_, 'b>, place: &'b SpatialFilter) -> Out {
        let field = self.dataset().territory_field().expect("only datasets with territories have places");
        fragments::column(out, field)?;
        out.push(if field.is_list() { " && ARRAY(" } else { " IN (" });
        out.push("SELECT g.territory_code FROM contours g WHERE contour_box(g.west, g.south, g.east, g.north) && box(point(");
        let (first, second) = match place {
            SpatialFilter::Bbox([west, south, east, north]) => ((west, south), (east, north)),
            SpatialFilter::Point([longitude, latitude]) => ((longitude, latitude), (longitude, latitude)),
        };
        out.list([first.0, first.1], |out, degrees| out.bind::<Double, _>(degrees))?;
        out.push("), point(");
        out.list([second.0, second.1], |out, degrees| out.bind::<Double, _>(degrees))?;
        out.push(")) AND ");
        if let SpatialFilter::Point([longitude, latitude]) = place {
            out.push("contour_holds(g.contour, ");
            out.list([longitude, latitude], |out, degrees| out.bind::<Double, _>(degrees))?;
            out.push(") AND ");
        }
        out.visible("g", &self.release)?;
        out.push(")");
        Ok(())
    }

    fn condition<'b>(&'b self, out: &mut SqlWriter<'_, 'b>, condition: &'b Condition) -> Out {
        if !matches!(condition.field.kind, Kind::JoinedCode) {
            return filter::write(out, condition, self.plan.is_selective());
        }
        out.push("(");
        for (at, code) in self.codes.iter().enumerate() {
            out.push(if at > 0 { " OR (" } else { "(" });
            for (part, (field, text)) in code.iter().enumerate() {
                out.push(if part > 0 { " AND " } else { "" });
                fragments::column(out, field)?;
                out.push(" = ");
                out.bind::<Text, _>(text)?;
                out.push(if matches!(field.kind, Kind::Date) { "::date" } else { "" });
            }
            out.push(")");
        }
        out.push(")");
        Ok(())
    }

    fn scope<'b>(&'b self, out: &mut SqlWriter<'_, 'b>, scope: &'b TerritoryScope) -> Out {
        let field = self.dataset().territory_field().expect("only datasets with territories have scopes");
        let day = self.plan.selection.geography.as_ref();
        fragments::column(out, field)?;
        out.push(match (field.is_list(), day) {
            (true, _) => " && ARRAY(",
            (false, None) => " IN (",
            // The planner takes the few codes that it expects of a day for so few that it would look them up row by row.
            (false, Some(_)) => " = ANY(ARRAY(",
        });
        out.push("SELECT s.contained_code FROM ");
        fragments::of_day(out, "containments", day, &self.release)?;
        out.push(" s WHERE s.container_code = ANY(");
        out.bind::<Array<Text>, _>(&scope.territories)?;
        out.push(if scope.kind == ScopeKind::Within { ") AND s.share = 1 AND " } else { ") AND " });
        out.visible("s", &self.release)?;
        out.push(if field.is_list() || day.is_none() { ")" } else { "))" });
        Ok(())
    }

    /// Writes that a row opened by the release, of whichever dataset, names this one.
    fn opened<'b>(&'b self, out: &mut SqlWriter<'_, 'b>) -> Out {
        let target = self.dataset().name;
        out.push(" AND (false");
        for dataset in self.plan.selection.context.registry {
            let naming = dataset.columns().filter(|field| matches!(field.kind, Kind::Reference(name) if name == target));
            for field in naming {
                out.push(" OR (SELECT min(h.first_release) FROM ");
                out.identifier(dataset.name)?;
                out.push(" h WHERE h.");
                out.identifier(field.name)?;
                out.push(" = t.code AND h.first_release >= ");
                out.bind::<Integer, _>(&self.opened_by)?;
                // Not as EXISTS, which the planner would rather answer by reading all rows of the release.
                out.push(") = ");
                out.bind::<Integer, _>(&self.opened_by)?;
            }
        }
        out.push(")");
        Ok(())
    }

    fn link<'b>(&'b self, out: &mut SqlWriter<'_, 'b>, via: &'static Via) -> Out {
        match via {
            // The join, or the conditions on the key, have found them.
            Via::Containment(_) | Via::Versions => Ok(()),
            Via::Fields(names) => {
                let fields = names.iter().filter_map(|name| self.dataset().field(name));
                for (at, field) in fields.enumerate() {
                    out.push(if at > 0 { " OR " } else { " AND (" });
                    if field.is_list() {
                        self.parent(out)?;
                        out.push(" = ANY(");
                        fragments::column(out, field)?;
                        out.push(")");
                    } else {
                        fragments::column(out, field)?;
                        out.push(" = ");
                        self.parent(out)?;
                    }
                }
                out.push(")");
                Ok(())
            }
            Via::Opened => self.opened(out),
            Via::Through { field, through, by } => {
                out.push(" AND t.");
                out.identifier(field)?;
                out.push(" IN (SELECT h.code FROM ");
                out.identifier(through)?;
                out.push(" h WHERE h.");
                out.identifier(by)?;
                out.push(" = ");
                self.parent(out)?;
                out.push(" AND ");
                out.visible("h", &self.release)?;
                out.push(")");
                Ok(())
            }
        }
    }
}
