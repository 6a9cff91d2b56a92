//! Owns what lies in what: the closure of the geography's ties, computed at each release from the territories and
//! memberships, so that `within`, ancestors and descendants are one look-up.
//!
//! An EPCI, EPT or perimeter is a set of communes: it lies in an area with the share of its inhabitants who live
//! there, since it may straddle a border.

use super::vocabulary::choice;
use crate::query::{Choice, Dataset, Field, Kind, RowOrigin, Shape};

const ANSWERS: &[Choice] = &[choice("yes", "one step"), choice("no", "several steps"), choice("self", "a territory in itself")];

const CLOSURE: &str = "
WITH RECURSIVE
tie(contained, container, share) AS (
    SELECT t.code, up.code, 1::numeric
    FROM territories t
    CROSS JOIN LATERAL (VALUES
        (t.commune_code),
        (t.epci_code),
        (CASE WHEN t.kind = 'commune' THEN t.arrondissement_code END),
        (CASE WHEN t.kind IN ('commune', 'arrondissement') THEN t.departement_code END),
        (CASE WHEN t.kind IN ('departement', 'former_region') THEN t.region_code END),
        (CASE WHEN t.kind = 'region' OR (t.kind = 'departement' AND t.region_code IS NULL) THEN 'FR' END)
    ) AS up(code)
    WHERE t.last_release IS NULL AND up.code IS NOT NULL
    UNION ALL
    SELECT member_code, territory_code, share FROM memberships WHERE last_release IS NULL
),
closure(contained, container) AS (
    SELECT contained, container FROM tie WHERE share = 1
    UNION
    SELECT closure.contained, tie.container
    FROM closure JOIN tie ON tie.contained = closure.container AND tie.share = 1
),
lies(commune, container, kind, inhabitants) AS MATERIALIZED (
    SELECT c.contained, c.container, area.kind, coalesce(commune.population, 0)::numeric
    FROM closure c
    JOIN territories commune ON commune.code = c.contained AND commune.kind = 'commune' AND commune.last_release IS NULL
    JOIN territories area ON area.code = c.container AND area.last_release IS NULL
),
composed(code, communes, inhabitants) AS (
    SELECT container, count(*), sum(inhabitants) FROM lies WHERE kind IN ('epci', 'ept', 'perimeter') GROUP BY container
),
overlap(contained, container, kind, communes, inhabitants) AS (
    SELECT part.container, whole.container, whole.kind, count(*), sum(part.inhabitants)
    FROM lies part JOIN lies whole USING (commune)
    WHERE part.kind IN ('epci', 'ept', 'perimeter') AND whole.container <> part.container
    GROUP BY 1, 2, 3
),
every(contained, container, share, direct) AS (
    SELECT contained, container, 1::numeric, false FROM closure
    UNION ALL
    SELECT contained, container, share, true FROM tie
    UNION ALL
    SELECT code, code, 1, false FROM territories WHERE last_release IS NULL
    UNION ALL
    SELECT o.contained, o.container,
        CASE
            WHEN o.communes = c.communes THEN 1
            WHEN c.inhabitants = 0 THEN round(o.communes::numeric / c.communes, 5)
            ELSE least(greatest(round(o.inhabitants / c.inhabitants, 5), 0.00001), 0.99999)
        END,
        false
    FROM overlap o JOIN composed c ON c.code = o.contained
    WHERE o.kind NOT IN ('epci', 'ept') OR o.communes = c.communes
)
SELECT container AS container_code, contained AS contained_code, max(share) AS share,
    CASE WHEN container = contained THEN 'self' WHEN bool_or(direct) THEN 'yes' ELSE 'no' END AS direct
FROM every GROUP BY container, contained";

/// The dataset.
pub static DATASET: Dataset = Dataset {
    name: "containments",
    singular: "containment",
    title: "Inclusions",
    description: "A territory that lies in another, wholly or partly.",
    fields: &[
        Field::required("container_code", Kind::Reference("territories"), "The territory around.", "DEP-59"),
        Field::required("contained_code", Kind::Reference("territories"), "The territory within.", "COM-59350"),
        Field::required(
            "share",
            Kind::Decimal,
            "The share of the inhabitants of the territory within who live in the territory around: 1 when it lies wholly in it.",
            "1",
        ),
        Field::required("direct", Kind::Choice(ANSWERS), "Whether one belongs to the other directly.", "yes"),
    ],
    key: &["container_code", "contained_code"],
    territory: None,
    links: &[],
    own: &[],
    example: "DEP-59~COM-59350",
    rows: RowOrigin::Derived { from: &["territories", "memberships"], select: CLOSURE },
    search: &[],
    shape: Shape::Plain,
    public: false,
};
