"""Owns the verifications of the geography in time: what must hold of its states, and the numbers of communes that INSEE
has published for single days, known independently of this program."""

from collections import Counter, defaultdict

# Communes of metropolitan France and the overseas départements, Mayotte included: INSEE, code officiel géographique.
COMMUNES = {"2012-01-01": 36_700, "2015-01-01": 36_658, "2016-01-01": 35_885, "2017-01-01": 35_416,
            "2018-01-01": 35_357, "2019-01-01": 34_970, "2020-01-01": 34_968, "2021-01-01": 34_965,
            "2022-01-01": 34_955, "2023-01-01": 34_945, "2024-01-01": 34_935, "2025-01-01": 34_875}


def states(timeline, known):
    """`known`: the codes of all territories."""
    grouped = defaultdict(list)
    for state in timeline.states:
        grouped[state.code].append(state)
    overlaps, empty = [], [s.code for s in timeline.states if s.end is not None and s.end <= s.start]
    for code, own in grouped.items():
        own.sort(key=lambda state: state.start)
        overlaps += [code for a, b in zip(own, own[1:]) if a.end is None or a.end > b.start]
    named = {code for s in timeline.states for code in s.predecessors | s.successors
             | {s.arrondissement, s.departement, s.region, s.epci} if code}
    lost = sorted((named | set(grouped)) - known)
    return [("states", len(timeline.states), True),
            ("states without a day", len(empty), not empty),
            ("codes whose states overlap", len(overlaps), not overlaps),
            ("states: codes of no territory", len(lost), not lost)]


def counts(timeline):
    communes = [state for state in timeline.states if state.kind == "commune"]
    overseas = {f"COM-{code}" for code in timeline.editions[2019].communes if _is_collectivity(code)}
    found = []
    for day, published in COMMUNES.items():
        number = sum(state.on(day) and state.code not in overseas for state in communes)
        found.append((f"communes on {day}", number, number == published))
    return found


def editions(timeline):
    """On 1 January of its year, the states are those of each edition."""
    found = []
    for edition in timeline.editions.values():
        now = [state for state in timeline.states if state.on(edition.day)]
        communes = {s.code: s for s in now if s.kind == "commune"}
        epci = {f"COM-{code}": f"EPCI-{siren}" for code, siren in edition.epci_of.items()}
        wrong = sorted(set(communes) ^ {f"COM-{code}" for code in edition.communes})
        wrong += [code for code, state in communes.items() if state.epci != epci.get(code)]
        if edition.year != 2020:
            wrong += [code for code, s in communes.items() if s.name != edition.communes[code[4:]][0]]
        wrong += sorted({s.code for s in now if s.kind == "epci"} ^ {f"EPCI-{siren}" for siren in edition.epci})
        found.append((f"edition {edition.year}: {len(communes)} communes; states that differ", len(wrong), not wrong))
    return found


def departements(timeline):
    """Every département has one region at a time, and all that lies in it exists."""
    found = []
    for day in ("1960-01-01", "1970-01-01", "2000-01-01", "2026-01-01"):
        now = {s.code: s for s in timeline.states if s.on(day)}
        homeless = [c for c, s in now.items() if s.departement and s.departement not in now]
        per_region = Counter(s.region for s in now.values() if s.kind == "departement" and s.region in now)
        found.append((f"{day}: {len(per_region)} regions; territories whose département did not exist", len(homeless),
                      not homeless))
    return found


def _is_collectivity(code):
    return code.startswith("98") or code[:3] in ("975", "977", "978")
