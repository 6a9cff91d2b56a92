//! Owns the SELECT of each derived dataset. It reads the current rows of other datasets.
//! Must not know when a dataset is derived.

use crate::query::{Dataset, Derivation, RowOrigin};

/// What territories and memberships state: part, container and the share of the inhabitants in common.
macro_rules! ties {
    () => {
        "    SELECT t.code, up.code, 1::numeric
    FROM territories t
    CROSS JOIN LATERAL (VALUES
        (t.commune_code),
        (t.epci_code),
        (CASE WHEN t.status = 'current' AND t.kind = 'commune' THEN t.arrondissement_code END),
        (CASE WHEN t.status = 'current' AND t.kind IN ('commune', 'arrondissement') THEN t.departement_code END),
        (CASE WHEN t.kind = 'region' OR t.status = 'current' AND t.kind = 'departement' THEN t.region_code END),
        (CASE
            WHEN t.status = 'current' AND (t.kind = 'region' OR t.kind = 'departement' AND t.region_code IS NULL) THEN 'FR'
        END)
    ) AS up(code)
    WHERE t.last_release IS NULL AND up.code IS NOT NULL
    UNION ALL
    SELECT part_code, container_code, population_share FROM memberships WHERE last_release IS NULL
"
    };
}

/// The SELECT of a derivation, with a column for each column of the dataset.
pub fn select(derivation: Derivation) -> &'static str {
    match derivation {
        Derivation::ContainmentClosure => CONTAINMENT_CLOSURE,
    }
}

/// The SELECT of the pairs that a derivation starts from: part and container.
pub fn ties(derivation: Derivation) -> String {
    match derivation {
        Derivation::ContainmentClosure => format!("SELECT part, container FROM ({}) tie(part, container, share)", ties!()),
    }
}

/// The condition on the rows of a table, with the alias `t`, that are rows of its dataset. `None` if all are.
///
/// The table of containments has each territory in itself too, so that a scope is one semi-join with one index: for a union
/// of the containments and the named territories, Postgres does not consider to look each row of a page up.
pub fn published(dataset: &Dataset) -> Option<&'static str> {
    match dataset.rows {
        RowOrigin::Derived { by: Derivation::ContainmentClosure, .. } => Some("t.container_code <> t.part_code"),
        _ => None,
    }
}

/// The pairs of a territory and one that contains it, directly or not, with the share of the inhabitants in common.
///
/// `tie` is what territories and memberships state, `closure` its transitive closure where the share is 1. `overlap`
/// adds the sets of communes (EPCI, EPT, perimeters) that lie only partly in an area, by the population of the communes
/// in common. A former commune lies in the commune that it is a part of today, and a former region in the one that it
/// became a part of; what they lay in when they ended is the business of `containments_on`.
const CONTAINMENT_CLOSURE: &str = concat!(
    "
WITH RECURSIVE
tie(part, container, share) AS (
",
    ties!(),
    "),
closure(part, container) AS (
    SELECT part, container FROM tie WHERE share = 1
    UNION
    SELECT closure.part, tie.container
    FROM closure JOIN tie ON tie.part = closure.container AND tie.share = 1
),
lies(commune, container, kind, inhabitants) AS MATERIALIZED (
    SELECT c.part, c.container, area.kind, coalesce(commune.population, 0)::numeric
    FROM closure c
    JOIN territories commune ON commune.code = c.part AND commune.last_release IS NULL
        AND commune.kind = 'commune' AND commune.status = 'current'
    JOIN territories area ON area.code = c.container AND area.last_release IS NULL
),
composed(code, communes, inhabitants) AS (
    SELECT container, count(*), sum(inhabitants) FROM lies WHERE kind IN ('epci', 'ept', 'perimeter') GROUP BY container
),
overlap(part, container, kind, communes, inhabitants) AS (
    SELECT part.container, whole.container, whole.kind, count(*), sum(part.inhabitants)
    FROM lies part JOIN lies whole USING (commune)
    WHERE part.kind IN ('epci', 'ept', 'perimeter') AND whole.container <> part.container
    GROUP BY 1, 2, 3
),
every(part, container, share, direct) AS (
    SELECT part, container, 1::numeric, false FROM closure
    UNION ALL
    SELECT part, container, share, true FROM tie
    UNION ALL
    SELECT code, code, 1, false FROM territories WHERE last_release IS NULL
    UNION ALL
    SELECT o.part, o.container,
        CASE
            WHEN o.communes = c.communes THEN 1
            WHEN c.inhabitants = 0 THEN round(o.communes::numeric / c.communes, 5)
            ELSE least(greatest(round(o.inhabitants / c.inhabitants, 5), 0.00001), 0.99999)
        END,
        false
    FROM overlap o JOIN composed c ON c.code = o.part
    WHERE o.kind NOT IN ('epci', 'ept') OR o.communes = c.communes
)
SELECT container AS container_code, part AS part_code, max(share) AS population_share,
    bool_or(direct) AND container <> part AS direct
FROM every GROUP BY container, part"
);
