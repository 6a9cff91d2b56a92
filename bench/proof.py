#!/usr/bin/env python3
"""Owns the measurement of the proof of what releases hold: what the digest of a release and the order of releases add to a
publication, and how long `verify` takes.

Usage: proof.py [N ...] (20000 100000 if none is given). N figures are published from the command line into the database that
`service.py` starts, with the triggers of the proof and, in turn, without them. Values are seconds, each the least of three
publications; those in brackets are multiples of the time without.
"""

import subprocess
import sys
import time

from corrections import COLUMNS, publish
from service import BINARY, Service, environment, psql, table

REPEATS = 3
TRIGGERS = {"releases": ("digest_release", "next_release"), "observations": ("open_next", "close_next")}


def triggers(state):
    """Enables or disables the triggers of the proof."""
    for name, all_of in TRIGGERS.items():
        for trigger in all_of:
            psql(f"ALTER TABLE {name} {state} TRIGGER {trigger}")


def figures(number, year):
    """The figures of one year: `number` breakdowns of one territory."""
    line = "essai,DEP-59,{},n.a{},observed,1,exact,A,2026,essai\n"
    return COLUMNS + "".join(line.format(year, at) for at in range(number))


def verified():
    """The seconds of one `verify` of a database in which only the program has written."""
    started = time.monotonic()
    ended = subprocess.run([BINARY, "verify"], env=environment(), text=True, capture_output=True, check=False)
    if ended.returncode:
        sys.exit(ended.stdout + ended.stderr)
    return time.monotonic() - started


def main():
    numbers = [int(text) for text in sys.argv[1:]] or [20_000, 100_000]
    with Service():
        print(f"verify of the bundled data: {verified():.1f} s\n")
        sources = "code,kind,title,publisher,licence\nessai,document,Essai,Essai,etalab-2.0\n"
        indicators = "code,title,definition,unit_code,decimals,territory_additivity,time_additivity,direction,source_code\nessai,Essai,Essai,acteur,0,sum,none,none,essai\n"
        publish("", sources=sources, indicators=indicators)
        publish("", breakdowns="code,title,source_code\n" + "".join(f"n.a{at},n.a{at},essai\n" for at in range(max(numbers))))
        year, rows = 1900, []
        for number in numbers:
            times = {"with": [], "order only": [], "without": []}
            for _ in range(REPEATS):
                for how, taken in times.items():
                    if how == "without":
                        # The instant is set by a trigger; without it the table needs a default.
                        psql("ALTER TABLE releases ALTER published_at SET DEFAULT clock_timestamp()")
                        triggers("DISABLE")
                    elif how == "order only":
                        psql("ALTER TABLE releases DISABLE TRIGGER digest_release")
                    taken.append(publish("", observations=figures(number, year)))
                    triggers("ENABLE")
                    year += 1
            without, ordered, whole = (min(times[how]) for how in ("without", "order only", "with"))
            rows.append((number, f"{without:.2f}", f"{ordered:.2f} ({ordered / without:.2f})", f"{whole:.2f} ({whole / without:.2f})"))
        table(("figures", "without", "in order only", "in order, with a digest"), ("---:",) * 4, *rows)


if __name__ == "__main__":
    main()
