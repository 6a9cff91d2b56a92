//! Owns the table of the latest observations, which a trigger maintains: its name, and the checks of its rows.
//! Must not know when the table is read, nor how a failed check is reported.

use crate::db::sql::text;
use crate::query::Dataset;

/// The table. A row is a copy of an observation with a value, for the releases in which its series has no later one.
pub const TABLE: &str = "latest_observations";

/// The SELECTs of wrong rows, each with a code and a message: rows that are no copy of an observation, rows that are not the
/// latest of their series, and series without a row in a release that has values of them.
pub fn checks(dataset: &'static Dataset, newest: i32) -> [String; 3] {
    let (observations, code) = (dataset.name, text::code_of(dataset, "t"));
    let columns = |alias: &str| dataset.columns().map(|f| format!("{alias}.\"{}\"", f.name)).collect::<Vec<_>>().join(", ");
    let key: Vec<&str> = dataset.key_fields().filter(|field| dataset.is_series_field(field)).map(|field| field.name).collect();
    let series = key.join(", ");
    let releases_of = |table: &str| {
        format!(
            "SELECT {series}, range_agg(int4range(t.first_release, greatest(t.first_release, coalesce(t.last_release, {newest})), '[]')) AS releases, \
             sum(coalesce(t.last_release, {newest}) - t.first_release + 1) AS number FROM \"{table}\" t WHERE t.value IS NOT NULL GROUP BY {series}"
        )
    };
    [
        format!(
            "SELECT {code}, format('is no copy of an observation in releases %s to %s', t.first_release, t.last_release) \
             FROM {TABLE} t WHERE NOT EXISTS (SELECT 1 FROM \"{observations}\" o WHERE ROW({ours}) IS NOT DISTINCT FROM ROW({theirs}) \
             AND {same} AND o.period = t.period AND o.first_release <= t.first_release \
             AND coalesce(o.last_release, {newest}) >= coalesce(t.last_release, {newest}))",
            ours = columns("t"),
            theirs = columns("o"),
            same = key.iter().map(|name| format!("o.{name} = t.{name}")).collect::<Vec<_>>().join(" AND "),
        ),
        format!(
            "SELECT DISTINCT {code}, format('is not the latest of its series: %s is later', o.period) \
             FROM {TABLE} t JOIN \"{observations}\" o USING ({series}) \
             WHERE o.value IS NOT NULL AND (o.period_end, o.period_start, o.period) > (t.period_end, t.period_start, t.period) \
             AND o.first_release <= coalesce(t.last_release, {newest}) AND coalesce(o.last_release, {newest}) >= t.first_release"
        ),
        format!(
            "SELECT concat_ws('~', {series}), format('the series has latest rows for the releases %s, and observations in %s', \
             t.releases, o.releases) FROM ({all}) o FULL JOIN ({actual}) t USING ({series}) \
             WHERE t.releases IS DISTINCT FROM o.releases \
             OR t.number <> (SELECT sum(upper(r) - lower(r)) FROM unnest(o.releases) AS r)",
            all = releases_of(observations),
            actual = releases_of(TABLE),
        ),
    ]
}
