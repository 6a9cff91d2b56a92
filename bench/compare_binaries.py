#!/usr/bin/env python3
"""Owns the comparison of two builds of the program, such as two release profiles or two allocators: the same reads in turn, from
memory and from the database.

Usage: compare_binaries.py ONE OTHER [SECONDS] [ROUNDS], after compare_data.py. A build is the path of a binary, with variables of its
environment in front if it needs some: `LD_PRELOAD=/usr/lib/x86_64-linux-gnu/libmimalloc.so.2 target/release/reperes`. In every second
pair the other one begins. The values are medians of the ratios of the pairs, other ÷ one.
"""

import statistics
import sys

import service as under_measurement
from compare_questions import OWN, QUESTIONS
from load_generator import SERVER, answered, closed
from peers import BESIDE, FROM_DATABASE
from service import Service, mebibytes, table

CONNECTIONS = 32
FEW = 10
READS = {name: pair[0] for name, pair in QUESTIONS.items() if not name.startswith("sum")} | OWN
MIX = [address for addresses in READS.values() for address in addresses[:FEW]]
SMALL_MIX = [address for name in ("item", "series of 11") for address in READS[name]]
WORKLOADS = {
    "the mix, from memory": (BESIDE, MIX),
    "items and series, from the database": (FROM_DATABASE, SMALL_MIX),
    "maps, from the database": (FROM_DATABASE, READS["map of the départements, latest"]),
}


def measured(build, settings, addresses, seconds):
    """One round on a new server: the requests per second, the p99 in ms, and the peak memory in MiB."""
    *variables, binary = build.split()
    given = dict(variable.split("=", 1) for variable in variables)
    under_measurement.BINARY = binary
    with Service(SERVER, **settings, **given) as server:
        closed(f"http://{server.address}", addresses, 1, (), CONNECTIONS)
        rate, _, p99 = answered(server, addresses, seconds, (), CONNECTIONS)
        return rate, p99, mebibytes(server.process.pid)


def main(one, other, seconds=4, rounds=5):
    table(("workload", "one /s", "other /s", "other ÷ one", "p99 other ÷ one", "one MiB", "other MiB"), ("---", *["---:"] * 6))
    for name, (settings, addresses) in WORKLOADS.items():
        pairs = []
        for at in range(int(rounds)):
            order = (one, other) if at % 2 == 0 else (other, one)
            taken = {build: measured(build, settings, addresses, int(seconds)) for build in order}
            pairs.append((taken[one], taken[other]))
        rates = [statistics.median(pair[side][0] for pair in pairs) for side in (0, 1)]
        ratios = [statistics.median(pair[1][at] / pair[0][at] for pair in pairs) for at in (0, 1)]
        peaks = [statistics.median(pair[side][2] for pair in pairs) for side in (0, 1)]
        table((name, *(f"{rate:,.0f}" for rate in rates), *(f"{ratio:.3f}" for ratio in ratios), *(f"{peak:.0f}" for peak in peaks)))


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4, 5):
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
