#!/usr/bin/env python3
"""Owns the data of the comparison with peers: series of 11 years of made-up indicators on the real territories, and 100,000 flows
of money, with the same bytes at every run; then what is published on top of them.

Usage: compare_data.py INDICATORS [CORRECTED RELEASES], with an empty BENCH_FOLDER or an earlier one. The script writes the bundles
and publishes them as `reperes migrate` does into a new database. Then it publishes other values for about CORRECTED figures, and a
few more in each further release until there are RELEASES; and it makes the plain tables of the peers. Five indicators are 1,999,360
observations; 25 are ten million.
"""

import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

from generate import CONSTANTS, SEED, SOURCE, Bundle, territories
from load import prepare, publish
from service import BINARY, FOLDER, ROOT, Service, environment, psql, table

YEARS = [str(year) for year in range(2015, 2026)]
FLOWS = 100_000
# The years of flows: with 109 départements fewer groups than a page may have.
FLOW_YEARS = YEARS[:9]
MILLION = 1_000_000
SUPPRESSED = 0.03
PROVISIONAL = 0.05
# The first part of the codes of indicators: of the data, and of what is published on top of them.
BASE, NEW = "serie", "neuf"
FEW = 315
INDICATOR = ["code", "title", "definition", "unit_code", "decimals", "territory_additivity", "time_additivity", "direction"]
OBSERVATION = ["indicator_code", "territory_code", "period", "value", "statuses", "source_location"]
FLOW = ["code", "title", "payer_code", "territory_code", "period", "amount_eur"]


def places():
    """The codes of all current communes, EPCI, départements and regions."""
    with open(ROOT / "data/01-geography/territories-regions.csv", encoding="utf-8") as file:
        return sorted([*territories(), *(line.split(",")[0] for line in file.readlines()[1:])])


def codes(name, number):
    return [f"{name}-{at:02}" for at in range(1, number + 1)]


def figures(indicators, years, edition="", most=None):
    """Yields the lines of observations, ordered by indicator, territory and year. Another edition has other values; which figures
    are suppressed stays the same."""
    left = most
    for indicator in indicators:
        chance, drawn = random.Random(f"{SEED} {indicator} {edition}"), random.Random(f"{SEED} {indicator}")
        for place in places():
            for year in YEARS:
                state, value = drawn.random(), chance.random()
                if year not in years:
                    continue
                if left is not None:
                    if left == 0:
                        return
                    left -= 1
                value = "" if state < SUPPRESSED else f"{value * 10_000:.1f}"
                status = "Q" if state < SUPPRESSED else "P" if state < SUPPRESSED + PROVISIONAL else "A"
                yield f"{indicator},{place},{year},{value},{status},Feuille {year}\n"


def flows():
    chance = random.Random(SEED)
    areas = [place for place in places() if place.startswith("DEP-")]
    for at in range(FLOWS):
        area, year = chance.choice(areas), chance.choice(FLOW_YEARS)
        yield f"flux-{at:06},Subvention {at},etat,{area},{year},{chance.random() * 100_000:.2f}\n"


def bundle(folder, indicators, lines, described=True):
    """Writes a bundle of observations; `described`, if their indicators are new."""
    made = Bundle(folder)
    if described:
        rows = (f"{code},Indicateur {code},Chiffre tiré au sort.,foyer,1,sum,none,none\n" for code in indicators)
        made.add("indicators", INDICATOR, rows, {"source_code": SOURCE[0]})
    made.add("observations", OBSERVATION, lines, CONSTANTS)
    return made


def base(number):
    made = Bundle(FOLDER / "bundles/03-bench")
    made.add("sources", ["code", "kind", "title", "publisher", "licence"], [",".join(SOURCE) + "\n"], {})
    rows = (f"{code},Indicateur {code},Chiffre tiré au sort.,foyer,1,sum,none,none\n" for code in codes(BASE, number))
    made.add("indicators", INDICATOR, rows, {"source_code": SOURCE[0]})
    made.add("observations", OBSERVATION, figures(codes(BASE, number), YEARS), CONSTANTS)
    made.add("funding", FLOW, flows(), {"stage": "paid", "qualifier": "exact", "source_code": SOURCE[0]})
    made.finish()


def new_million(folder, most=MILLION, name=NEW):
    """The figures of new indicators."""
    indicators = codes(name, 3)
    bundle(folder, indicators, figures(indicators, YEARS, most=most)).finish()


def last_years(number, most=MILLION):
    """The newest years that together have about a million figures of so many indicators."""
    return YEARS[-max(1, min(len(YEARS), round(most / (number * len(places()))))) :]


def changed_million(folder, number, most=MILLION, edition="corrigé"):
    """Other values for the last years of all indicators."""
    indicators = codes(BASE, number)
    bundle(folder, indicators, figures(indicators, last_years(number, most), edition), described=False).finish()


def small(folder, at):
    """Other values for a few figures of the first indicator, others at each edition."""
    lines = [line for line in figures(codes(BASE, 1), YEARS[:1], f"édition {at}") if ",Q," not in line]
    bundle(folder, [], lines[at * FEW : (at + 1) * FEW], described=False).finish()


def send(folder):
    """Publishes a bundle from the command line and returns the seconds."""
    started = time.monotonic()
    ended = subprocess.run([BINARY, "publish", folder], env=environment(), cwd=ROOT, text=True, capture_output=True, check=False)
    if ended.returncode:
        sys.exit(ended.stdout + ended.stderr)
    return time.monotonic() - started


def published(write, *given):
    """Publishes a bundle that a function writes into an empty folder, and returns the seconds of the publication."""
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        write(pathlib.Path(folder), *given)
        return send(folder)


def history(number, corrected, releases):
    """Publishes the corrections, one large and many small."""
    seconds = published(changed_million, number, corrected)
    table((f"about {corrected:,} corrected", f"{seconds:.1f}", f"{corrected / seconds:,.0f}"))
    there = int(psql("SELECT max(number) FROM releases"))
    seconds = [published(small, at) for at in range(max(0, releases - there))]
    if seconds:
        table((f"{len(seconds)} times {FEW} corrected", f"{sum(seconds):.1f}", f"{FEW * len(seconds) / sum(seconds):,.0f}"))


def main():
    numbers = [int(argument) for argument in sys.argv[1:] if argument.isdigit()]
    if len(numbers) not in (1, 3):
        sys.exit(__doc__)
    shutil.rmtree(FOLDER / "bundles", ignore_errors=True)
    base(numbers[0])
    prepare()
    _, steps, rows = publish()
    seconds = sum(step for _, step in steps)
    table(("published", "s", "rows/s"), ("---", "---:", "---:"), (f"{rows:,} rows", f"{seconds:.1f}", f"{rows / seconds:,.0f}"))
    with Service():
        if len(numbers) == 3:
            history(*numbers)
        psql("-f", str(ROOT / "bench/peers/tables.sql"))


if __name__ == "__main__":
    main()
