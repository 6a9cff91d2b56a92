"""Owns the rows of the territories and of the memberships, one function per file."""

import areas
import geometry
from cog import PARTS, parent_of

# The zones of the package, in the words of the data.
ZONES = {"metro": "metropolitan", "drom": "overseas_department", "com": "overseas_collectivity"}

FRANCE_NOTE = (
    "Population : France métropolitaine et cinq départements d'outre-mer (Mayotte pour sa population "
    "de 2017), sans les collectivités d'outre-mer ; sans Mayotte, comme l'Insee l'a souvent publié : {without}. "
    "Le centre est celui de la France métropolitaine.")


def with_centre(row, polygon):
    row["longitude"], row["latitude"] = geometry.centre(polygon)
    return row


def with_population(row, cog, codes):
    row["population"] = cog.population(codes)
    if row["population"] is not None:
        row["population_year"] = cog.population_year(codes)
    return row


def prefixed(prefix, code):
    return f"{prefix}-{code}" if code else None


def chief(cog, row, field, value):
    """The chief commune, and a note when the package names one of elsewhere."""
    commune = cog.communes[row["chefLieu"]]
    if commune[field] == value:
        return {"chief_commune_code": f"COM-{commune['code']}"}
    return {"note": f"La source donne pour chef-lieu {commune['nom']} ({commune['code']}), "
                    "qui n'est pas dans ce territoire : laissé vide."}


def country_and_regions(cog, polygons, commune_polygons):
    whole = [c for c, row in cog.communes.items() if row["zone"] in ("metro", "drom")]
    metropole = [c for c in whole if cog.communes[c]["zone"] == "metro"]
    without = cog.population(c for c in whole if cog.communes[c]["departement"] != "976")
    row = {"code": "FR", "kind": "country", "name": "France",
           "note": FRANCE_NOTE.format(without=f"{without:,}".replace(",", "\u00a0"))}
    yield with_centre(with_population(row, cog, whole), polygons.dissolve(commune_polygons, metropole))
    members = cog.communes_by("region")
    for region in cog.regions:
        code = region["code"]
        row = {"code": f"REG-{code}", "kind": "region", "official_code": code, "name": region["nom"],
               "zone": ZONES[region["zone"]], **chief(cog, region, "region", code)}
        yield with_centre(with_population(row, cog, members[code]),
                          polygons.dissolve(commune_polygons, members[code]))


def departements(cog, shapes):
    members = cog.communes_by("departement")
    for departement in cog.departements:
        code = departement["code"]
        row = {"code": f"DEP-{code}", "kind": "departement", "official_code": code,
               "name": departement["nom"], "zone": ZONES[departement["zone"]],
               "region_code": prefixed("REG", cog.region(departement)),
               **chief(cog, departement, "departement", code)}
        yield with_centre(with_population(row, cog, members[code]), shapes.get(code))


def arrondissements(cog, polygons, commune_polygons):
    members = cog.communes_by("arrondissement")
    zones = {d["code"]: ZONES[d["zone"]] for d in cog.departements}
    for arrondissement in cog.arrondissements:
        code = arrondissement["code"]
        row = {"code": f"ARR-{code}", "kind": "arrondissement", "official_code": code,
               "name": arrondissement["nom"], "zone": zones[arrondissement["departement"]],
               "departement_code": f"DEP-{arrondissement['departement']}",
               "region_code": f"REG-{arrondissement['region']}",
               **chief(cog, arrondissement, "arrondissement", code)}
        yield with_centre(with_population(row, cog, members[code]),
                          polygons.dissolve(commune_polygons, members[code]))


