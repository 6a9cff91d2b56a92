#!/usr/bin/env python3
"""Owns the measuring of growth: quick reads from the database with few and with many observations, in turn, and what
their latency becomes.

Usage: growth.py SMALLER LARGER [SECONDS]: two bench folders, both filled by load.py. Answers from memory are off; server
and Postgres share one processor. Medians of three rounds. A series has more periods in the larger folder; of series and
choropleths those periods are asked for that are in both, so that the answers are of the same size.
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
OF_BOTH = "&period=" + ",".join(PERIODS[:FEWEST_PERIODS])
QUIET = "info,reperes::access=warn"


def alike(addresses):
    """What the addresses mean in both folders."""
    return [address + (OF_BOTH if addresses in (SERIES, CHOROPLETH) else "") for address in addresses]


def once(seconds):
    """p50 and p99 of each read, in ms, of the bench folder that the environment names; printed for whoever asked."""
    with Service(SERVER, REPERES_WORKERS=1, RUST_LOG=QUIET, REPERES_CACHE_MB=0) as service:
        base = f"http://{service.address}"
        print(json.dumps({name: closed(base, alike(addresses), seconds, ())[1:3] for name, addresses in SINGLE.items()}))


def asked(folder, seconds):
    """The same of another folder, in a process of its own: the folder is read once."""
    command = [sys.executable, __file__, str(seconds)]
    done = subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, env=os.environ | {"BENCH_FOLDER": folder})
    return json.loads(done.stdout)


def main():
    smaller, larger, *seconds = sys.argv[1:]
    rounds = [[asked(folder, *(seconds or ["3"])) for folder in (smaller, larger)] for _ in range(ROUNDS)]
    table(("reads", "p50 ms", "in the larger", "p99 ms", "in the larger", "p99 ratio"), ("---", *["---:"] * 5))
    for name in SINGLE:
        few, many = ([statistics.median(column) for column in zip(*(side[name] for side in sides))] for sides in zip(*rounds))
        ratio = statistics.median(large[name][1] / small[name][1] for small, large in rounds)
        table((name, f"{few[0]:.1f}", f"{many[0]:.1f}", f"{few[1]:.1f}", f"{many[1]:.1f}", f"{ratio:.2f}"))


if __name__ == "__main__":
    match sys.argv[1:]:
        case [number]:
            once(int(number))
        case [_, _, *_]:
            main()
        case _:
            raise SystemExit("usage: growth.py SMALLER LARGER [SECONDS]")
