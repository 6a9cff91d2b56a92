"""Owns the states of départements, regions and the country: three reforms, which the package does not tell.

Names are those of today but for the four areas that a reform ended under another name; earlier renamings (Côtes-du-Nord,
1990) are not told. Regions are told from 1976 on: since then only the reform of 2016 has changed them.
"""

from timeline import BEGINNING, REFORM, State

PARIS, CORSICA, REGIONS = "1968-01-01", "1976-01-01", "2016-01-01"
PARIS_SOURCE, CORSICA_SOURCE, REGIONS_SOURCE = "loi-64-707", "loi-75-356", "loi-2015-29"
REGIONS_BEGINNING, MAYOTTE_BEGINNING = "1976-01-01", "2011-03-31"

# What the reform of the Paris region made of two départements (law 64-707, in force on 1 January 1968).
OLD_NAMES = {"75": "Seine", "78": "Seine-et-Oise"}
PARIS_REFORM = {"91": ["78"], "92": ["75", "78"], "93": ["75", "78"], "94": ["75", "78"], "95": ["78"]}
CORSICAN = ["2A", "2B"]

# The regions that the law 2015-29 (article 1) ended: code, name, départements, and the region since.
OLD_REGIONS = {
    "21": ("Champagne-Ardenne", "08 10 51 52", "44"), "22": ("Picardie", "02 60 80", "32"),
    "23": ("Haute-Normandie", "27 76", "28"), "25": ("Basse-Normandie", "14 50 61", "28"),
    "26": ("Bourgogne", "21 58 71 89", "27"), "31": ("Nord-Pas-de-Calais", "59 62", "32"),
    "41": ("Lorraine", "54 55 57 88", "44"), "42": ("Alsace", "67 68", "44"),
    "43": ("Franche-Comté", "25 39 70 90", "27"), "54": ("Poitou-Charentes", "16 17 79 86", "75"),
    "72": ("Aquitaine", "24 33 40 47 64", "75"), "73": ("Midi-Pyrénées", "09 12 31 32 46 65 81 82", "76"),
    "74": ("Limousin", "19 23 87", "75"), "82": ("Rhône-Alpes", "01 07 26 38 42 69 73 74", "84"),
    "83": ("Auvergne", "03 15 43 63", "84"), "91": ("Languedoc-Roussillon", "11 30 34 48 66", "76"),
}
OLD_REGION_OF = {departement: code for code, (_, all_of_it, _) in OLD_REGIONS.items() for departement in all_of_it.split()}


def country(source):
    return [State(code="FR", kind="country", start=BEGINNING, name="France", source=source)]


def regions(cog, source):
    merged = {new for _, _, new in OLD_REGIONS.values()}
    states = []
    for region in cog.regions:
        code = region["code"]
        state = State(code=f"REG-{code}", kind="region", start=REGIONS_BEGINNING, name=region["nom"], source=source)
        if code in merged:
            state.start, state.start_event, state.source = REGIONS, REFORM, REGIONS_SOURCE
            state.predecessors = {f"REG-{old}" for old, (_, _, new) in OLD_REGIONS.items() if new == code}
        elif code == "06":
            state.start = MAYOTTE_BEGINNING
        else:
            state.notes.append("Connue ici depuis 1976 ; peut être plus ancienne.")
        states.append(state)
    for code, (name, _, new) in OLD_REGIONS.items():
        states.append(State(code=f"REG-{code}", kind="region", start=REGIONS_BEGINNING, end=REGIONS, name=name,
                            source=REGIONS_SOURCE, end_event=REFORM, successors={f"REG-{new}"},
                            notes=["Connue ici depuis 1976 ; peut être plus ancienne."]))
    return states


def departements(cog, source, first_edition):
    """`first_edition`: the first one to know the overseas collectivities."""
    states = []
    for departement in cog.departements:
        code, region = departement["code"], cog.region(departement)
        state = State(code=f"DEP-{code}", kind="departement", start=BEGINNING, name=departement["nom"], source=source,
                      region=f"REG-{region}" if region else None)
        if departement["zone"] == "com":
            state.start, state.source = first_edition.day, first_edition.source
            state.notes.append(f"Connu depuis l'édition de {first_edition.year} ; peut être plus ancien.")
        if code in OLD_NAMES:
            successors = {f"DEP-{new}" for new, old in PARIS_REFORM.items() if code in old}
            states.append(State(code=state.code, kind=state.kind, start=BEGINNING, end=PARIS, name=OLD_NAMES[code],
                                source=PARIS_SOURCE, end_event=REFORM, successors=successors))
            _begin(state, PARIS, PARIS_SOURCE)
        if code in PARIS_REFORM:
            _begin(state, PARIS, PARIS_SOURCE, PARIS_REFORM[code])
        if code in CORSICAN:
            _begin(state, CORSICA, CORSICA_SOURCE, ["20"])
        if code in OLD_REGION_OF:
            states.append(State(code=state.code, kind=state.kind, start=state.start, end=REGIONS, name=state.name,
                                source=state.source, end_event=REFORM, region=f"REG-{OLD_REGION_OF[code]}"))
            _begin(state, REGIONS, REGIONS_SOURCE)
        states.append(state)
    states.append(State(code="DEP-20", kind="departement", start=BEGINNING, end=CORSICA, name="Corse",
                        source=CORSICA_SOURCE, end_event=REFORM, successors={f"DEP-{new}" for new in CORSICAN}))
    return states


def _begin(state, day, source, predecessors=()):
    state.start, state.start_event, state.source = day, REFORM, source
    state.predecessors = {f"DEP-{old}" for old in predecessors}
