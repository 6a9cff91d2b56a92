"""Owns the verifications: what must hold of any edition, and the known figures of some.

Each function returns (label, value found, as expected?) triples; `refresh.py`
prints them and refuses to write the manifest when one fails.
"""

import json

import shapely

# Counts published for an edition of the npm package, known independently of this program.
KNOWN = {
    "6.0.0": {"communes": 34_969, "epci": 1_255, "ept": 11, "departements": 109, "arrondissements": 333,
              "region 32: communes": 3_782, "region 32: population": 5_992_194,
              "region 32: EPCI touching it": 92},
}


def figures(cog, region, edition):
    inside = set(cog.communes_of_region(region))
    found = {
        "communes": len(cog.communes), "epci": len(cog.epci), "ept": len(cog.ept),
        "departements": len(cog.departements), "arrondissements": len(cog.arrondissements),
        f"region {region}: communes": len(inside),
        f"region {region}: population": cog.population(inside),
        f"region {region}: EPCI touching it":
            sum(any(m["code"] in inside for m in e["membres"]) for e in cog.epci),
    }
    known = KNOWN.get(edition, {})
    return [(label, value, label not in known or known[label] == value) for label, value in found.items()]


def references(rows):
    """Every code is unique and every code a territory refers to exists."""
    codes = [r["code"] for r in rows]
    known = set(codes)
    others = ("official_code", "source_code", "end_event_code")
    missing = {r[field] for r in rows for field in r
               if field.endswith("_code") and field not in others and r[field] and r[field] not in known}
    missing |= {code for r in rows for field in ("former_codes", "successor_codes")
                for code in (r.get(field) or "").split("|") if code and code not in known}
    return [("territories: codes used twice", len(codes) - len(known), len(codes) == len(known)),
            ("territories: references to nothing", len(missing), not missing)]


def zero_populations(rows, cog):
    """No unknown population may turn into a zero: zeros are only those of the source."""
    zeros = {r["code"] for r in rows if r.get("population") == 0}
    source = {f"COM-{c}" for c, row in cog.communes.items() if row.get("population") == 0}
    empty = sum("population" not in row for row in cog.communes.values())
    return [("communes whose population is 0 in the source", len(source), zeros == source),
            ("communes without a population", empty, True)]


def contour_rows(rows):
    """Valid once read back, inside their box, wound as RFC 7946 asks, 5 decimals at most."""
    invalid, wound, boxed = [], [], []
    for row in rows:
        shape = shapely.from_geojson(row["contour"])
        if not shape.is_valid or shape.geom_type not in ("Polygon", "MultiPolygon"):
            invalid.append(row["territory_code"])
        for part in shapely.get_parts(shape):
            if not shapely.is_ccw(part.exterior) or any(shapely.is_ccw(r) for r in part.interiors):
                wound.append(row["territory_code"])
        if shape.bounds != tuple(float(row[side]) for side in ("west", "south", "east", "north")):
            boxed.append(row["territory_code"])
    digits = max(len(n.partition(".")[2]) for row in rows for n in _numbers(row["contour"]))
    return [(f"contours: {label}", len(found), not found)
            for label, found in (("invalid", invalid), ("wrongly wound", wound), ("out of their box", boxed))
            ] + [("contours: decimals", digits, digits <= 5)]


def coverage(contours):
    """The communes of the region neither overlap nor leave gaps in it."""
    communes = list(contours.communes.values())
    region = contours.local[f"REG-{contours.region}"]
    overlap = sum(g.area for g in communes) / shapely.union_all(communes).area - 1
    gap = abs(region.area / shapely.union_all(communes).area - 1)
    holes = sum(len(part.interiors) for part in shapely.get_parts(region))
    return [("region: overlap of its communes (share)", f"{overlap:.1e}", overlap < 1e-5),
            ("region: difference with its communes (share)", f"{gap:.1e}", gap < 1e-5),
            ("region: interior holes", holes, holes == 0)]


def _numbers(contour):
    found = []
    json.loads(contour, parse_float=lambda text: found.append(text) or 0.0)
    return found or [""]
