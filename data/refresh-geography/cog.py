"""Owns the reading of the administrative divisions: the npm package's JSON as one object.

Codes stay the package's own here (`59350`, `32`…); prefixes are added when rows
are written. The few corrections made to the package are decided here or in
`former.py`, and each one leaves a note in the row it touches.
"""

from collections import defaultdict

CURRENT = "commune-actuelle"
PARTS = {
    "commune-associee": ("COMA", "associated_commune"),
    "commune-deleguee": ("COMD", "delegated_commune"),
    "arrondissement-municipal": ("ARM", "municipal_arrondissement"),
}

# Reference year of the "populations de référence" published in December 2025.
POPULATION_YEAR = 2023
# The exceptions. Mayotte: census of 2017, says the package's README. Overseas
# collectivities: the INSEE page the README names (insee.fr/fr/statistiques/8680702).
POPULATION_YEARS = {"976": 2017, "987": 2022, "988": 2025}


class Cog:
    """The divisions of one edition, with the lookups the rows need."""

    def __init__(self, archive):
        self.regions = [r for r in archive.json("data/regions.json") if r["zone"] != "com"]
        self.departements = archive.json("data/departements.json")
        self.arrondissements = archive.json("data/arrondissements.json")
        self.epci = archive.json("data/epci.json")
        self.ept = archive.json("data/ept.json")
        rows = archive.json("data/communes.json")
        self.communes = {r["code"]: r for r in rows if r["type"] == CURRENT}
        self.parts = [r for r in rows if r["type"] in PARTS]
        self.former_parts = {r["code"]: r for r in self.parts if "chefLieu" in r}
        self.epci_of = {m["code"]: e["code"] for e in self.epci for m in e["membres"]}
        self._has_region = {r["code"] for r in self.regions}

    def region(self, row):
        """The region code, or None for an overseas collectivity."""
        return row["region"] if row["region"] in self._has_region else None

    def communes_by(self, field):
        groups = defaultdict(list)
        for code, commune in self.communes.items():
            if commune.get(field):
                groups[commune[field]].append(code)
        return groups

    def communes_of_region(self, region):
        return [c for c, row in self.communes.items() if row["region"] == region]

    def population(self, codes):
        """Sum of the municipal populations, or None when none of them has one."""
        known = [self.communes[c]["population"] for c in codes if "population" in self.communes[c]]
        return sum(known) if known else None

    def population_year(self, codes):
        """Reference year of the populations of these communes (of one département or more)."""
        years = {POPULATION_YEARS.get(self.communes[c]["departement"], POPULATION_YEAR) for c in codes}
        return years.pop() if len(years) == 1 else POPULATION_YEAR


def parent_of(part):
    """The current commune an associated or delegated commune, or an arrondissement, is in."""
    return part.get("chefLieu") or part["commune"]
