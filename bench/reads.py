#!/usr/bin/env python3
"""Owns the measurement of quick reads in turn with the baseline servers. The baseline of a cached response is plain actix-web
that returns the same bytes. The baseline of a response from the database is plain actix-web that runs the same statement with
tokio-postgres and writes its rows as JSON.

Usage: reads.py [SECONDS] [from_memory] [from_database], after load.py. The values are medians of three rounds; `of baseline` is
the ratio of the requests per second.
"""

import sys

from baseline import Baseline, answer
from load_generator import CONNECTIONS, SERVER, answered, medians
from service import Service, processor_seconds, table
from workloads import AGGREGATE, ITEM, MIX, PAGE_100, READS, SINGLE

ROUNDS = 3
# Turns the access log off, because the baseline has none.
QUIET = "info,reperes::access=warn"
SECONDS = next((int(argument) for argument in sys.argv if argument.isdigit()), 5)
# The seconds in which even the slowest read is answered several times.
AT_LEAST = 20
HEAD = ("reads", "service /s", "baseline /s", "of baseline", "p50 ms", "p99 ms", "baseline p99", "p99 ratio", "µs CPU", "baseline µs")


def measure(server, addresses, headers=(), connections=CONNECTIONS, seconds=SECONDS):
    """One round: the requests per second, the p50, the p99, and the processor time of the server per request in microseconds."""
    before = processor_seconds(server.process.pid)
    rate, p50, p99 = answered(server, addresses, seconds, headers, connections)
    spent = processor_seconds(server.process.pid) - before
    return rate, p50, p99, spent / (rate * seconds) * 1e6


def compare(name, service, baseline, addresses, headers=(), connections=CONNECTIONS, seconds=SECONDS):
    """Measures the service and the baseline in turn and prints a row."""
    rounds = [
        (measure(service, addresses, headers, connections, seconds), measure(baseline, addresses, (), connections, seconds))
        for _ in range(ROUNDS)
    ]
    ours, theirs, (ratio, _, late, _) = medians(rounds)
    table(
        (name, f"{ours[0]:.0f}", f"{theirs[0]:.0f}", f"{ratio:.2f}", f"{ours[1]:.2f}", f"{ours[2]:.2f}", f"{theirs[2]:.2f}")
        + (f"{late:.2f}", f"{ours[3]:.0f}", f"{theirs[3]:.0f}")
    )


def from_memory():
    with Service(SERVER, REPERES_WORKERS=1, RUST_LOG=QUIET) as service:
        every = [address for addresses in READS.values() for address in addresses]
        with Baseline(service, held=every) as baseline:
            for name, addresses in READS.items():
                compare(f"{name}, from memory", service, baseline, addresses)
            compare("the mix, from memory", service, baseline, MIX)
            for name, addresses in {"an item": ITEM, "a page of 100": PAGE_100}.items():
                response_headers, _ = answer(service, addresses[0], ())
                compare(f"{name}, 304", service, baseline, addresses, [f"If-None-Match: {response_headers['etag']}"])
        zipped = [("Accept-Encoding", "zstd")]
        with Baseline(service, held=PAGE_100, headers=zipped) as baseline:
            compare("a page of 100 in zstd, from memory", service, baseline, PAGE_100, ["Accept-Encoding: zstd"])


def from_database():
    with Service(SERVER, REPERES_WORKERS=1, RUST_LOG=QUIET, REPERES_CACHE_MB=0, REPERES_DATABASE_WAIT_MS=30_000, REPERES_STATEMENT_TIMEOUT_MS=30_000) as service:
        every = [address for addresses in SINGLE.values() for address in addresses] + AGGREGATE
        with Baseline(service, stated=every) as baseline:
            for name, addresses in SINGLE.items():
                compare(f"{name}, from the database", service, baseline, addresses)
            compare("an aggregate of all rows, one at a time", service, baseline, AGGREGATE, connections=1, seconds=AT_LEAST)


PARTS = [part for part in (from_memory, from_database) if part.__name__ in sys.argv] or [from_memory, from_database]


def main():
    table(HEAD, ("---", *["---:"] * (len(HEAD) - 1)))
    for part in PARTS:
        part()


if __name__ == "__main__":
    main()
