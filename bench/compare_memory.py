#!/usr/bin/env python3
"""Owns the comparison of reads from memory with plain actix-web that returns the same heads and bodies: alone, while the files of a
release are built, and while a million rows are published.

Usage: compare_memory.py [SECONDS] [alone] [files] [publishing], after compare_data.py. wrk asks over 32 connections, in turn. Alone
the values are medians of three rounds; beside the other work the two servers take turns of two seconds until it ends. Both
servers and Postgres share one processor; the client has another, which the publication shares. `publishing` leaves its rows in the
database.
"""

import concurrent.futures
import pathlib
import sys
import tempfile
import time

from baseline import Baseline
from compare_data import new_million, send
from compare_questions import OWN, QUESTIONS
from load_generator import SERVER, answered, medians
from peers import BESIDE
from service import FOLDER, Service, table

ROUNDS = 3
CONNECTIONS = 32
# Few addresses of each question, so that all are in memory.
FEW = 10
TURN = 2
SECONDS = next((int(argument) for argument in sys.argv[1:] if argument.isdigit()), 4)
READS = {name: pair[0][:FEW] for name, pair in QUESTIONS.items()} | {name: addresses[:FEW] for name, addresses in OWN.items()}
MIX = [address for addresses in READS.values() for address in addresses]
ATTEMPTS = 5
BUILT = ("csv", "ndjson", "sdmx-csv", "parquet")
HEAD = ("from memory", "here /s", "plain actix /s", "ratio", "here p99 ms", "actix p99", "rounds")


def rate(server, addresses, seconds):
    per_second, _, p99 = answered(server, addresses, seconds, (), CONNECTIONS)
    return per_second, p99


def row(name, rounds):
    """Prints the medians of rounds, each of the service and of the baseline."""
    ours, theirs, (ratio, _) = medians(rounds)
    table((name, f"{ours[0]:,.0f}", f"{theirs[0]:,.0f}", f"{ratio:.2f}", f"{ours[1]:.2f}", f"{theirs[1]:.2f}", len(rounds)))


def until(name, service, baseline, work):
    """Measures the mix in turn while a function runs in a thread."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        rounds, started = [], time.monotonic()
        busy = pool.submit(work)
        while not busy.done():
            pair = rate(service, MIX, TURN), rate(baseline, MIX, TURN)
            # A round in whose second half the work ended would compare a busy turn with an idle one.
            rounds += [] if busy.done() else [pair]
        busy.result()
        seconds = time.monotonic() - started
    if rounds:
        row(f"the mix, while {name} ({seconds:.0f} s)", rounds)
    else:
        print(f"{name}: took {seconds:.0f} s, which is less than a round")


def alone():
    with Service(SERVER, **BESIDE) as service, Baseline(service, held=MIX) as baseline:
        for name, addresses in (READS | {"the mix": MIX}).items():
            row(name, [(rate(service, addresses, SECONDS), rate(baseline, addresses, SECONDS)) for _ in range(ROUNDS)])


def files():
    """The files of all observations are built in a new directory."""
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        with Service(SERVER, **BESIDE, REPERES_FILES_DIR=folder) as service, Baseline(service, held=MIX) as baseline:
            until("files are built", service, baseline, lambda: build(service))


def build(service):
    """Asks for each file until it is there: a build beside full load may be refused for a time."""
    for name in BUILT:
        for attempt in range(ATTEMPTS):
            try:
                service.read(f"/v1/files/observations.{name}")
                break
            except SystemExit as refused:
                print(f"attempt {attempt + 1}: {str(refused)[:200]}", file=sys.stderr)


def publishing():
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        new_million(pathlib.Path(folder), name="frais")
        with Service(SERVER, **BESIDE) as service, Baseline(service, held=MIX) as baseline:
            until("a million rows are published", service, baseline, lambda: send(folder))


PARTS = [part for part in (alone, files, publishing) if part.__name__ in sys.argv] or [alone, files, publishing]


def main():
    table(HEAD, ("---", *["---:"] * (len(HEAD) - 1)))
    for part in PARTS:
        part()


if __name__ == "__main__":
    main()
