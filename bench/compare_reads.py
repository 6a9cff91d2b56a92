#!/usr/bin/env python3
"""Owns the comparison of reads from the database with the peers, which answer the same questions from plain tables of the same
rows in the same Postgres.

Usage: compare_reads.py [SECONDS] [QUESTION …], after compare_data.py. wrk asks over 32 connections, each server in turn; the values
are medians of three rounds, the ratios medians of the ratios of each round. The response cache is off.
"""

import statistics
import sys

from compare_questions import OWN, QUESTIONS
from load_generator import SERVER, closed
from peers import FROM_DATABASE, bare, fastify
from service import Service, table

ROUNDS = 3
CONNECTIONS = 32
SECONDS = next((int(argument) for argument in sys.argv[1:] if argument.isdigit()), 4)
CHOSEN = [argument for argument in sys.argv[1:] if not argument.isdigit()]
HEAD = ("from the database", "here /s", "bare /s", "Fastify /s", "of bare", "of Fastify", "here p50 ms", "p99", "bare p50", "p99", "Fastify p50", "p99")


def measure(server, addresses):
    """One round: the requests per second, the p50 and the p99 in ms."""
    rate, p50, p99, failed = closed(f"http://{server.address}", addresses, SECONDS, (), CONNECTIONS)
    if failed or not rate:
        raise SystemExit(f"{failed} requests failed, and {rate:.0f} a second were answered, at {addresses[0]}: take more SECONDS")
    return rate, p50, p99


def compare(name, servers, addresses):
    """Measures the servers in turn and prints a row; the first is the service."""
    rounds = [[measure(server, asked) for server, asked in zip(servers, addresses)] for _ in range(ROUNDS)]
    medians = [[statistics.median(column) for column in zip(*side)] for side in zip(*rounds)]
    ratios = [statistics.median(one[0][0] / one[at][0] for one in rounds) for at in range(1, len(servers))]
    blank = [""] * (3 - len(servers))
    cells = [f"{median[0]:,.0f}" for median in medians] + blank + [f"{ratio:.2f}" for ratio in ratios] + blank
    cells += [f"{latency:.2f}" for median in medians for latency in median[1:]] + blank * 2
    table((name, *cells))


def main():
    table(HEAD, ("---", *["---:"] * (len(HEAD) - 1)))
    with Service(SERVER, **FROM_DATABASE) as service, bare() as plain, fastify() as node:
        for name, (here, theirs) in QUESTIONS.items():
            if name in CHOSEN or not CHOSEN:
                compare(name, (service, plain, node), (here, theirs, theirs))
        for name, addresses in OWN.items():
            if name in CHOSEN or not CHOSEN:
                compare(name, (service,), (addresses,))


if __name__ == "__main__":
    main()
