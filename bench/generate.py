#!/usr/bin/env python3
"""Owns the synthetic bundle: ROWS observations of made-up indicators on real territories, with the same bytes at every run.

Usage: generate.py ROWS FOLDER. The script writes a thousand rows at a time, so that memory does not grow. `banc-01` always has
10,000 rows; the other indicators share the rest evenly.
"""

import csv
import hashlib
import pathlib
import random
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SEED = 20191210
INDICATORS = [f"banc-{number:02}" for number in range(1, 21)]
SMALL = 10_000
FEWEST_PERIODS = 5
YEARS = range(2015, 2025)
PERIODS = [str(year) for year in YEARS] + [f"{year}-Q{quarter}" for year in YEARS for quarter in (1, 2, 3, 4)]
UNITS = ["foyer", "personne", "euro", "percent"]
SUPPRESSED = 0.03
PROVISIONAL = 0.05
SECRET = '"Secret statistique : moins de onze foyers, donnée retirée par l\'éditeur."'
REVISED = '"Donnée provisoire, révisée à l\'été ; « à manier avec précaution », dit l\'éditeur."'
BATCH = 1000

SOURCE = ["banc-source", "file", "Observations synthétiques du banc de mesure", "Banc de mesure", "etalab-2.0"]
MANIFEST = """title = "Banc de mesure"
description = "Observations synthétiques, tirées au sort : elles ne disent rien de ce qui est."
publisher = "Banc de mesure"
licence = "etalab-2.0"
"""
CONSTANTS = {
    "breakdown_code": "_T",
    "nature": "observed",
    "qualifier": "exact",
    "geography_year": "2026",
    "source_code": "banc-source",
}


class Bundle:
    """A bundle that is written file by file, with the manifest at the end."""

    def __init__(self, folder):
        self.folder = folder
        self.manifest = MANIFEST
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, dataset, header, lines, constants):
        """Writes one file from lines of CSV."""
        digest, rows, batch = hashlib.sha256(), 0, [",".join(header) + "\n"]
        with open(self.folder / f"{dataset}.csv", "wb") as file:

            def write():
                data = "".join(batch).encode()
                digest.update(data)
                file.write(data)
                batch.clear()

            for line in lines:
                rows += 1
                batch.append(line)
                if len(batch) == BATCH:
                    write()
            write()
        self.manifest += f'\n[[file]]\npath = "{dataset}.csv"\ndataset = "{dataset}"\nrows = {rows}\n'
        self.manifest += f'sha256 = "{digest.hexdigest()}"\n'
        if constants:
            self.manifest += "[file.constants]\n" + "".join(f'{name} = "{value}"\n' for name, value in constants.items())

    def finish(self):
        (self.folder / "manifest.toml").write_text(self.manifest, encoding="utf-8")


def territories():
    """The codes of all current départements, EPCI and communes."""
    codes = []
    for name in ("departements", "epci", "communes"):
        with open(ROOT / f"data/01-geography/territories-{name}.csv", encoding="utf-8", newline="") as file:
            codes += [row["code"] for row in csv.DictReader(file)]
    return codes


def cells(codes, wanted):
    """Yields a number of pairs of period and territory, spread evenly over the territories."""
    periods = max(FEWEST_PERIODS, -(-wanted // len(codes)))
    if periods > len(PERIODS):
        sys.exit(f"more than {len(PERIODS) * len(codes)} rows of one indicator cannot be made")
    chosen = -(-wanted // periods)
    for place in range(wanted):
        yield PERIODS[place // chosen], codes[place % chosen * len(codes) // chosen]


def observations(codes, rows):
    """Yields the lines of observations.csv, ordered by indicator, period and territory, as in the files of publishers."""
    chance = random.Random(SEED)
    small = min(rows, SMALL)
    others = len(INDICATORS) - 1
    for at, indicator in enumerate(INDICATORS):
        wanted = small if at == 0 else (rows - small) * at // others - (rows - small) * (at - 1) // others
        for line, (period, territory) in enumerate(cells(codes, wanted), 2):
            drawn = chance.random()
            value, status, note = f"{chance.random() * 10_000:.2f}", "A", ""
            if drawn < SUPPRESSED:
                value, status, note = "", "Q", SECRET
            elif drawn < SUPPRESSED + PROVISIONAL:
                status, note = "P", REVISED
            yield f"{indicator},{territory},{period},{value},{status},Feuille {period} ligne {line},{note}\n"


def indicators():
    for at, code in enumerate(INDICATORS):
        unit = UNITS[at % len(UNITS)]
        yield f"{code},Indicateur {at + 1} du banc,Chiffre tiré au sort.,{unit},2,sum,none,none\n"


def main():
    if len(sys.argv) != 3 or not sys.argv[1].isdigit():
        sys.exit(__doc__)
    bundle = Bundle(pathlib.Path(sys.argv[2]))
    bundle.add("sources", ["code", "kind", "title", "publisher", "licence"], [",".join(SOURCE) + "\n"], {})
    header = ["code", "title", "definition", "unit_code", "decimals", "territory_additivity", "time_additivity", "direction"]
    bundle.add("indicators", header, indicators(), {"source_code": "banc-source"})
    header = ["indicator_code", "territory_code", "period", "value", "statuses", "source_location", "note"]
    bundle.add("observations", header, observations(territories(), int(sys.argv[1])), CONSTANTS)
    bundle.finish()


if __name__ == "__main__":
    main()
