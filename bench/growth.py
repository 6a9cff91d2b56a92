#!/usr/bin/env python3
"""Owns the measurement of growth: the latency of quick reads from a database with few observations and from one with many, in
turn.

Usage: growth.py SMALLER LARGER [SECONDS]: two bench folders that load.py has filled. The response cache is off; the server and
Postgres share one processor. The values are medians of three rounds. The larger database has figures of more territories and
more periods. The requests select the territories and periods that are in both databases, so that the responses have the
same size.
"""

import json
import os
import statistics
import subprocess
import sys

from generate import FEWEST_PERIODS, PERIODS
from load_generator import SERVER, closed
from service import Service, table
from workloads import CHOROPLETH, SERIES, SINGLE

ROUNDS = 3
QUIET = "info,reperes::access=warn"
OF_BOTH = "&period=" + ",".join(PERIODS[:FEWEST_PERIODS])
MAP = "territory_code__startswith=DEP-"


def measure(reads, seconds):
    """The p50 and the p99 of each read, in ms."""
    with Service(SERVER, REPERES_WORKERS=1, RUST_LOG=QUIET, REPERES_CACHE_MB=0) as service:
        base = f"http://{service.address}"
        return {name: closed(base, addresses, seconds, ())[1:3] for name, addresses in reads.items()}


def territories(_, __):
    """The codes of the territories that the choropleth shows."""
    with Service() as service:
        connection = service.connect()
        connection.request("GET", CHOROPLETH[0])
        return [row["territory_code"] for row in json.load(connection.getresponse())["data"]]


# The functions that run in their own process, because a process reads BENCH_FOLDER once.
PARTS = {part.__name__: part for part in (measure, territories)}


def within(folder, part, reads=None, seconds=0):
    """Runs a part in a process with another bench folder and returns its result."""
    command = [sys.executable, __file__, part.__name__, json.dumps(reads), str(seconds)]
    done = subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, env=os.environ | {"BENCH_FOLDER": folder})
    return json.loads(done.stdout)


def main(smaller, larger, seconds=3):
    shown = "territory_code=" + ",".join(within(smaller, territories))
    reads = SINGLE | {
        "a series": [SERIES[0] + OF_BOTH],
        f"a choropleth of {shown.count(',') + 1} territories": [CHOROPLETH[0].replace(MAP, shown)],
    }
    del reads["a choropleth"]
    rounds = [[within(folder, measure, reads, int(seconds)) for folder in (smaller, larger)] for _ in range(ROUNDS)]
    table(("reads", "p50 ms", "in the larger", "p99 ms", "in the larger", "p99 ratio"), ("---", *["---:"] * 5))
    for name in reads:
        few, many = ([statistics.median(column) for column in zip(*(side[name] for side in sides))] for sides in zip(*rounds))
        ratio = statistics.median(large[name][1] / small[name][1] for small, large in rounds)
        table((name, f"{few[0]:.1f}", f"{many[0]:.1f}", f"{few[1]:.1f}", f"{many[1]:.1f}", f"{ratio:.2f}"))


if __name__ == "__main__":
    match sys.argv[1:]:
        case [name, reads, seconds] if name in PARTS:
            print(json.dumps(PARTS[name](json.loads(reads), int(seconds))))
        case [_, _] | [_, _, _]:
            main(*sys.argv[1:])
        case _:
            raise SystemExit("usage: growth.py SMALLER LARGER [SECONDS]")
