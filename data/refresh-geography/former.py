"""Owns the former communes: what each abandoned code names, and where it belongs now.

The edition lists the former codes of each current commune but not their names.
A name is that of the associated or delegated commune of the same code, else the
last one the code had as a commune in the history of edition 0.7.0 (1943-2019).
"""

from collections import defaultdict
from dataclasses import dataclass


@dataclass
class Former:
    """One former code."""

    code: str
    commune: str
    name: str
    note: str = ""
    replaced: bool = False  # the source's own list puts it elsewhere


class History:
    """`data/historique-communes.json` of edition 0.7.0, by code."""

    def __init__(self, archive):
        self.records = defaultdict(list)
        for record in archive.json("data/historique-communes.json"):
            self.records[record["code"]].append(record)

    def as_commune(self, code):
        """The states of a code as a full commune, oldest first."""
        states = [r for r in self.records.get(code, []) if r["type"] == "COM"]
        return sorted(states, key=lambda r: (r.get("dateDebut", ""), r.get("dateFin", "9999")))

    def last_name(self, code):
        """The last name as a commune, else in any other state."""
        states = self.as_commune(code) or self.records.get(code)
        return states[-1]["nom"] if states else None

    def suppressed(self, code):
        """The date a commune was suppressed without any successor, or None."""
        states = self.as_commune(code)
        if states and states[-1].get("raisonFin") == "suppression":
            return states[-1]["dateFin"]
        return None


def former_communes(cog, history, recoded):
    """Every former code, by code. `recoded`: {old code: new code} of mere changes of code."""
    claims = defaultdict(list)
    for code, commune in cog.communes.items():
        for old in commune.get("anciensCodes", []):
            if old not in cog.communes:
                claims[old].append(code)
    return {old: _resolve(old, sorted(claims[old]), cog, history, recoded)
            for old in sorted(claims)}


def _resolve(old, claimed, cog, history, recoded):
    commune, notes = claimed[0], []
    part = cog.former_parts.get(old)
    if part and part["chefLieu"] not in claimed:
        commune = part["chefLieu"]
        notes.append(f"La liste des anciens codes rattache ce code à {_named(cog, claimed[0])} ; retenu : "
                     f"{_named(cog, commune)}, où le même fichier place la commune {_kind(part)}.")
    elif len(claimed) > 1:
        commune = part["chefLieu"] if part else claimed[0]
        others = ", ".join(_named(cog, c) for c in claimed if c != commune)
        notes.append(f"Ancienne commune partagée, aussi rattachée à : {others}.")
    suppressed = history.suppressed(old)
    if suppressed:
        notes.append(f"Commune supprimée le {suppressed} sans successeur selon l'historique ; "
                     "son territoire a pu être partagé, le rattachement est celui de la source.")
    name = part["nom"] if part else None
    if old in recoded:
        name = cog.communes[commune]["nom"]
        notes.append(f"Changement de code : la commune a désormais le code {commune}.")
    elif not name and old.startswith("20") and commune[0] == "2" and commune[2:] == old[2:]:
        name = cog.communes[commune]["nom"]
    name = name or history.last_name(old)
    if not name:
        name = f"Ancienne commune {old}"
        notes.append("Le nom n'est pas dans la source.")
    return Former(old, commune, name, " ".join(notes), commune not in claimed)


def reused_codes(cog, history, formers):
    """Current codes that named a wider commune in 2019, since split: {code: note}.

    Recognised when the code was that of a "commune nouvelle" and one of its
    members is now a commune again, or in another one.
    """
    notes = {}
    for code, commune in cog.communes.items():
        states = history.as_commune(code)
        if not states or "dateFin" in states[-1]:
            continue
        members = [member.split("-")[1].split("@")[0] for member in states[-1].get("membres", [])]
        gone = [m for m in members if m != code
                and (m in cog.communes or m in formers and formers[m].commune != code)]
        if gone:
            names = ", ".join(f"{history.records[m][0]['nom']} ({m})" for m in sorted(gone))
            notes[code] = (f"En 2019, ce code désignait la commune nouvelle « {states[-1]['nom']} », scindée depuis ; "
                           f"il désigne désormais {commune['nom']}, sans : {names}.")
    return notes


def _named(cog, code):
    return f"{cog.communes[code]['nom']} ({code})"


def _kind(part):
    return "associée" if part["type"] == "commune-associee" else "déléguée"
