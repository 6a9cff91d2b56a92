#!/usr/bin/env python3
"""Owns the comparison of two databases, such as one of two million observations and one of ten with a million of them corrected and
fifty releases: the latency of quick reads in turn, and whether heavy reads are answered at default settings.

Usage: compare_growth.py SMALLER LARGER [SECONDS]: two folders that compare_data.py has filled. Quick reads: no answer is kept,
the server and Postgres share one processor, wrk asks over 32 connections, medians of three rounds. Heavy reads: one client, all
processors, addresses that were not asked before, in two rounds: the first finds nothing that the service keeps for a release, the
second what the first left. A row says how many were not answered, and the slowest.
"""

import http.client
import json
import os
import statistics
import subprocess
import sys
import time

from compare_questions import ASKED, EVERYTHING, INDICATORS, ONE_INDICATOR, OWN, PLAIN_EVERYTHING, QUESTIONS
from load_generator import SERVER, answered
from peers import FROM_DATABASE
from service import Service, psql, table

ROUNDS = 3
CONNECTIONS = 32
MOST_S = 120
FEW = 20
QUICK = {name: pair[0] for name, pair in QUESTIONS.items() if not name.startswith("sum")} | {"search": OWN["search"]}
RANKS = [
    f"/v1/observations?indicator_code={INDICATORS[at % len(INDICATORS)]}&territory_code={code}&compare=parent,region,country"
    for at, code in enumerate(ASKED)
]
# The addresses of the two rounds.
HEAVY = {
    "profiles": (OWN["profile"][:FEW], OWN["profile"][FEW : 2 * FEW]),
    "ranks": (RANKS[:FEW], RANKS[FEW : 2 * FEW]),
    "aggregates of one indicator": (ONE_INDICATOR, [address.replace("=sum", "=max") for address in ONE_INDICATOR]),
    "aggregate over everything": ([EVERYTHING], [EVERYTHING.replace("limit=1000", "limit=999")]),
}
# The time that one client may use is not limited, because the heavy reads come one after the other from one address.
DEFAULT = {"REPERES_DATABASE_TIME_MS": 0, "RUST_LOG": "info,reperes::access=warn"}


def quick(seconds):
    """The p50 and the p99 of each quick read, in ms."""
    found = {}
    with Service(SERVER, **FROM_DATABASE) as service:
        for name, addresses in QUICK.items():
            _, *found[name] = answered(service, addresses, seconds, (), CONNECTIONS)
    return found


def asked(service, address):
    """The status of an answer and its seconds."""
    connection = http.client.HTTPConnection(service.address, timeout=MOST_S)
    started = time.monotonic()
    connection.request("GET", address)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status, time.monotonic() - started


def heavy(_):
    """For each heavy read: how many answers were not 200, and the slowest seconds, in each round; last the seconds of the plain
    statement over everything, and of the service."""
    found = {}
    with Service(**DEFAULT) as service:
        for name, addresses in HEAVY.items():
            rounds = [[asked(service, address) for address in round_] for round_ in addresses]
            refused = [sum(status != 200 for status, _ in round_) for round_ in rounds]
            found[name] = refused, [max(seconds for _, seconds in round_) for round_ in rounds]
        plain = []
        for _ in range(ROUNDS):
            started = time.monotonic()
            psql(PLAIN_EVERYTHING)
            plain.append(time.monotonic() - started)
        # An address that was asked before would be answered from memory.
        unasked = [EVERYTHING.replace("limit=1000", f"limit={990 - at}") for at in range(ROUNDS)]
        found["plain"] = statistics.median(plain), [asked(service, address) for address in unasked]
    return found


# The functions that run in their own process, because a process reads BENCH_FOLDER once.
PARTS = {part.__name__: part for part in (quick, heavy)}


def within(folder, part, seconds=0):
    """Runs a part in a process with another folder and returns its result."""
    command = [sys.executable, __file__, part.__name__, str(seconds)]
    done = subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, env=os.environ | {"BENCH_FOLDER": folder})
    return json.loads(done.stdout)


def quick_reads(folders, seconds):
    rounds = [[within(folder, quick, seconds) for folder in folders] for _ in range(ROUNDS)]
    table(("quick reads", "p50 ms", "in the larger", "p99 ms", "in the larger", "p99 ratio"), ("---", *["---:"] * 5))
    for name in QUICK:
        few, many = ([statistics.median(column) for column in zip(*(side[name] for side in sides))] for sides in zip(*rounds))
        ratio = statistics.median(large[name][1] / small[name][1] for small, large in rounds)
        table((name, f"{few[0]:.1f}", f"{many[0]:.1f}", f"{few[1]:.1f}", f"{many[1]:.1f}", f"{ratio:.2f}"))


def heavy_reads(folders):
    sides = [within(folder, heavy) for folder in folders]
    print()
    table(("heavy reads, default settings", "not 200, first", "second", "slowest s, first", "second") + ("in the larger: not 200, first", "second", "slowest s, first", "second"))
    table(("---", *["---:"] * 8))
    for name, addresses in HEAVY.items():
        cells = []
        for side in sides:
            refused, slowest = side[name]
            cells += [f"{count} of {len(asked_)}" for count, asked_ in zip(refused, addresses)] + [f"{seconds:.2f}" for seconds in slowest]
        table((name, *cells))
    print()
    table(("an aggregate over everything", "here s", "the plain GROUP BY s", "ratio"), ("---", "---:", "---:", "---:"))
    for folder, side in zip(folders, sides):
        plain, ours = side["plain"]
        bad = [status for status, _ in ours if status != 200]
        mine = statistics.median(seconds for _, seconds in ours)
        table((folder, f"{mine:.2f}" + (f" ({bad[0]})" if bad else ""), f"{plain:.2f}", "" if bad else f"{mine / plain:.2f}"))


def main(smaller, larger, seconds=3):
    quick_reads((smaller, larger), int(seconds))
    heavy_reads((smaller, larger))


if __name__ == "__main__":
    match sys.argv[1:]:
        case [name, seconds] if name in PARTS:
            print(json.dumps(PARTS[name](int(seconds))))
        case [_, _] | [_, _, _]:
            main(*sys.argv[1:])
        case _:
            raise SystemExit(__doc__)
