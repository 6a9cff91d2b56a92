//! Owns the checks of rows against the structure of their dataset: boxes around geometries, kinds of territories that contain
//! each other, and references that lead back to their row.
//! Must not know where the rows come from, nor any one dataset.

use super::staging::{Excerpt, PLACE, RowLocation, Stage, place};
use crate::db::DbError;
use crate::db::connection::config::Transaction;
use crate::db::sql::derivations;
use crate::query::{Containment, Dataset, Derivation, Field, Side};

/// How far a side of a bounding box may lie from the geometry, in degrees: published coordinates have five decimals.
const BOX_TOLERANCE: &str = "0.00001";

/// A territory that lies in another whose kind cannot contain it.
#[derive(Debug)]
pub struct ImpossibleContainment {
    /// The staged row; its value is the container's code.
    pub place: RowLocation,
    /// The code and the kind of the part.
    pub part: (String, String),
    /// The kind of the container.
    pub container_kind: String,
}

impl Stage<'_, '_> {
    /// The staged rows whose `side` is not that of the box around their `geometry`, each with the side that it should be.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached or refuses a statement.
    pub async fn wrong_box(
        &self,
        field: &Field,
        (side, geometry): (Side, &str),
    ) -> Result<Excerpt<(RowLocation, String)>, DbError> {
        let (axis, extreme) = match side {
            Side::West => (0, "min"),
            Side::South => (1, "min"),
            Side::East => (0, "max"),
            Side::North => (1, "max"),
        };
        let (table, name) = (self.dataset.name, field.name);
        let query = format!(
            "SELECT {PLACE}, s.\"{name}\"::text, e.side::text FROM stage_{table} s CROSS JOIN LATERAL (\
             SELECT {extreme}((p->>{axis})::numeric) AS side FROM jsonb_path_query(s.\"{geometry}\", \
             (CASE s.\"{geometry}\"->>'type' WHEN 'Polygon' THEN '$.coordinates[*][*]' ELSE '$.coordinates[*][*][*]' END)::jsonpath) p\
             ) e WHERE abs(e.side - s.\"{name}\") > {BOX_TOLERANCE}"
        );
        self.found(&query, &[], |row| (place(row), row.get(4))).await
    }

    /// The current rows that begin, by their date `start`, before the one before them has ended by its date `end`, of those
    /// whose key differs in `start` only. Only what this stage holds is looked at.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached or refuses a statement.
    pub async fn overlapping(&self, start: &str, end: &str) -> Result<Excerpt<RowLocation>, DbError> {
        let table = self.dataset.name;
        let others: Vec<&str> = self.dataset.key.iter().copied().filter(|key| *key != start).collect();
        let list = |alias: &str| others.iter().map(|key| format!("{alias}\"{key}\"")).collect::<Vec<_>>().join(", ");
        let (same, all) = (list("s."), list("t."));
        let query = format!(
            "SELECT {PLACE}, s.\"{start}\"::text FROM stage_{table} s JOIN (SELECT {all}, t.\"{start}\", t.\"{end}\", \
             lead(t.\"{start}\") OVER later AS next, lag(t.\"{end}\") OVER later AS before, \
             lag(t.\"{start}\") OVER later IS NOT NULL AS follows \
             FROM \"{table}\" t WHERE t.last_release IS NULL AND ({all}) IN (SELECT {same} FROM stage_{table} s) \
             WINDOW later AS (PARTITION BY {all} ORDER BY t.\"{start}\")) t ON ({same}, s.\"{start}\") = ({all}, t.\"{start}\") \
             WHERE coalesce(t.next < coalesce(t.\"{end}\", 'infinity'), false) \
             OR t.follows AND coalesce(t.before, 'infinity') > t.\"{start}\""
        );
        self.found(&query, &[], place).await
    }

    /// The rows of `referring` whose `field` names a territory of a kind that cannot contain theirs. Only rows that this stage
    /// holds, or whose territories it holds, are looked at. `territories` are the rows with kinds.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached or refuses a statement.
    pub async fn impossible_containments(
        &self,
        (referring, field): (&'static Dataset, &Field),
        rule: Containment,
        territories: &'static Dataset,
    ) -> Result<Excerpt<ImpossibleContainment>, DbError> {
        let name = field.name;
        let part = rule.part.or(referring.territory).unwrap_or("code");
        let part_code = format!("r.\"{part}\"");
        let (join, kind) = match rule.part {
            Some(_) => (format!("JOIN \"{}\" p ON p.code = {part_code} AND p.last_release IS NULL", territories.name), "p.kind"),
            None => (String::new(), "r.kind"),
        };
        let (table, home) = (self.dataset.name, territories.name);
        // A row is looked at if it is staged, or if one of its territories is: that may have become of another kind.
        let mut staged = Vec::new();
        if referring.name == table {
            staged.push(self.keys(|key| format!("s.\"{key}\" = bad.\"{key}\"")).join(" AND "));
        }
        if home == table {
            staged.push(format!("s.code = bad.\"{name}\""));
            staged.extend(rule.part.map(|part| format!("s.code = bad.\"{part}\"")));
        }
        let joined = staged.iter().map(|same| format!("SELECT {PLACE}, bad.* FROM bad JOIN stage_{table} s ON {same}"));
        let joined: Vec<String> = joined.collect();
        let keys: Vec<String> = referring.key.iter().map(|key| format!("r.\"{key}\"")).collect();
        let named = if referring.key.contains(&name) { String::new() } else { format!(", r.\"{name}\"") };
        let query = format!(
            "WITH bad AS MATERIALIZED (SELECT {}{named}, {part_code} AS part, {kind} AS part_kind, o.kind AS container_kind \
             FROM \"{}\" r JOIN \"{home}\" o ON o.code = r.\"{name}\" AND o.last_release IS NULL {join} \
             WHERE r.last_release IS NULL AND {part_code} <> r.\"{name}\" \
             AND NOT (o.kind = ANY($1) AND (cardinality($2::text[]) = 0 OR {kind} = ANY($2)))) \
             SELECT DISTINCT ON (part, \"{name}\") {PLACE}, \"{name}\", part, part_kind, container_kind \
             FROM ({}) looked_at ORDER BY part, \"{name}\", {PLACE}",
            keys.join(", "),
            referring.name,
            joined.join(" UNION ALL ")
        );
        let (containers, parts) = (rule.containers, rule.parts);
        self.found(&query, &[&containers, &parts], |row| ImpossibleContainment {
            place: place(row),
            part: (row.get("part"), row.get("part_kind")),
            container_kind: row.get("container_kind"),
        })
        .await
    }
}

/// All current references of a field to other rows of its dataset, as pairs of codes.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn references(
    transaction: &Transaction<'_>,
    dataset: &'static Dataset,
    field: &Field,
) -> Result<Vec<(String, String)>, DbError> {
    let (table, name) = (dataset.name, field.name);
    let query = format!("SELECT code, \"{name}\" FROM \"{table}\" WHERE last_release IS NULL AND \"{name}\" IS NOT NULL");
    let rows = transaction.query(&query, &[]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// All pairs of a part and a container, by code, from which a derivation starts.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub async fn ties(transaction: &Transaction<'_>, derivation: Derivation) -> Result<Vec<(String, String)>, DbError> {
    let rows = transaction.query(&derivations::ties(derivation), &[]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}
