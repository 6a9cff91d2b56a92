"""Owns the contours: which territories get one, at which resolution, and their rows.

At the resolution of the source: the communes of the region, the EPCI touching
it, the region itself, its départements and its arrondissements. Simplified: the
other départements and regions, and the country.
"""

import json

import shapely

import geometry

# Of the Visvalingam-Whyatt simplification of the national coverage, in degrees:
# details smaller than a triangle of this size squared go.
TOLERANCE = 0.006
# Islands and holes below this leave the simplified contours (not the others).
SMALL_ISLAND_M2 = 2_000_000


class Contours:
    """The contours of one edition, as {code with prefix: polygon}."""

    def __init__(self, cog, polygons, commune_polygons, region):
        self.cog, self.region = cog, region
        inside = set(cog.communes_of_region(region))
        self.communes = {f"COM-{c}": commune_polygons[c] for c in inside}
        self.epci = {
            f"EPCI-{e['code']}": polygons.dissolve(commune_polygons, [m["code"] for m in e["membres"]])
            for e in cog.epci if any(m["code"] in inside for m in e["membres"])}
        whole = {d: polygons.dissolve(commune_polygons, codes)
                 for d, codes in cog.communes_by("departement").items()}
        whole = {d: polygon for d, polygon in whole.items() if polygon is not None}
        self.departements = whole
        arrondissements = cog.communes_by("arrondissement")
        self.local = {f"ARR-{a['code']}": polygons.dissolve(commune_polygons, arrondissements[a["code"]])
                      for a in cog.arrondissements if a["region"] == region}
        self.local |= {f"DEP-{d['code']}": whole[d["code"]] for d in cog.departements if d["region"] == region}
        self.local[f"REG-{region}"] = polygons.dissolve(commune_polygons, sorted(inside))
        self.national = self._national(whole)

    def _national(self, whole):
        """The simplified contours: départements first, regions and the country from them."""
        codes = sorted(whole)
        simplified = shapely.coverage_simplify([whole[c] for c in codes], TOLERANCE)
        light = {c: rid_of_islands(g) for c, g in zip(codes, simplified)}
        region_of = {d["code"]: d["region"] for d in self.cog.departements}
        contours = {f"DEP-{c}": geometry.tidy(g) for c, g in light.items()
                    if region_of[c] != self.region}
        for region in self.cog.regions:
            members = [light[c] for c in codes if region_of[c] == region["code"]]
            if members and region["code"] != self.region:
                contours[f"REG-{region['code']}"] = united(members)
        contours["FR"] = united(list(light.values()))
        return contours


def united(polygons):
    union = geometry.polygonal(shapely.union_all(polygons, grid_size=geometry.GRID))
    return geometry.tidy(geometry.without_slivers(union, SMALL_ISLAND_M2)[0])


def rid_of_islands(shape):
    """Without the small islands and holes; the largest part always stays."""
    parts = sorted(geometry.parts_of(shape), key=lambda p: p.area, reverse=True)
    kept = parts[:1] + [p for p in parts[1:] if geometry.square_metres(p) >= SMALL_ISLAND_M2]
    return geometry.without_slivers(geometry.polygonal(shapely.MultiPolygon(kept)), SMALL_ISLAND_M2)[0]


def geojson(shape):
    """Compact GeoJSON, 5 decimals at most."""
    def ring(line):
        # A rounded double prints with its 5 decimals; whole degrees without any.
        return [[plain(x), plain(y)] for x, y in line.coords]

    rings = [[ring(part.exterior)] + [ring(hole) for hole in part.interiors]
             for part in geometry.parts_of(shape)]
    if len(rings) == 1:
        return json.dumps({"type": "Polygon", "coordinates": rings[0]}, separators=(",", ":"))
    return json.dumps({"type": "MultiPolygon", "coordinates": rings}, separators=(",", ":"))


def plain(number):
    number = round(float(number), geometry.DECIMALS)
    return int(number) if number.is_integer() else number


def rows(contours):
    """The rows of a contours file."""
    for code, shape in contours.items():
        west, south, east, north = (geometry.decimal(v) for v in shape.bounds)
        yield {"territory_code": code, "west": west, "south": south, "east": east, "north": north,
               "contour": geojson(shape)}
