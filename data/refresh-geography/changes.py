"""Owns what changed from one yearly edition to the next: the states of communes, EPCI and arrondissements from 2019 on.

Editions say what is, not what happened. What happened is inferred: a code that goes became the commune whose part it is
then; a code that comes left the commune whose part it was; a code that goes while its name comes with another code was
changed. Its day is not known: it is dated 1 January of the first edition that has it, and the state says so.
"""

from collections import defaultdict

from timeline import ARRONDISSEMENT, EPCI, MERGED, MOVED, RECODED, RENAMED, RESTORED, State, departement_of

SEEN = "{what} entre les éditions de {before} et de {after}, {dated} du 1er janvier {after} faute de date."
START, END = {"what": "Début constaté", "dated": "daté"}, {"what": "Fin constatée", "dated": "datée"}
KNOWN_SINCE = "Connu depuis l'édition de {year} ; peut être plus ancien."


class Changes:
    """The step from one edition to the next."""

    def __init__(self, before, after):
        self.before, self.after = before, after
        self.gone = sorted(set(before.communes) - set(after.communes))
        self.new = sorted(set(after.communes) - set(before.communes))
        self.recoded = {}  # old code: new code
        self.touched = {}  # a code that stays: the event that changes what it is made of
        self.predecessors, self.successors = defaultdict(set), defaultdict(set)
        self.events = {}  # a code that goes or comes: the event
        for new in self.new:
            self._came(new)
        for old in self.gone:
            self._went(old)

    def _link(self, old, new):
        self.successors[old].add(new)
        self.predecessors[new].add(old)

    def _came(self, new):
        name = self.after.communes[new][0]
        for old in self.gone:
            if new in self.after.claims.get(old, []) and self.before.communes[old][0] == name:
                self.recoded[old] = new
                self.events[old] = self.events[new] = MOVED if departement_of(old) != departement_of(new) else RECODED
                return self._link(old, new)
        parent = self.before.parts.get(new) or self.before.claims[new][0]
        self.events[new] = self.touched[parent] = RESTORED
        return self._link(parent, new)

    def _went(self, old):
        if old not in self.recoded:
            target = self.after.parts.get(old) or self.after.claims[old][0]
            self.events[old] = MERGED
            if target in self.before.communes:
                self.touched[target] = MERGED
            self._link(old, target)

    def seen(self, what):
        return SEEN.format(**what, before=self.before.year, after=self.after.year)


def communes(open_states, editions):
    """Carries the open states of 2019 on; gives those that began since, and closes those that ended."""
    first, *later = editions
    states = {state.code.removeprefix("COM-"): state for state in open_states}
    begun = []
    for code in sorted(set(first.communes) - set(states)):
        states[code] = _commune(code, first)
        states[code].notes.append(KNOWN_SINCE.format(year=first.year))
        begun.append(states[code])
    members = first.epci_of
    for code, state in states.items():
        _belongs(state, first.communes[code][1], members.get(code))
    for before, after in zip(editions, later):
        step, members = Changes(before, after), after.epci_of
        for code in step.gone:
            _end(states.pop(code), step, code, step.events[code])
        for code in sorted(after.communes):
            old, new = states.get(code), _commune(code, after)
            _belongs(new, after.communes[code][1], members.get(code))
            event = step.events.get(code) if old is None else step.touched.get(code) or _difference(old, new)
            if event:
                if old is not None:
                    _end(old, step, code, event)
                new.start_event = event
                new.predecessors = {f"COM-{other}" for other in step.predecessors[code]}
                new.notes.append(step.seen(START))
                states[code] = new
                begun.append(new)
    return begun


def _commune(code, edition):
    return State(code=f"COM-{code}", kind="commune", start=edition.day, name=edition.communes[code][0],
                 source=edition.source, departement=f"DEP-{departement_of(code)}")


def _belongs(state, arrondissement, epci):
    state.arrondissement = f"ARR-{arrondissement}" if arrondissement else None
    state.epci = f"EPCI-{epci}" if epci else None


def _difference(old, new):
    differences = ((old.name, new.name, RENAMED), (old.epci, new.epci, EPCI),
                   (old.arrondissement, new.arrondissement, ARRONDISSEMENT))
    return next((event for before, after, event in differences if before != after), None)


def _end(state, step, code, event):
    state.close(step.after.day, event)
    state.successors |= {f"COM-{other}" for other in step.successors[code]}
    state.notes.append(step.seen(END))


def epci(editions):
    """The states of EPCI. One that goes became those that its communes belong to then."""
    first, *later = editions
    states = {siren: _epci(siren, first) for siren in sorted(first.epci)}
    all_states = list(states.values())
    for state in all_states:
        state.notes.append(KNOWN_SINCE.format(year=first.year))
    for before, after in zip(editions, later):
        step, was, members = Changes(before, after), before.epci_of, after.epci_of
        for siren in sorted(set(before.epci) - set(after.epci)):
            state = states.pop(siren)
            _end(state, step, siren, EPCI)
            state.successors = {f"EPCI-{members[c]}" for c in before.epci[siren][2] if c in members}
        for siren in sorted(after.epci):
            old, new = states.get(siren), _epci(siren, after)
            if old is not None and old.name == new.name:
                continue
            if old is not None:
                _end(old, step, siren, RENAMED)
            else:
                new.predecessors = {f"EPCI-{was[c]}" for c in after.epci[siren][2] if c in was}
            new.start_event = RENAMED if old is not None else EPCI
            new.notes.append(step.seen(START))
            states[siren] = new
            all_states.append(new)
    return all_states


def _epci(siren, edition):
    return State(code=f"EPCI-{siren}", kind="epci", start=edition.day, name=edition.epci[siren][0], source=edition.source)


def arrondissements(editions):
    """The states of arrondissements: their names, and when they are first seen."""
    states, all_states = {}, []
    for before, edition in zip([None, *editions], editions):
        for code, (name, departement) in sorted(edition.arrondissements.items()):
            old = states.get(code)
            if old is not None and old.name == name:
                continue
            new = State(code=f"ARR-{code}", kind="arrondissement", start=edition.day, name=name, source=edition.source,
                        departement=f"DEP-{departement}")
            if before is None:
                new.notes.append(KNOWN_SINCE.format(year=edition.year))
            else:
                seen = {"before": before.year, "after": edition.year}
                new.start_event = RENAMED if old is not None else ARRONDISSEMENT
                new.notes.append(SEEN.format(**START, **seen))
                if old is not None:
                    old.close(edition.day, RENAMED)
                    old.notes.append(SEEN.format(**END, **seen))
            states[code] = new
            all_states.append(new)
    return all_states
