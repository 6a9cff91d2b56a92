//! Owns what is known of the table of latest figures, which the database makes follow each release: its name, and what
//! must hold of it.
//! Must not know when it is read, nor how faults are shown.

use crate::db::sql::text;
use crate::query::Dataset;

/// The table. A row is a copy of an observation with a value, of the releases in which none of its series is later.
pub const TABLE: &str = "latest_observations";

/// The SELECTs that give codes and details of what is not as it follows from the observations: a row that is no copy of
/// one, that is not the latest, and a series whose latest is not kept in a release that has figures of it.
pub fn checks(dataset: &'static Dataset, newest: i32) -> [String; 3] {
    let (observations, code) = (dataset.name, text::code_of(dataset, "t"));
    let columns = |alias: &str| dataset.columns().map(|f| format!("{alias}.\"{}\"", f.name)).collect::<Vec<_>>().join(", ");
    let key: Vec<&str> = dataset.key_fields().filter(|field| dataset.is_series_field(field)).map(|field| field.name).collect();
    let series = key.join(", ");
    let held = |table: &str| {
        format!(
            "SELECT {series}, range_agg(int4range(t.first_release, coalesce(t.last_release, {newest}), '[]')) AS releases, \
             sum(coalesce(t.last_release, {newest}) - t.first_release + 1) AS number FROM \"{table}\" t WHERE t.value IS NOT NULL GROUP BY {series}"
        )
    };
    [
        format!(
            "SELECT {code}, format('is kept as the latest of releases %s to %s, and was not published so', t.first_release, t.last_release) \
             FROM {TABLE} t WHERE NOT EXISTS (SELECT 1 FROM \"{observations}\" o WHERE ROW({ours}) IS NOT DISTINCT FROM ROW({theirs}) \
             AND {same} AND o.period = t.period AND o.first_release <= t.first_release \
             AND coalesce(o.last_release, {newest}) >= coalesce(t.last_release, {newest}))",
            ours = columns("t"),
            theirs = columns("o"),
            same = key.iter().map(|name| format!("o.{name} = t.{name}")).collect::<Vec<_>>().join(" AND "),
        ),
        format!(
            "SELECT DISTINCT {code}, format('is kept as the latest of its series, and %s is later', o.period) \
             FROM {TABLE} t JOIN \"{observations}\" o USING ({series}) \
             WHERE o.value IS NOT NULL AND (o.period_end, o.period_start, o.period) > (t.period_end, t.period_start, t.period) \
             AND o.first_release <= coalesce(t.last_release, {newest}) AND coalesce(o.last_release, {newest}) >= t.first_release"
        ),
        format!(
            "SELECT concat_ws('~', {series}), format('the latest figures of the series are kept of the releases %s, and it has some of %s', \
             t.releases, o.releases) FROM ({all}) o FULL JOIN ({kept}) t USING ({series}) \
             WHERE t.releases IS DISTINCT FROM o.releases \
             OR t.number <> (SELECT sum(upper(r) - lower(r)) FROM unnest(o.releases) AS r)",
            all = held(observations),
            kept = held(TABLE),
        ),
    ]
}
