//! Owns the reading of what a figure is compared with: the same figure of the territories around, and its rank among
//! the territories of its kind. Must not know how it is shown.

use std::collections::BTreeSet;

use diesel::QueryResult;
use diesel::sql_types::{Array, Integer, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::future::try_join;

use super::ranking::{Alike, Rank, Standings};
use crate::db::sql::fragments::{self, Fetched};
use crate::query::{Plan, Release, Row};

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

/// What figures are ranked by: their values, without zeros at the end, among the territories of the kind.
const RANKED: &str = "
SELECT a.row::text, t.kind, trim_scale(o.value)::text FROM unnest($1, $2, $3, $4, $5, $6) WITH ORDINALITY
    AS a(indicator_code, territory_code, period, breakdown, nature, source_code, row)
JOIN observations o USING (indicator_code, territory_code, period, breakdown, nature, source_code)
JOIN territories t ON t.code = a.territory_code AND t.first_release <= $7 AND (t.last_release IS NULL OR t.last_release >= $7)
WHERE o.value IS NOT NULL AND o.first_release <= $7 AND (o.last_release IS NULL OR o.last_release >= $7)";

/// What each row of a page is compared with, in the order of the rows.
///
/// # Errors
/// The database's.
pub async fn compare(
    connection: &AsyncPgConnection,
    standings: &Standings,
    plan: &Plan,
    release: &Release,
    rows: &[&Row],
) -> QueryResult<Vec<Comparison>> {
    let columns = plan.read_columns();
    let key = plan.selection.context.dataset.key.iter().map(|key| {
        let at = columns.iter().position(|column| column.name == *key).unwrap_or(usize::MAX);
        rows.iter().map(|row| row.cell(at).unwrap_or_default().to_owned()).collect()
    });
    let key: Vec<Vec<String>> = key.collect();
    let mut compared = vec![Comparison::default(); rows.len()];
    let (around, ranked) =
        try_join(load(connection, FIGURES, &key, release.number), load(connection, RANKED, &key, release.number)).await?;
    for (row, found) in around {
        let owned = |at: usize| found.cell(at).map(str::to_owned);
        if let (Some(comparison), Some(comparator), Some(territory_code)) = (compared.get_mut(row), owned(1), owned(2)) {
            comparison.figures.push(Figure {
                comparator,
                territory_code,
                value: owned(3),
                qualifier: owned(4),
                statuses: owned(5),
            });
        }
    }
    let cell = |name: &str, row: usize| {
        let at = plan.selection.context.dataset.key.iter().position(|key| *key == name)?;
        key.get(at)?.get(row).cloned()
    };
    let ranked = ranked.iter().filter_map(|(row, found)| {
        let [indicator, period, breakdown, nature, source] =
            ["indicator_code", "period", "breakdown", "nature", "source_code"].map(|name| cell(name, *row));
        let alike = [indicator?, period?, breakdown?, nature?, source?, found.cell(1)?.to_owned()];
        Some((*row, alike, found.cell(2)?))
    });
    let ranked: Vec<(usize, Alike, &str)> = ranked.collect();
    let wanted: BTreeSet<Alike> = ranked.iter().map(|(_, alike, _)| alike.clone()).collect();
    let standings = standings.of(connection, release, wanted.into_iter().collect()).await?;
    for (row, alike, value) in ranked {
        compared[row].rank = standings.get(&alike).and_then(|standing| standing.rank(value));
    }
    Ok(compared)
}

/// What a query says of rows with these keys: each time which row, and what.
async fn load(
    mut connection: &AsyncPgConnection,
    query: &str,
    key: &[Vec<String>],
    release: i32,
) -> QueryResult<Vec<(usize, Row)>> {
    let mut query = diesel::sql_query(query).into_boxed();
    for column in key {
        query = query.bind::<Array<Text>, _>(column);
    }
    let found: Vec<Fetched> = query.bind::<Integer, _>(release).load(&mut connection).await?;
    Ok(found.into_iter().filter_map(|Fetched(found)| Some((fragments::given(&found)?, found))).collect())
}
