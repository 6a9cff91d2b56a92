"""Owns the states of communes from 1943 to 2019, as the history of edition 0.7.0 tells them.

The history knows communes (COM) and their parts: associated (COMA), delegated (COMD) and central (COMP) communes. A
commune that merges becomes a part, whose `pole` is the commune around it: here it becomes that commune.
"""

from timeline import BEGINNING, EVENTS, State, departement_of


def communes(archive, source):
    """The states of all communes; those still open have no end."""
    records = {record["id"]: record for record in archive.json("data/historique-communes.json")}
    states = {identifier: _state(record, source) for identifier, record in records.items() if record["type"] == "COM"}
    for before, after in _steps(records):
        old, new = states[before], states[after]
        if old.code != new.code:
            old.successors.add(new.code)
            new.predecessors.add(old.code)
    return list(states.values())


def _state(record, source):
    return State(code=f"COM-{record['code']}", kind="commune", start=record.get("dateDebut", BEGINNING),
                 end=record.get("dateFin"), name=record["nom"], source=source,
                 departement=f"DEP-{departement_of(record['code'])}",
                 start_event=EVENTS[record["raisonDebut"]] if "raisonDebut" in record else None,
                 end_event=EVENTS[record["raisonFin"]] if "raisonFin" in record else None)


def _steps(records):
    """Pairs of identifiers of communes: before and after. The same step stands in the history from both sides."""
    found = set()
    for record in records.values():
        for key, swapped in (("successeur", False), ("predecesseur", True)):
            if key in record:
                pair = (record, records[record[key]])
                before, after = (_whole(part, records)["id"] for part in (pair[::-1] if swapped else pair))
                # A part may leave a commune that stands unchanged: that is no step of the commune.
                if before != after and records[before].get("dateFin") == records[after].get("dateDebut"):
                    found.add((before, after))
    return sorted(found)


def _whole(record, records):
    """The commune that a record is, or is part of."""
    while record["type"] != "COM":
        record = records[record["pole"]]
    return record
