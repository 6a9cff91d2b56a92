"""Owns the yearly editions of the divisions, from 2019 on: what each one says, made alike.

There is no edition of the communes of 2020, only one of the EPCI. Which communes there were follows from it, since all
but four islands belong to one; their names and arrondissements are then those of 2019, or of 2021 for new ones.
"""

from dataclasses import dataclass, field

from cog import CURRENT

# Edition of the npm package for each year, as its README lists them.
EDITIONS = {2019: "0.7.0", 2020: "0.8.0", 2021: "1.1.1", 2022: "2.3.1", 2023: "3.1.1", 2024: "4.1.0", 2025: "5.3.0",
            2026: "6.0.0"}
WITHOUT_COMMUNES = 2020


@dataclass
class Edition:
    """The divisions on 1 January of one year, by their own codes."""

    year: int
    archive: object
    communes: dict = field(default_factory=dict)  # code: (name, arrondissement)
    parts: dict = field(default_factory=dict)  # code of an associated or delegated commune: the commune around it
    claims: dict = field(default_factory=dict)  # former code: the communes that it is said to have become
    epci: dict = field(default_factory=dict)  # SIREN: (name, legal form, communes)
    arrondissements: dict = field(default_factory=dict)  # code: (name, département)

    @property
    def day(self):
        return f"{self.year}-01-01"

    @property
    def epci_of(self):
        return {commune: siren for siren, (_, _, communes) in self.epci.items() for commune in communes}

    @property
    def source(self):
        return f"insee-cog-{self.year}"


def read(archives):
    """{year: Edition} of {year: archive}."""
    editions = {year: _edition(year, archive) for year, archive in sorted(archives.items())}
    if WITHOUT_COMMUNES in editions:
        _complete(editions[WITHOUT_COMMUNES], editions[WITHOUT_COMMUNES - 1], editions[WITHOUT_COMMUNES + 1])
    return editions


def _edition(year, archive):
    edition = Edition(year, archive)
    for epci in archive.json("data/epci.json"):
        edition.epci[epci["code"]] = (epci["nom"], epci["type"], {member["code"] for member in epci["membres"]})
    for row in archive.json("data/arrondissements.json"):
        edition.arrondissements[row["code"]] = (row["nom"], row["departement"])
    for row in archive.json("data/communes.json"):
        if row["type"] == CURRENT:
            edition.communes[row["code"]] = (row["nom"], row.get("arrondissement"))
            for old in row.get("anciensCodes", []):
                edition.claims.setdefault(old, []).append(row["code"])
        elif "chefLieu" in row:
            edition.parts[row["code"]] = row["chefLieu"]
    return edition


def _complete(edition, before, after):
    """Communes of a year that only has EPCI."""
    members, apart = set(edition.epci_of), set(before.communes) - set(before.epci_of)
    edition.communes = {code: row for code, row in before.communes.items() if code in members | apart}
    edition.communes |= {code: after.communes[code] for code in members - set(edition.communes)}
    edition.parts, edition.claims = after.parts, after.claims
    edition.arrondissements = before.arrondissements
