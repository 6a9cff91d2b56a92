"""Owns the states of territories in time: what a state is, and what follows from the states of one code."""

from collections import defaultdict
from dataclasses import dataclass, field

# The first day of INSEE's history: what began on it may be older.
BEGINNING = "1943-01-01"

# INSEE's codes of events (MOD), by the words that the history of edition 0.7.0 has for them.
EVENTS = {
    "changement de nom": "10",
    "renommage suite à création d’une commune fille": "10",
    "création": "20",
    "rétablissement": "21",
    "dé-fusion": "21",
    "recomposition de la commune groupe": "21",
    "suppression": "30",
    "fusion simple": "31",
    "commune nouvelle": "32",
    "commune devenant déléguée": "32",
    "commune devenant commune déléguée": "32",
    "commune restant ou devenant commune déléguée": "32",
    "commune absorbée par la commune nouvelle": "32",
    "dissolution ou élargissement de la commune nouvelle": "32",
    "dissolution de la fusion-association dans une commune nouvelle": "32",
    "changement de département + commune devenant déléguée": "32",
    "changement de département + commune devenant commune déléguée": "32",
    "fusion-association": "33",
    "fusion totale": "34",
    "fusion partielle": "34",
    "changement de département": "41",
    "changement de chef lieu": "50",
}
RENAMED, RESTORED, MERGED, MOVED, RECODED = "10", "21", "32", "41", "50"
# What INSEE has no code for.
EPCI, ARRONDISSEMENT, REFORM = "epci", "arrondissement", "reform"


@dataclass
class State:
    """One state of a territory: nothing of it changes from `start` until the day before `end`."""

    code: str  # typed, as in the data: COM-59350
    kind: str
    start: str
    name: str
    source: str
    end: str | None = None
    arrondissement: str | None = None
    departement: str | None = None
    region: str | None = None
    epci: str | None = None
    start_event: str | None = None
    end_event: str | None = None
    predecessors: set = field(default_factory=set)  # other codes only
    successors: set = field(default_factory=set)  # other codes only
    notes: list = field(default_factory=list)

    def close(self, day, event):
        self.end, self.end_event = day, event

    def on(self, day):
        return self.start <= day and (self.end is None or day < self.end)


@dataclass
class Life:
    """When a code last named a territory without interruption, and what became of it."""

    start: str
    end: str | None
    end_event: str | None
    successors: list


def lives(states):
    """{code: Life}, of the last uninterrupted states of each code."""
    grouped = defaultdict(list)
    for state in states:
        grouped[state.code].append(state)
    found = {}
    for code, own in grouped.items():
        own.sort(key=lambda state: state.start)
        first = last = own[-1]
        for earlier in reversed(own[:-1]):
            if earlier.end != first.start:
                break
            first = earlier
        found[code] = Life(first.start, last.end, last.end_event, sorted(last.successors))
    return found


def departement_of(code):
    """The département of a commune, as its code says it."""
    return code[:3] if code.startswith(("97", "98")) else code[:2]
