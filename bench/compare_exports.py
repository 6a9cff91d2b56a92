#!/usr/bin/env python3
"""Owns the comparison of exports with psql's `\\copy` of the same columns of the same rows, with the peers and with DuckDB, and the
sizes of the coded files.

Usage: compare_exports.py [ROUNDS], after compare_data.py. Each export is read to its end and discarded, in turn; the values are
medians. The program has all processors. `\\copy` runs twice: in the order of the service, and in any order.
"""

import http.client
import json
import statistics
import subprocess
import sys
import time

from peers import PYTHON, bare, fastify
from service import BUFFER, FOLDER, KEY, ROOT, Service, psql, table

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 3
STORED = "indicator_code, territory_code, period, value, array_to_string(statuses, '|')"
FIELDS = "indicator_code,territory_code,period,value,statuses"
WHERE = "last_release IS NULL AND source_code = 'banc-source'"
FORMATS = ("csv", "ndjson", "parquet")
CODINGS = ("identity", "gzip", "br", "zstd")
PARQUET = FOLDER / "observations.parquet"
PROCESSORS = 2


def copy(sql):
    """Reads a query with `\\copy` and returns the seconds."""
    started = time.monotonic()
    psql(f"\\copy ({sql}) TO /dev/null CSV HEADER")
    return time.monotonic() - started


def read(server, path, headers=None, into=None):
    """Reads an answer to its end, into a file if one is given. Returns the seconds, the bytes and the coding."""
    started, size = time.monotonic(), 0
    connection = http.client.HTTPConnection(server.address, timeout=600)
    connection.request("GET", path, headers=headers or {})
    answer = connection.getresponse()
    if answer.status != 200:
        raise SystemExit(f"{path}: {answer.status} {answer.read(2000).decode(errors='replace')}")
    while count := answer.readinto(BUFFER):
        size += count
        if into:
            into.write(memoryview(BUFFER)[:count])
    connection.close()
    return time.monotonic() - started, size, answer.getheader("Content-Encoding", "identity")


def export(service, name, into=None):
    return read(service, f"/v1/observations?source_code=banc-source&fields={FIELDS}&format={name}", into=into)[:2]


def duckdb():
    """The seconds that DuckDB takes to write the Parquet file as CSV, and the milliseconds of its other questions."""
    script = ROOT / "bench/duckdb_reads.py"
    done = subprocess.run([str(PYTHON), str(script), str(PARQUET), "1", str(PROCESSORS)], check=True, text=True, stdout=subprocess.PIPE)
    found = json.loads(done.stdout)
    return found.pop("csv") / 1000, found


def speeds(service, plain, node):
    """Prints the table of speeds."""
    rows = int(psql(f"SELECT count(*) FROM observations WHERE {WHERE}"))
    stored = f"SELECT {STORED} FROM observations WHERE {WHERE}"
    ways = {
        "`\\copy` in the order of the service": lambda: (copy(f"{stored} ORDER BY {KEY}"), 0),
        "`\\copy` in any order": lambda: (copy(stored), 0),
        **{f"here, {name}": lambda name=name: export(service, name) for name in FORMATS},
        "bare actix + tokio-postgres, csv": lambda: read(plain, "/csv")[:2],
        "Fastify + pg, csv": lambda: read(node, "/csv")[:2],
        "DuckDB from Parquet, csv": lambda: (duckdb()[0], 0),
    }
    with open(PARQUET, "wb") as file:
        read(service, "/v1/observations?format=parquet&source_code=banc-source", into=file)
    rounds = [{name: way() for name, way in ways.items()} for _ in range(ROUNDS)]
    ordered, unordered, *_ = ways
    table(("export", "s", "rows/s", "MB/s", "of `\\copy` in order", "of `\\copy` in any order"), ("---", *["---:"] * 5))
    for name in ways:
        seconds = statistics.median(taken[name][0] for taken in rounds)
        shares = [statistics.median(taken[base][0] / taken[name][0] for taken in rounds) for base in (ordered, unordered)]
        size = rounds[0][name][1]
        cells = (f"{seconds:.2f}", f"{rows / seconds:,.0f}", f"{size / seconds / 1e6:.0f}" if size else "")
        table((name, *cells, *(f"{share:.2f}" for share in shares)))


def files(service):
    """Prints the bytes and the speed of the ready file of all observations in each coding."""
    print()
    table(("ready file", "coding of the answer", "MB", "s"), ("---", "---", "---:", "---:"))
    for name in ("csv", "ndjson"):
        read(service, f"/v1/files/observations.{name}")
        for coding in CODINGS:
            seconds, size, coded = read(service, f"/v1/files/observations.{name}", {"Accept-Encoding": coding})
            table((f"{name}, {coding} asked", coded, f"{size / 1e6:.1f}", f"{seconds:.2f}"))


def main():
    with Service(RUST_LOG="info,reperes::access=warn") as service, bare(None) as plain, fastify(None) as node:
        speeds(service, plain, node)
        files(service)
    print(f"\nThe Parquet file has {PARQUET.stat().st_size / 1e6:.1f} MB.")
    print()
    table(("DuckDB on the Parquet file, alone", "ms"), ("---", "---:"))
    for name, milliseconds in duckdb()[1].items():
        table((name, f"{milliseconds:.1f}"))


if __name__ == "__main__":
    main()
