#!/usr/bin/env python3
"""Owns the measurement of publication: `reperes migrate` publishes the real bundles and then the synthetic one. In the same
run psql's `\\copy` loads the same rows into tables without indexes, and into tables with the indexes of the real ones.

Usage: load.py, after generate.py has written BENCH_FOLDER/bundles/03-bench. The script removes an earlier database.
"""

import re
import shutil
import subprocess
import time

from relations import names
from service import BINARY, FOLDER, ROOT, Service, environment, mebibytes, psql, table

BUNDLE = "03-bench"
STEP = f"{BUNDLE}: "
PUBLISHED = re.compile(rf"{BUNDLE} is published as release \d+: (\d+) rows")
POLL = 0.02
ROWS = FOLDER / "rows.copy"


def prepare():
    """Links the real bundles into the folder of the synthetic one, and removes an earlier database."""
    for name in ("01-geography", "02-strategy"):
        link = FOLDER / "bundles" / name
        if not link.exists():
            link.symlink_to(ROOT / "data" / name)
    shutil.rmtree(FOLDER / "data", ignore_errors=True)


def publish():
    """Runs the program and returns its peak memory, the steps of the synthetic bundle with their seconds, and its rows."""
    log = FOLDER / "load.log"
    with open(log, "wb") as out:
        process = subprocess.Popen([BINARY, "migrate"], env=environment(), cwd=ROOT, stderr=out)
    starts, rows, peak, seen = [], 0, 0.0, 0
    while process.poll() is None:
        time.sleep(POLL)
        try:
            peak = max(peak, mebibytes(process.pid))
        except AttributeError:
            pass  # a process that has exited has no VmHWM
        lines = log.read_text(errors="replace").splitlines()
        for line in lines[seen:]:
            if STEP in line:
                starts.append((line.split(STEP)[1].rstrip("."), time.monotonic()))
            elif found := PUBLISHED.search(line):
                rows = int(found.group(1))
                starts.append(("", time.monotonic()))
        seen = len(lines)
    if process.returncode != 0 or not rows:
        raise SystemExit(f"{BUNDLE} was not published: see {log}")
    steps = [(name, after - start) for (name, start), (_, after) in zip(starts, starts[1:])]
    return peak, steps, rows


def copy(like):
    """The seconds that `\\copy` takes to load the rows into tables like those of the figures."""
    seconds = 0.0
    for name in names():
        psql(f"CREATE TABLE measured (LIKE {name} {like})")
        psql(f"\\copy (SELECT * FROM {name}) to '{ROWS}'")
        started = time.monotonic()
        psql(f"\\copy measured from '{ROWS}'")
        seconds += time.monotonic() - started
        psql("DROP TABLE measured")
        ROWS.unlink()
    return seconds


def main():
    prepare()
    peak, steps, rows = publish()
    total = sum(seconds for _, seconds in steps)
    table(("loading", "s", "rows/s"), ("---", "---:", "---:"))
    for name, seconds in steps:
        table((name, f"{seconds:.1f}", f"{rows / seconds:,.0f}" if seconds > 0.1 else ""))
    table((f"**{rows:,} rows in all**", f"{total:.1f}", f"{rows / total:,.0f}"))
    with Service():
        for name, like in (("`\\copy` into bare tables", ""), ("`\\copy` into tables with the same indexes", "INCLUDING ALL")):
            seconds = copy(like)
            table((f"{name}: {seconds / total:.2f} of our time", f"{seconds:.1f}", f"{rows / seconds:,.0f}"))
    print(f"\nPeak memory of the program: {peak:.0f} MiB.")


if __name__ == "__main__":
    main()
