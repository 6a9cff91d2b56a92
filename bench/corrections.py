#!/usr/bin/env python3
"""Owns the measurement of corrections: how long it takes to add the figures of N breakdowns of one territory, to correct all of
them, and to withdraw all of them.

Usage: corrections.py [N ...] (2000 10000 20000 if none is given). Each is published from the command line into a database of its
own, which `service.py` starts. The values are in seconds, those in brackets multiples of the time of adding.
"""

import pathlib
import subprocess
import sys
import tempfile
import time

from service import BINARY, Service, environment, table

HEAD = 'title = "Essai"\ndescription = "Essai"\npublisher = "Essai"\nlicence = "etalab-2.0"\n'
COLUMNS = "indicator_code,territory_code,period,breakdown_code,nature,value,qualifier,statuses,geography_year,source_code\n"


def publish(manifest, **files):
    """Publishes a folder and returns the seconds that it took."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            pathlib.Path(folder, f"{name}.csv").write_text(text, encoding="utf-8")
            manifest += f'[[file]]\npath = "{name}.csv"\ndataset = "{name}"\n'
        pathlib.Path(folder, "manifest.toml").write_text(HEAD + manifest, encoding="utf-8")
        started = time.monotonic()
        ended = subprocess.run([BINARY, "publish", folder], env=environment(), text=True, capture_output=True, check=False)
        if ended.returncode:
            sys.exit(ended.stdout + ended.stderr)
        return time.monotonic() - started


def measured(number):
    """The times of adding, correcting and withdrawing the figures of `number` breakdowns."""
    group = f"n{number}"
    codes = [f"{group}.a{at}" for at in range(number)]
    publish("", breakdowns="code,title,source_code\n" + "".join(f"{code},{code},essai\n" for code in codes))

    def figures(value):
        line = "essai,DEP-59,2019,{},observed,{},exact,A,2026,essai\n"
        return COLUMNS + "".join(line.format(code, value) for code in codes)

    added, corrected = publish("", observations=figures(1)), publish("", observations=figures(2))
    listed = ",".join(f'"essai~DEP-59~2019~{code}~observed~essai"' for code in codes)
    withdrawn = publish(f'[[withdraw]]\ndataset = "observations"\nreason = "Essai"\ncodes = [{listed}]\n')
    return added, corrected, withdrawn


def main():
    numbers = [int(text) for text in sys.argv[1:]] or [2000, 10_000, 20_000]
    with Service():
        sources = "code,kind,title,publisher,licence\nessai,document,Essai,Essai,etalab-2.0\n"
        indicators = "code,title,definition,unit_code,decimals,territory_additivity,time_additivity,direction,source_code\nessai,Essai,Essai,acteur,0,sum,none,none,essai\n"
        publish("", sources=sources, indicators=indicators)
        table(("breakdowns", "added", "corrected", "withdrawn"), ("---:",) * 4)
        for number in numbers:
            added, *others = measured(number)
            table((number, f"{added:.2f}", *(f"{took:.2f} ({took / added:.1f})" for took in others)))


if __name__ == "__main__":
    main()
