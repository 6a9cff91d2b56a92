//! Owns the SQL of the geography: which territories lie in which (`containments`), where they are (`contours`, and the
//! centres of `territories`), and which communes a territory consists of.
//! Must not know which rows belong to a territory.

use chrono::NaiveDate;
use diesel::sql_types::{Array, Date, Double, Integer, Text};

use super::columns::columns;
use super::writer::{SqlResult, SqlText, SqlWriter};
use crate::db::schema::territory_states;
use crate::query::{Direction, Field, ScopeKind, Selection, SpatialFilter, TerritoryScope};

columns! {
    territory_states { territory_code, valid_from, valid_until }
}

const CONTAINMENTS: &str = "containments";
const CONTOURS: &str = "contours";

/// The tables that decide which territories the scopes and places of a selection hold.
pub fn tables(selection: &Selection) -> impl Iterator<Item = &'static str> {
    let scopes = (!selection.scopes.is_empty()).then_some(CONTAINMENTS);
    scopes.into_iter().chain((!selection.spatial.is_empty()).then_some(CONTOURS))
}

/// Writes the name of a table or, with a day, a call of the function `<table>_on`, which returns the rows of that day.
pub fn table_on<'b>(out: &mut SqlWriter<'_, 'b>, table: &str, day: Option<&'b NaiveDate>, release: &'b i32) -> SqlResult {
    let Some(day) = day else { return out.identifier(table) };
    out.identifier(&format!("{table}_on"))?;
    out.push("(");
    out.bind::<Date, _>(day)?;
    out.push(", ");
    out.bind::<Integer, _>(release)?;
    out.push(")");
    Ok(())
}

/// Writes a join, as the alias `l`, with the containments that lead from the territory `parent` to the territories `t`.
pub fn join_containments<'x, 'b>(
    out: &mut SqlWriter<'x, 'b>,
    direction: Direction,
    day: Option<&'b NaiveDate>,
    release: &'b i32,
    parent: impl FnOnce(&mut SqlWriter<'x, 'b>) -> SqlResult,
) -> SqlResult {
    let (container, part) = ("container_code", "part_code");
    let (from, to) = if direction == Direction::Ancestors { (part, container) } else { (container, part) };
    out.push(" JOIN ");
    table_on(out, CONTAINMENTS, day, release)?;
    out.push(" l ON l.");
    out.push(to);
    out.push(" = t.code AND l.");
    out.push(from);
    out.push(" = ");
    parent(out)?;
    out.push(if direction == Direction::Members { " AND l.direct AND " } else { " AND l.container_code <> l.part_code AND " });
    out.visible("l", release)
}

/// The columns of a containment from which a scope starts, and to which it leads.
fn ends(scope: &TerritoryScope) -> (&'static str, &'static str) {
    match scope.kind {
        ScopeKind::Within | ScopeKind::Touching => ("container_code", "part_code"),
        ScopeKind::Covers => ("part_code", "container_code"),
    }
}

/// Writes the condition that a code in a field of the rows `t` named a territory on a day.
pub fn named_on<'b>(out: &mut SqlWriter<'_, 'b>, field: &'static Field, day: &'b NaiveDate, release: &'b i32) -> SqlResult {
    out.push("EXISTS (SELECT 1 FROM territory_states v WHERE v.territory_code = ");
    out.push(if field.is_list() { "ANY(" } else { "" });
    out.column("t", field.name)?;
    out.push(if field.is_list() { ")" } else { "" });
    out.push(" AND v.valid_from <= ");
    out.bind::<Date, _>(day)?;
    out.push(" AND (v.valid_until IS NULL OR v.valid_until > ");
    out.bind::<Date, _>(day)?;
    out.push(") AND ");
    out.visible("v", release)?;
    out.push(")");
    Ok(())
}

/// Writes the SELECT of the codes of the territories in a scope.
pub fn codes_in_scope<'b>(
    out: &mut SqlWriter<'_, 'b>,
    scope: &'b TerritoryScope,
    day: Option<&'b NaiveDate>,
    release: &'b i32,
) -> SqlResult {
    let (from, to) = ends(scope);
    out.push("SELECT s.");
    out.push(to);
    out.push(" FROM ");
    table_on(out, CONTAINMENTS, day, release)?;
    out.push(" s WHERE s.");
    out.push(from);
    out.any_of(&scope.territories)?;
    out.push(if scope.kind == ScopeKind::Touching { " AND " } else { " AND s.population_share = 1 AND " });
    out.visible("s", release)
}

