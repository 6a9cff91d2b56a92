"""Owns the geography in time as a whole: the states of all territories, and the bundle made of them."""

import areas
import changes
import chronicle
import editions
import texts
from bundle import Bundle


class Timeline:
    """The states of communes, EPCI, arrondissements, départements, regions and the country."""

    def __init__(self, cog, year, past, archives):
        self.editions = editions.read(archives)
        ordered, source = list(self.editions.values()), texts.cog_code(year)
        told = chronicle.communes(past, texts.HISTORY)
        since = changes.communes([state for state in told if state.end is None], ordered)
        self.files = {
            "communes": told,
            "communes-since-2019": since,
            "epci": changes.epci(ordered),
            "areas": (areas.country(source) + areas.regions(cog, source)
                      + areas.departements(cog, source, ordered[0]) + changes.arrondissements(ordered)),
        }

    @property
    def states(self):
        return [state for states in self.files.values() for state in states]


def archives(cache, fetch, last, last_archive):
    """{year: archive} of every edition up to the last, which is at hand."""
    return {year: last_archive if year == last else fetch(edition, cache)
            for year, edition in editions.EDITIONS.items() if year <= last}


def write(timeline, output, year):
    """Write the bundle of the states."""
    bundle = Bundle(output)
    for name, states in timeline.files.items():
        constants = {"source_location": texts.LOCATIONS[name]} if texts.LOCATIONS[name] else {}
        if len(sources := {state.source for state in states}) == 1:
            constants["source_code"] = sources.pop()
        if len(kinds := {state.kind for state in states}) == 1:
            constants["kind"] = kinds.pop()
        rows = [{k: v for k, v in row(state).items() if k not in constants} for state in states]
        bundle.add(f"territory_states-{name}.csv", "territory_states", rows, constants)
    bundle.close(texts.history_header(year, list(timeline.editions)))


def row(state):
    return {"territory_code": state.code, "kind": state.kind, "valid_from": state.start, "valid_until": state.end,
            "name": state.name, "arrondissement_code": state.arrondissement, "departement_code": state.departement,
            "region_code": state.region, "epci_code": state.epci, "start_event_code": state.start_event,
            "end_event_code": state.end_event, "predecessor_codes": "|".join(sorted(state.predecessors)),
            "successor_codes": "|".join(sorted(state.successors)), "source_code": state.source,
            "note": " ".join(state.notes)}