def groupings(cog, rows, prefix, polygons, commune_polygons):
    """EPCI and EPT: both are named by their SIREN and hold whole communes."""
    for grouping in rows:
        members = [m["code"] for m in grouping["membres"]]
        zones = {cog.communes[m]["zone"] for m in members}
        row = {"code": f"{prefix}-{grouping['code']}", "kind": prefix.lower(),
               "official_code": grouping["code"], "siren": grouping["code"], "name": grouping["nom"],
               "legal_form": grouping["type"], "zone": ZONES[zones.pop()]}
        yield with_centre(with_population(row, cog, members),
                          polygons.dissolve(commune_polygons, members))


def communes(cog, former_of, commune_polygons, notes):
    for code, commune in cog.communes.items():
        row = {
            "code": f"COM-{code}", "official_code": code, "name": commune["nom"],
            "siren": commune.get("siren"), "zone": ZONES[commune["zone"]],
            "arrondissement_code": prefixed("ARR", commune.get("arrondissement")),
            "departement_code": f"DEP-{commune['departement']}",
            "region_code": prefixed("REG", cog.region(commune)),
            "epci_code": prefixed("EPCI", cog.epci_of.get(code)),
            "postal_codes": "|".join(sorted(commune.get("codesPostaux", []))),
            "former_codes": "|".join(f"COM-{old}" for old in sorted(former_of.get(code, []))),
            "note": notes.get(code),
        }
        yield with_centre(with_population(row, cog, [code]), commune_polygons.get(code))


def parts(cog, polygons):
    """Associated and delegated communes, municipal arrondissements."""
    for part in cog.parts:
        prefix, kind = PARTS[part["type"]]
        row = {"code": f"{prefix}-{part['code']}", "kind": kind, "official_code": part["code"],
               "name": part["nom"], "zone": ZONES[part["zone"]], "commune_code": f"COM-{parent_of(part)}",
               "arrondissement_code": prefixed("ARR", part.get("arrondissement")),
               "departement_code": f"DEP-{part['departement']}", "region_code": f"REG-{part['region']}",
               "postal_codes": "|".join(sorted(part.get("codesPostaux", []))),
               "population": part.get("population")}
        if "population" in part:
            row["population_year"] = cog.population_year([parent_of(part)])
        yield with_centre(row, polygons.part(prefix, part["code"]))


def former(cog, formers, polygons):
    for code, old in formers.items():
        commune = cog.communes[old.commune]
        row = {"code": f"COM-{code}", "official_code": code, "name": old.name,
               "zone": ZONES[commune["zone"]], "commune_code": f"COM-{old.commune}",
               "departement_code": f"DEP-{commune['departement']}",
               "region_code": prefixed("REG", cog.region(commune)), "note": old.note}
        yield with_centre(row, polygons.former(code))


def lapsed(timeline, lives):
    """The EPCI, départements and regions that ended."""
    last = {state.code: state for state in sorted(timeline.states, key=lambda state: state.start)}
    for code, life in lives.items():
        kind, number = last[code].kind, code.partition("-")[2]
        if life.end is None or kind == "commune":
            continue
        row = {"code": code, "kind": kind, "official_code": number, "name": last[code].name, "zone": ZONES["metro"],
               "geography_year": life.end[:4] if kind != "epci" else str(int(life.end[:4]) - 1),
               "source_code": last[code].source, "source_location": "article 1er" if kind == "region" else None}
        if kind == "region":
            row["region_code"] = f"REG-{areas.OLD_REGIONS[number][2]}"
        if kind == "epci":
            edition = timeline.editions[int(row["geography_year"])]
            row |= {"siren": number, "legal_form": edition.epci[number][1], "source_code": edition.source,
                    "source_location": "data/epci.json"}
        yield row


def in_time(row, lives):
    """Adds to a row when its code named a territory, and what became of it."""
    life = lives.get(row["code"])
    if life:
        row |= {"valid_from": life.start, "valid_until": life.end, "end_event_code": life.end_event,
                "successor_codes": "|".join(life.successors)}
    return row


def memberships(cog):
    for ept in cog.ept:
        for member in ept["membres"]:
            yield {"container_code": f"EPT-{ept['code']}", "part_code": f"COM-{member['code']}"}