/// Writes the SELECT of the codes of the territories whose contour holds a point or whose bounding box meets a box.
pub fn codes_at_place<'b>(out: &mut SqlWriter<'_, 'b>, place: &'b SpatialFilter, release: &'b i32) -> SqlResult {
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
    out.visible("g", release)
}

/// Writes the SELECT of the codes of the territories for which a row of [`tables`] has changed. `changed` writes that
/// condition on the rows of an alias.
pub fn codes_with_changes<'x, 'b>(
    out: &mut SqlWriter<'x, 'b>,
    selection: &'b Selection,
    changed: impl Fn(&mut SqlWriter<'x, 'b>, &'static str) -> SqlResult,
) -> SqlResult {
    for (at, scope) in selection.scopes.iter().enumerate() {
        out.push(if at > 0 { " UNION ALL " } else { "" });
        let (from, to) = ends(scope);
        out.push("SELECT s.");
        out.push(to);
        out.push(" FROM containments s WHERE s.");
        out.push(from);
        out.any_of(&scope.territories)?;
        out.push(" AND ");
        changed(out, "s")?;
    }
    if !selection.spatial.is_empty() {
        out.push(if selection.scopes.is_empty() { "" } else { " UNION ALL " });
        out.push("SELECT g.territory_code FROM contours g WHERE ");
        changed(out, "g")?;
    }
    Ok(())
}

/// Writes the contour of the territory whose code `code` writes, as GeoJSON text; its centre if it has no contour that can be
/// read.
pub fn contour<'x, 'b>(
    out: &mut SqlWriter<'x, 'b>,
    release: &'b i32,
    code: impl Fn(&mut SqlWriter<'x, 'b>) -> SqlResult,
) -> SqlResult {
    out.push("coalesce((SELECT CASE WHEN contour_is_readable(g.contour) THEN g.contour::text END FROM contours g WHERE g.territory_code = ");
    code(out)?;
    out.push(" AND ");
    out.visible("g", release)?;
    out.push("), ");
    centre(out, release, code)?;
    out.push(")");
    Ok(())
}

/// Writes the centre of the territory whose code `code` writes, as GeoJSON text.
pub fn centre<'x, 'b>(
    out: &mut SqlWriter<'x, 'b>,
    release: &'b i32,
    code: impl Fn(&mut SqlWriter<'x, 'b>) -> SqlResult,
) -> SqlResult {
    out.push(
        "(SELECT '{\"type\":\"Point\",\"coordinates\":[' || p.longitude || ',' || p.latitude || ']}' FROM territories p WHERE p.code = ",
    );
    code(out)?;
    out.push(" AND ");
    out.visible("p", release)?;
    out.push(")");
    Ok(())
}

/// Writes the SELECT of the codes of territories, with each perimeter replaced by its communes; a single territory of any
/// kind is replaced too.
pub fn rollup_members<'b>(out: &mut SqlWriter<'_, 'b>, codes: &'b [String], release: &'b i32) -> SqlResult {
    out.push("SELECT DISTINCT m.code FROM unnest(");
    out.bind::<Array<Text>, _>(codes)?;
    out.push(") AS named(code) JOIN territories n ON n.code = named.code AND ");
    out.visible("n", release)?;
    let replaced = if codes.len() == 1 { "n.kind <> 'commune'" } else { "n.kind = 'perimeter'" };
    out.push(
        " CROSS JOIN LATERAL (SELECT k.code FROM containments s JOIN territories k ON k.code = s.part_code AND k.kind = 'commune' AND k.status = 'current' AND ",
    );
    out.visible("k", release)?;
    out.push(" WHERE s.container_code = n.code AND s.population_share = 1 AND ");
    out.push(replaced);
    out.push(" AND ");
    out.visible("s", release)?;
    out.push(" UNION ALL SELECT n.code WHERE NOT (");
    out.push(replaced);
    out.push(")) m");
    Ok(())
}

/// Writes the SELECT of the pairs of different territories of a named query, one of which contains the other. The named query
/// has the columns `indicator_code` and `territory_code`.
pub fn nested_pairs<'b>(
    out: &mut SqlWriter<'_, 'b>,
    named: &'static str,
    day: Option<&'b NaiveDate>,
    release: &'b i32,
) -> SqlResult {
    out.push("SELECT DISTINCT s.part_code, s.container_code FROM (SELECT DISTINCT t.territory_code FROM ");
    out.push(named);
    out.push(" t) a JOIN ");
    table_on(out, CONTAINMENTS, day, release)?;
    out.push(" s ON s.part_code = a.territory_code AND s.container_code <> a.territory_code AND ");
    out.visible("s", release)?;
    out.push(" WHERE s.container_code IN (SELECT t.territory_code FROM ");
    out.push(named);
    out.push(" t)");
    Ok(())
}
