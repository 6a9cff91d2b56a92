//! Owns the statements behind comparisons and ranks of figures. They are text, because Diesel cannot express `unnest … WITH
//! ORDINALITY`; their columns are checked against the schema.
//! Must not know which figures are requested, nor how they are shown.

use diesel::QueryResult;
use diesel::sql_types::{Array, Integer, Text};
use diesel_async::RunQueryDsl;

use crate::db::ReadingConnection;
use crate::db::schema::{containments, figures, series, territories};
use crate::db::sql::columns::columns;
use crate::db::sql::fragments;
use crate::db::sql::text_row::TextRow;
use crate::query::Row;

columns! {
    containments { part_code, container_code, population_share, first_release, last_release }
    figures { series_id, period, value, qualifier, statuses, first_release, last_release }
    series { id, indicator_code, territory_code, breakdown_code, nature, source_code }
    territories { code, kind, first_release, last_release }
}

/// The same figure of the département, region and country that contain a territory. The smallest of them is its `parent`.
pub(super) const CONTAINING_FIGURES: &str = "
WITH requested AS (
    SELECT a.*, t.kind FROM unnest($1, $2, $3, $4, $5, $6) WITH ORDINALITY
        AS a(indicator_code, territory_code, period, breakdown_code, nature, source_code, row)
    JOIN territories t ON t.code = a.territory_code AND t.first_release <= $7 AND (t.last_release IS NULL OR t.last_release >= $7)
),
containing AS (
    SELECT a.row, k.code, k.kind, row_number() OVER (PARTITION BY a.row ORDER BY array_position('{departement,region,country}', k.kind)) AS size_rank
    FROM requested a
    JOIN containments s ON s.part_code = a.territory_code AND s.container_code <> s.part_code AND s.population_share = 1
        AND s.first_release <= $7 AND (s.last_release IS NULL OR s.last_release >= $7)
    JOIN territories k ON k.code = s.container_code AND k.kind IN ('departement', 'region', 'country')
        AND k.first_release <= $7 AND (k.last_release IS NULL OR k.last_release >= $7)
),
compared AS (
    SELECT row, code, 'parent' AS comparator FROM containing WHERE size_rank = 1
    UNION ALL SELECT row, code, kind FROM containing WHERE kind IN ('region', 'country')
)
SELECT c.row::text, c.comparator, c.code, o.value::text, o.qualifier, array_to_json(o.statuses)::text
FROM compared c JOIN requested a USING (row)
LEFT JOIN observations o ON o.indicator_code = a.indicator_code AND o.territory_code = c.code AND o.period = a.period
    AND o.breakdown_code = a.breakdown_code AND o.nature = a.nature AND o.source_code = a.source_code
    AND o.first_release <= $7 AND (o.last_release IS NULL OR o.last_release >= $7)
ORDER BY c.row, c.comparator";

/// The kind of the territory and the value of each figure, without trailing zeros.
pub(super) const RANKED_FIGURES: &str = "
SELECT a.row::text, t.kind, trim_scale(o.value)::text FROM unnest($1, $2, $3, $4, $5, $6) WITH ORDINALITY
    AS a(indicator_code, territory_code, period, breakdown_code, nature, source_code, row)
JOIN observations o USING (indicator_code, territory_code, period, breakdown_code, nature, source_code)
JOIN territories t ON t.code = a.territory_code AND t.first_release <= $7 AND (t.last_release IS NULL OR t.last_release >= $7)
WHERE o.value IS NOT NULL AND o.first_release <= $7 AND (o.last_release IS NULL OR o.last_release >= $7)";

/// The distribution of a figure over the territories of a kind: `value count` pairs, the largest value first, and then the number of
/// suppressed values, without a value. It is of one figure, because Postgres reads in several processes only what is not inside of a
/// subquery for each row; and it says how a figure is stored, because the rows of a series are tens of thousands.
const VALUE_COUNTS: &str = "
SELECT string_agg(concat(trim_scale(v.value), ' ', v.number), ';' ORDER BY v.value DESC NULLS LAST)
FROM (
    SELECT f.value, count(*) FILTER (WHERE f.value IS NOT NULL OR string_to_array(f.statuses, ',') && '{Q}') AS number
    FROM series s JOIN figures f ON f.series_id = s.id
    WHERE s.indicator_code = $1 AND f.period = $2 AND s.breakdown_code = $3 AND s.nature = $4 AND s.source_code = $5
        AND f.first_release <= $7 AND (f.last_release IS NULL OR f.last_release >= $7)
        AND s.territory_code IN (
            SELECT k.code FROM territories k
            WHERE k.kind = $6 AND k.first_release <= $7 AND (k.last_release IS NULL OR k.last_release >= $7)
        )
    GROUP BY f.value
) v";

/// Reads the distribution of a figure over the territories of a kind at a release: the text of [`VALUE_COUNTS`]. The parts of
/// the group are in the order of its parameters. `None` if no territory of the kind has the figure.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses the statement.
pub(super) async fn value_counts(
    mut connection: &ReadingConnection,
    group: &[String],
    release: i32,
) -> QueryResult<Option<String>> {
    let mut query = diesel::sql_query(VALUE_COUNTS).into_boxed();
    for part in group {
        query = query.bind::<Text, _>(part);
    }
    let found: Vec<TextRow> = query.bind::<Integer, _>(release).load(&mut connection).await?;
    Ok(found.into_iter().next().and_then(|TextRow(row)| row.cell(0).map(str::to_owned)))
}

/// Runs a statement on figures at a release ($7). The columns of `key` are $1 to $6. Returns each row with the index of its
/// figure.
///
/// # Errors
/// Returns an error if the database cannot be reached or refuses a statement.
pub(super) async fn load<T: AsRef<str>>(
    mut connection: &ReadingConnection,
    statement: &str,
    key: &[Vec<T>],
    release: i32,
) -> QueryResult<Vec<(usize, Row)>> {
    let mut query = diesel::sql_query(statement).into_boxed();
    for column in key {
        query = query.bind::<Array<Text>, _>(column.iter().map(AsRef::as_ref).collect::<Vec<&str>>());
    }
    let found: Vec<TextRow> = query.bind::<Integer, _>(release).load(&mut connection).await?;
    Ok(found.into_iter().filter_map(|TextRow(found)| Some((fragments::ordinality_index(&found)?, found))).collect())
}
