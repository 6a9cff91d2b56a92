#!/usr/bin/env python3
"""Owns the measurement of quick reads while clients that stopped reading hold exports open.

Usage: stalled.py, after load.py. One request is due every 1/RATE s, independent of the responses before it. Its latency counts
from the time when it was due, so that a pause of the server delays every request that is due in it.
"""

import threading
import time

from service import Service, table

PATH = "/v1/territories/DEP-59"
RATE = 100
SECONDS = 10
READERS = 8
STALLED = 8
READ = 100_000


class Reader(threading.Thread):
    """One connection that sends its share of the requests, each when it is due."""

    def __init__(self, service, due):
        super().__init__()
        self.service, self.due, self.latencies = service, due, []

    def run(self):
        connection = self.service.connect()
        for due in self.due:
            time.sleep(max(0, due - time.monotonic()))
            connection.request("GET", PATH)
            answer = connection.getresponse()
            answer.read()
            if answer.status == 200:
                self.latencies.append(time.monotonic() - due)
        connection.close()


def measure(service, phase):
    """Reads at the fixed rate for SECONDS and prints a row of the table."""
    service.reset_peak()
    start, count = time.monotonic() + 0.2, RATE * SECONDS
    dues = [start + number / RATE for number in range(count)]
    readers = [Reader(service, dues[share::READERS]) for share in range(READERS)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    latencies = sorted(latency for reader in readers for latency in reader.latencies)
    if not latencies:
        raise SystemExit(f"{phase}: no request was answered")
    shown = [latencies[int(len(latencies) * part)] for part in (0.5, 0.99)] + [latencies[-1]]
    milliseconds = [f"{latency * 1000:.1f}" for latency in shown]
    table((phase, count, count - len(latencies), *milliseconds, f"{service.peak():.0f}"))


def stall(service):
    """Opens an export, reads READ bytes and stops. Returns the open connection and the response."""
    connection = service.connect()
    connection.request("GET", "/v1/observations?format=csv")
    answer = connection.getresponse()
    if answer.status != 200 or len(answer.read(READ)) < READ:
        raise SystemExit("the export to stall is too short or was refused")
    return connection, answer


def main():
    with Service() as service:
        measured = ("reads", "due", "failed", "p50 ms", "p99 ms", "most ms", "memory MiB")
        table(measured, ("---", *["---:"] * (len(measured) - 1)))
        measure(service, "before")
        stalled = [stall(service) for _ in range(STALLED)]
        measure(service, f"with {STALLED} stalled exports")
        for connection, answer in stalled:
            answer.close()
            connection.close()
        measure(service, "after")


if __name__ == "__main__":
    main()
