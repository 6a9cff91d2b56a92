//! Owns the reading of what a figure is compared with: the same figure of the territories around, and its rank among
//! the territories of its kind. Must not know how it is shown.

use diesel::QueryResult;
use diesel::sql_types::{Array, Integer, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::sql::Fetched;
use crate::query::{Plan, Row};

/// The same figure of a territory around.
#[derive(Clone, Debug)]
pub struct Figure {
    /// `parent`, `region` or `country`.
    pub comparator: String,
    /// The territory.
    pub territory_code: String,
    /// The value, if there is one.
    pub value: Option<String>,
    /// How it is hedged.
    pub qualifier: Option<String>,
    /// Its statuses, a JSON array; nothing where there is no such observation.
    pub statuses: Option<String>,
}

/// The place of a figure among those of the territories of its kind, the largest first.
#[derive(Clone, Debug)]
pub struct Rank {
    /// Its place; equal values have the same.
    pub position: String,
    /// The number of territories of the kind with a value.
    pub of: String,
    /// How many others have the same value.
    pub tied: String,
    /// How many have a suppressed value, and so no place.
    pub suppressed: String,
}

/// What one row is compared with.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// The figures around.
    pub figures: Vec<Figure>,
    /// The rank; nothing for a row without a value.
    pub rank: Option<Rank>,
}

/// The levels that a territory is compared with, from the nearest on; its parent is the nearest above it.
const FIGURES: &str = "
WITH asked AS (
    SELECT a.*, t.kind FROM unnest($1, $2, $3, $4, $5, $6) WITH ORDINALITY
        AS a(indicator_code, territory_code, period, breakdown, nature, source_code, row)
    JOIN territories t ON t.code = a.territory_code AND t.first_release <= $7 AND (t.last_release IS NULL OR t.last_release >= $7)
),
around AS (
    SELECT a.row, k.code, k.kind, row_number() OVER (PARTITION BY a.row ORDER BY array_position('{departement,region,country}', k.kind)) AS nearness
    FROM asked a
    JOIN containments s ON s.contained_code = a.territory_code AND s.direct <> 'self' AND s.share = 1
        AND s.first_release <= $7 AND (s.last_release IS NULL OR s.last_release >= $7)
    JOIN territories k ON k.code = s.container_code AND k.kind IN ('departement', 'region', 'country')
        AND k.first_release <= $7 AND (k.last_release IS NULL OR k.last_release >= $7)
),
compared AS (
    SELECT row, code, 'parent' AS comparator FROM around WHERE nearness = 1
    UNION ALL SELECT row, code, kind FROM around WHERE kind IN ('region', 'country')
)
SELECT c.row::text, c.comparator, c.code, o.value::text, o.qualifier, array_to_json(o.statuses)::text
FROM compared c JOIN asked a USING (row)
LEFT JOIN observations o ON o.indicator_code = a.indicator_code AND o.territory_code = c.code AND o.period = a.period
    AND o.breakdown = a.breakdown AND o.nature = a.nature AND o.source_code = a.source_code
    AND o.first_release <= $7 AND (o.last_release IS NULL OR o.last_release >= $7)
ORDER BY c.row, c.comparator";

/// Each group of comparable figures is ranked once, however many of its rows are asked for.
const RANKS: &str = "
WITH asked AS (
    SELECT a.*, t.kind FROM unnest($1, $2, $3, $4, $5, $6) WITH ORDINALITY
        AS a(indicator_code, territory_code, period, breakdown, nature, source_code, row)
    JOIN territories t ON t.code = a.territory_code AND t.first_release <= $7 AND (t.last_release IS NULL OR t.last_release >= $7)
),
comparable AS (SELECT DISTINCT indicator_code, period, breakdown, nature, source_code, kind FROM asked),
ranked AS (
    SELECT g.*, o.territory_code, o.value,
        rank() OVER (figures ORDER BY o.value DESC NULLS LAST) AS position,
        count(o.value) OVER figures AS of,
        count(*) OVER (PARTITION BY g.indicator_code, g.period, g.breakdown, g.nature, g.source_code, g.kind, o.value) - 1 AS tied,
        count(*) FILTER (WHERE o.value IS NULL AND o.statuses && '{Q}') OVER figures AS suppressed
    FROM comparable g
    JOIN observations o ON o.indicator_code = g.indicator_code AND o.period = g.period AND o.breakdown = g.breakdown
        AND o.nature = g.nature AND o.source_code = g.source_code
        AND o.first_release <= $7 AND (o.last_release IS NULL OR o.last_release >= $7)
    JOIN territories k ON k.code = o.territory_code AND k.kind = g.kind
        AND k.first_release <= $7 AND (k.last_release IS NULL OR k.last_release >= $7)
    WINDOW figures AS (PARTITION BY g.indicator_code, g.period, g.breakdown, g.nature, g.source_code, g.kind)
)
SELECT a.row::text, r.position::text, r.of::text, r.tied::text, r.suppressed::text
FROM asked a JOIN ranked r USING (indicator_code, period, breakdown, nature, source_code, kind, territory_code)
WHERE r.value IS NOT NULL";

/// What each row of a page is compared with, in the order of the rows.
///
/// # Errors
/// The database's.
pub async fn compare(connection: &AsyncPgConnection, plan: &Plan, release: i32, rows: &[Row]) -> QueryResult<Vec<Comparison>> {
    let columns = plan.read_columns();
    let keys: Vec<Vec<String>> = plan
        .context
        .dataset
        .key
        .iter()
        .map(|key| {
            let at = columns.iter().position(|column| column.name == *key).unwrap_or(usize::MAX);
            rows.iter().map(|row| row.cell(at).unwrap_or_default().to_owned()).collect()
        })
        .collect();
    let mut compared = vec![Comparison::default(); rows.len()];
    let row_of = |row: &Row| row.cell(0).and_then(|text| text.parse::<usize>().ok()).and_then(|row| row.checked_sub(1));
    let text = |row: &Row, at: usize| row.cell(at).unwrap_or_default().to_owned();
    for found in load(connection, FIGURES, &keys, release).await? {
        let Some(comparison) = row_of(&found).and_then(|row| compared.get_mut(row)) else { continue };
        let owned = |at: usize| found.cell(at).map(str::to_owned);
        let (comparator, territory_code) = (text(&found, 1), text(&found, 2));
        comparison.figures.push(Figure { comparator, territory_code, value: owned(3), qualifier: owned(4), statuses: owned(5) });
    }
    for found in load(connection, RANKS, &keys, release).await? {
        let Some(comparison) = row_of(&found).and_then(|row| compared.get_mut(row)) else { continue };
        let [position, of, tied, suppressed] = [1, 2, 3, 4].map(|at| text(&found, at));
        comparison.rank = Some(Rank { position, of, tied, suppressed });
    }
    Ok(compared)
}

async fn load(mut connection: &AsyncPgConnection, query: &str, keys: &[Vec<String>], release: i32) -> QueryResult<Vec<Row>> {
    let mut query = diesel::sql_query(query).into_boxed();
    for key in keys {
        query = query.bind::<Array<Text>, _>(key);
    }
    let rows: Vec<Fetched> = query.bind::<Integer, _>(release).load(&mut connection).await?;
    Ok(rows.into_iter().map(|Fetched(row)| row).collect())
}
