#!/usr/bin/env python3
"""Owns the measurement of the reads of normal clients while thousands of connections send or read almost nothing: 5,000 idle
connections, then 1,000 of slowhttptest in each of its modes.

Usage: hostile.py. Needs slowhttptest (a Debian package) and `ulimit -Hn` of at least 8,192. Uses the data of BENCH_FOLDER, or
the program's own data if the folder is empty.
"""

import itertools
import resource
import shutil
import socket
import subprocess
import time

from service import Service, descriptors, mebibytes, table
from stalled import measure

IDLE = 5_000
SLOW = 1_000
# Each source address has its own ports; one address has too few.
SOURCES = [f"127.0.0.{last}" for last in range(2, 12)]
DESCRIPTORS = 8_192
RETURN = 30
TICK = 5
# The descriptors that the service opens when it first needs them, such as connections to the database.
OWN = 8
MODES = (
    ("slow heads", ("-H", "-i", str(TICK)), "/v1/territories/DEP-59"),
    ("slow bodies", ("-B", "-i", str(TICK), "-s", "1000000"), "/v1/publications"),
    ("slow reads", ("-X", "-n", str(TICK), "-w", "1024", "-y", "2048", "-z", "32", "-k", "3"), "/v1/territories?kind=commune&limit=1000"),
)


def idle(service, count):
    """Opens connections that get one response and then stay idle. The server soon closes a connection without any request."""
    host, port = service.address.split(":")
    held = []
    for number, source in zip(range(count), itertools.cycle(SOURCES)):
        connection = socket.create_connection((host, int(port)), timeout=30, source_address=(source, 0))
        connection.sendall(b"GET /v1/territories/DEP-59 HTTP/1.1\r\nHost: bench\r\n\r\n")
        if not connection.recv(4096).startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"connection {number} was refused")
        held.append(connection)
    return held


def slow(service, options, path):
    """Starts slowhttptest, which runs until it is terminated."""
    command = ["slowhttptest", *options, "-c", str(SLOW), "-r", str(SLOW), "-l", "600", "-p", "60"]
    command += ["-u", f"http://{service.address}{path}"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def settled(pid, before):
    """Waits until no more descriptors are open than before, and returns their number."""
    deadline = time.monotonic() + RETURN
    while (now := descriptors(pid)) > before and time.monotonic() < deadline:
        time.sleep(0.5)
    return now


class Cost:
    """The cost of connections for the service: memory and descriptors before, with and after them."""

    def __init__(self, pid):
        self.pid, self.memory, self.open = pid, mebibytes(pid, "VmRSS"), descriptors(pid)
        self.most, self.held = self.memory, self.open

    def seen(self):
        """Samples memory and descriptors and keeps the maxima, because the service may release them later."""
        self.most = max(self.most, mebibytes(self.pid, "VmRSS"))
        self.held = max(self.held, descriptors(self.pid))

    def row(self, name):
        connections, growth = self.held - self.open, self.most - self.memory
        each = f"{growth * 1024 / connections:.1f}" if connections > OWN else ""
        return name, connections, f"{growth:.1f}", each, self.open, self.held, settled(self.pid, self.open)


def main():
    if not shutil.which("slowhttptest"):
        raise SystemExit("slowhttptest is not installed; it is a Debian package")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY and hard < DESCRIPTORS:
        raise SystemExit(f"`ulimit -Hn` is {hard}; {DESCRIPTORS} are needed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, hard))
    costs = []
    with Service(REPERES_CONNECTIONS_PER_CLIENT=10_000) as service:
        pid = service.process.pid
        measured = ("reads", "due", "failed", "p50 ms", "p99 ms", "most ms", "memory MiB")
        table(measured, ("---", *["---:"] * (len(measured) - 1)))
        measure(service, "before")
        cost = Cost(pid)
        held = idle(service, IDLE)
        measure(service, f"with {IDLE:,} idle connections")
        cost.seen()
        for connection in held:
            connection.close()
        costs.append(cost.row("idle"))
        for name, options, path in MODES:
            cost = Cost(pid)
            process = slow(service, options, path)
            time.sleep(TICK)
            cost.seen()
            measure(service, f"with {SLOW:,} {name}")
            cost.seen()
            process.terminate()
            process.wait()
            costs.append(cost.row(name))
        measure(service, "after")
    print()
    columns = ("connections", "held", "memory MiB", "KiB each", "descriptors before", "with", "after")
    table(columns, ("---", *["---:"] * (len(columns) - 1)), *costs)
    if costs[-1][-1] > costs[0][-3] + OWN:
        raise SystemExit(f"descriptors are still open {RETURN} s later")


if __name__ == "__main__":
    main()
