#!/usr/bin/env python3
"""Owns the measurement of fairness between clients: an honest client that asks for pages from the database, beside 32 clients
that ask for heavy reads as fast as they are answered or refused.

Usage: fair_share.py [SECONDS] [KIND …], with the data of load.py, else with the program's own. The response cache is off. Each
heavy client has an address of its own (127.0.1.N), or all share one. They do not heed Retry-After. Goodput is the number of
heavy reads per second that are answered with 200; its ratio is to four such clients in the same run.
"""

import http.client
import multiprocessing
import statistics
import sys
import time

from service import TIMEOUT_S, Service, table

HONEST = "/v1/territories?kind=commune&limit=20"
FEW, MANY = 4, 32
PAUSE_S = 0.02


def day(number):
    return f"{1950 + number // 300 % 60}-{1 + number // 25 % 12:02}-{1 + number % 25:02}"


# The heavy reads by what makes them heavy. The number makes each request another one.
KINDS = {
    "geography, total, facets": lambda n: (
        f"/v1/territories?geography={day(n)}&total=exact&facets=kind,departement_code,epci_code,arrondissement_code,region_code"
    ),
    "facets and total": lambda n: f"/v1/territories?total=exact&facets=kind,departement_code,epci_code&population__gt={n % 1000}",
    "aggregate": lambda n: (
        f"/v1/aggregates/observations?by=territory_code,period&function=count&period__gte={1900 + n % 100}&limit=5"
    ),
    "profile": lambda n: f"/v1/territories/COM-{59001 + n % 640}/profile",
    "search": lambda n: f"/v1/territories?q=saint%20{'abcdefghijklmnopqrstuvwxyz'[n % 26]}&limit={1 + n * 389 % 900}",
    "similar words": lambda n: f"/v1/territories?q=zzxqw{n}&limit=20",
    "filter without an index": lambda n: f"/v1/territories?name__contains=x{n % 10}q&limit=20",
    "order without an index": lambda n: f"/v1/territories?sort=-population&population__lt={10_000_000 - n}&limit=20",
    "area": lambda n: f"/v1/territories?bbox={-4 - n % 90 / 100:.2f},42,8,51&kind=commune&limit=20",
    "versions": lambda n: f"/v1/observations?vintages=all&limit={1 + n * 389 % 1000}",
    "series": lambda n: f"/v1/observations?last=2&limit={1 + n * 389 % 1000}",
    "gathered": lambda n: f"/v1/observations?touching=REG-32&limit={1 + n * 389 % 1000}",
    "changes": lambda n: f"/v1/changes?within=REG-32&limit={1 + n * 389 % 1000}",
    "unknown codes": lambda n: "/v1/changes?within=" + ",".join(f"COM-x{n}-{at}" for at in range(500)),
}


def ask(connection, path):
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def heavy(address, source, path, first, until, out):
    """One heavy client. Puts the number of answers by their status."""
    host, port = address.split(":")
    counts, number, connection = {}, first, None
    while time.monotonic() < until:
        try:
            if connection is None:
                connection = http.client.HTTPConnection(host, int(port), timeout=TIMEOUT_S, source_address=(source, 0))
            status = ask(connection, path(number))
        except OSError:
            status, connection = 0, None
        if time.monotonic() < until:
            counts[status] = counts.get(status, 0) + 1
        number += 1
    out.put(counts)


def honest(address, seconds):
    """The sorted latencies in milliseconds, and the number of answers that were not 200."""
    host, port = address.split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=TIMEOUT_S)
    ends, latencies, failed = time.monotonic() + seconds, [], 0
    while time.monotonic() < ends:
        started = time.monotonic()
        failed += ask(connection, HONEST) != 200
        latencies.append((time.monotonic() - started) * 1000)
        time.sleep(PAUSE_S)
    return sorted(latencies), failed


def beside(address, kind, clients, seconds, shared=False):
    """The latencies and failures of the honest client beside heavy ones, and what the heavy ones got by status per second."""
    out, until = multiprocessing.Queue(), time.monotonic() + seconds + 1
    sources = [f"127.0.1.{1 if shared else number + 1}" for number in range(clients)]
    processes = [
        multiprocessing.Process(target=heavy, args=(address, source, KINDS[kind], number * 997, until, out), daemon=True)
        for number, source in enumerate(sources)
    ]
    for process in processes:
        process.start()
    time.sleep(1)
    latencies, failed = honest(address, seconds)
    counts = {}
    for _ in processes:
        for status, number in out.get(timeout=TIMEOUT_S).items():
            counts[status] = counts.get(status, 0) + number
    for process in processes:
        process.join()
    return latencies, failed, {status: number / (seconds + 1) for status, number in sorted(counts.items())}


def good(kind):
    """The status of an answer: unknown codes are an error of the request, which names the closest."""
    return 400 if kind == "unknown codes" else 200


def at(latencies, part):
    return latencies[min(int(len(latencies) * part), len(latencies) - 1)]


def main():
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    kinds = sys.argv[2:] or list(KINDS)
    with Service(REPERES_CACHE_MB=0, RUST_LOG="info,reperes::access=warn") as service:
        for kind in kinds:
            connection = service.connect()
            if (status := ask(connection, KINDS[kind](0))) != good(kind):
                raise SystemExit(f"{kind}: {status} for {KINDS[kind](0)}")
        heads = ("heavy reads", "clients", "honest p50 ms", "p99 ms", "of alone", "failed", "heavy 200/s", "of four's", "503/s")
        table(heads, ("---",) + ("---:",) * (len(heads) - 1))
        alone = statistics.median(at(honest(service.address, seconds)[0], 0.99) for _ in range(3))
        table(("none", 0, "", f"{alone:.1f}", "1.0", 0, "", "", ""))
        for kind in kinds:
            four = {}
            for clients, shared in ((FEW, False), (MANY, False), (FEW, True), (MANY, True)):
                latencies, failed, rates = beside(service.address, kind, clients, seconds, shared)
                p50, p99, goodput = at(latencies, 0.5), at(latencies, 0.99), rates.get(good(kind), 0)
                label = f"{clients}, one address" if shared else clients
                of_four = four.setdefault(shared, goodput)
                part = f"{goodput / of_four:.2f}" if of_four else ""
                shown = (f"{p50:.1f}", f"{p99:.1f}", f"{p99 / alone:.1f}", failed, f"{goodput:.1f}", part, f"{rates.get(503, 0):.1f}")
                table((kind, label, *shown))
                others = {status: rate for status, rate in rates.items() if status not in (good(kind), 503)}
                if others:
                    print(f"also {others}")


if __name__ == "__main__":
    main()
