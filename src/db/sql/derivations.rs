//! Owns the SELECT of each derived dataset. It reads the current rows of other datasets.
//! Must not know when a dataset is derived.

use crate::query::{Dataset, Derivation, RowOrigin};

/// What territories and memberships state: part, container and the share of the inhabitants in common. The arguments are further
/// conditions on the row `t` of the part, and on `part_code` of a membership.
macro_rules! ties {
    ($of_part:literal, $of_membership:literal) => {
        concat!(
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
    WHERE t.last_release IS NULL AND up.code IS NOT NULL",
            $of_part,
            "
    UNION ALL
    SELECT part_code, container_code, population_share FROM memberships WHERE last_release IS NULL",
            $of_membership,
            "
"
        )
    };
}

/// The SELECT of the containments. The first argument defines `tie`; the others are empty, or conditions that restrict it to the
/// parts in `stage_moved`.
macro_rules! containments {
    ($ties:expr, $of_below:literal, $of_overlap:literal, $of_parts:literal, $of_codes:literal) => {
        concat!(
            "
WITH RECURSIVE",
            $ties,
            "
closure(part, container) AS (
    SELECT part, container FROM tie WHERE share = 1",
            $of_below,
            "
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
    WHERE part.kind IN ('epci', 'ept', 'perimeter') AND whole.container <> part.container",
            $of_overlap,
            "
    GROUP BY 1, 2, 3
),
every(part, container, share, direct) AS (
    SELECT part, container, 1::numeric, false FROM closure",
            $of_parts,
            "
    UNION ALL
    SELECT part, container, share, true FROM tie",
            $of_parts,
            "
    UNION ALL
    SELECT code, code, 1, false FROM territories WHERE last_release IS NULL",
            $of_codes,
            "
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
        )
    };
}

/// The SELECT of a derivation, with a column for each column of the dataset.
pub fn select(derivation: Derivation) -> &'static str {
    match derivation {
        Derivation::ContainmentClosure => CONTAINMENT_CLOSURE,
    }
}

/// The SELECT of a derivation for the rows whose territories stand in `stage_moved`.
pub fn select_moved(derivation: Derivation) -> &'static str {
    match derivation {
        Derivation::ContainmentClosure => MOVED_CONTAINMENTS,
    }
}

/// The SELECT of the codes of the territories whose rows the changes of release `$1` may change.
pub fn moved(derivation: Derivation) -> &'static str {
    match derivation {
        Derivation::ContainmentClosure => MOVED,
    }
}

/// The SELECT of the pairs that a derivation starts from: part and container.
pub fn ties(derivation: Derivation) -> String {
    match derivation {
        Derivation::ContainmentClosure => format!("SELECT part, container FROM ({}) tie(part, container, share)", ties!("", "")),
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
const CONTAINMENT_CLOSURE: &str =
    containments!(concat!("\ntie(part, container, share) AS (\n", ties!("", ""), "),"), "", "", "", "");

/// The same for the parts in `stage_moved` only, while the table still has the rows from before the release.
///
/// `below` has the communes of the parts that are sets of communes: each lay in its set before, or stands in `stage_moved` itself.
/// `known` are these and all that they lie in.
const MOVED_CONTAINMENTS: &str = containments!(
    concat!(
        "
below(code) AS (
    SELECT code FROM stage_moved
    UNION
    SELECT c.part_code FROM containments c JOIN stage_moved m ON m.code = c.container_code
    WHERE c.last_release IS NULL AND c.population_share = 1
),
known(code) AS (
    SELECT code FROM below
    UNION
    SELECT up.container FROM known CROSS JOIN LATERAL (
",
        ties!(" AND t.code = known.code", " AND part_code = known.code"),
        "    ) up(part, container, share) WHERE up.share = 1
),
tie(part, container, share) AS (
",
        ties!(" AND t.code IN (SELECT code FROM known)", " AND part_code IN (SELECT code FROM known)"),
        "),"
    ),
    " AND part IN (SELECT code FROM below)",
    " AND part.container IN (SELECT code FROM stage_moved)",
    " WHERE part IN (SELECT code FROM stage_moved)",
    " AND code IN (SELECT code FROM stage_moved)"
);

/// The territories whose containers may be others in release `$1` than before, when the table still has those from before.
///
/// `seed` has the parts of all ties that changed, and the territories that changed in what the containments read of them. A
/// path of ties that came or went leads through a seed, and up to the first seed on it, it was there before: so it begins in a
/// territory that lay in a seed (`moved`). After the last seed on it, it leads through a container that the seed has now to what
/// contained that before (`around`). The share of a set of communes changes only with one of its communes: then the commune has
/// moved, and the set contains it, before or now.
const MOVED: &str = concat!(
    "
WITH seed(code) AS MATERIALIZED (
    SELECT code FROM (SELECT * FROM territories WHERE last_release = $1 - 1) o
    FULL JOIN (SELECT * FROM territories WHERE first_release = $1) n USING (code)
    WHERE ROW(o.kind, o.status, CASE WHEN o.kind = 'commune' THEN o.population END,
        o.commune_code, o.epci_code, o.arrondissement_code, o.departement_code, o.region_code)
    IS DISTINCT FROM ROW(n.kind, n.status, CASE WHEN n.kind = 'commune' THEN n.population END,
        n.commune_code, n.epci_code, n.arrondissement_code, n.departement_code, n.region_code)
    UNION
    SELECT part_code FROM (SELECT * FROM memberships WHERE last_release = $1 - 1) o
    FULL JOIN (SELECT * FROM memberships WHERE first_release = $1) n USING (container_code, part_code)
    WHERE o.population_share IS DISTINCT FROM n.population_share
),
moved(code) AS MATERIALIZED (
    SELECT code FROM seed
    UNION
    SELECT c.part_code FROM containments c JOIN seed ON seed.code = c.container_code
    WHERE c.last_release IS NULL AND c.population_share = 1
),
above(code) AS MATERIALIZED (
    SELECT DISTINCT container FROM (
",
    ties!(" AND t.code IN (SELECT code FROM seed)", " AND part_code IN (SELECT code FROM seed)"),
    "    ) tie(part, container, share)
),
around(code) AS (
    SELECT code FROM above
    UNION
    SELECT c.container_code FROM containments c
    JOIN (SELECT code FROM moved UNION SELECT code FROM above) lower ON lower.code = c.part_code WHERE c.last_release IS NULL
)
SELECT code FROM moved
UNION
SELECT code FROM around a
WHERE EXISTS (SELECT 1 FROM territories t WHERE t.code = a.code AND t.kind IN ('epci', 'ept', 'perimeter'))"
);
