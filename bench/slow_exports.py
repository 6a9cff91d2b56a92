#!/usr/bin/env python3
"""Owns the measurement of exports while others hold as many slow exports open as they can.

Usage: slow_exports.py [PATH], after load.py. For each format and content coding, on a new server each, CLIENTS slow clients ask
for PATH (all observations by default): first from one address, then each from an address of its own. Each reads RATE bytes a
second. Meanwhile another client reads the same export (of the rows of one département, so that the measurement ends) as fast as
it can, as it did alone. The server has the settings and the memory that docker-compose.yml gives it; where the machine lets it,
it runs in a control group with that limit, which would kill it.
"""

import os
import pathlib
import re
import shutil
import socket
import sys
import tempfile
import threading
import time

import service as bench
from service import ROOT, Service, mebibytes, table

PATH = "/v1/observations"
OTHER = "&territory_code=DEP-59"
CLIENTS = 33
RATE = 1000
SETTLE_S = 5
ROUNDS = 3
FORMATS = [
    ("csv", "identity"), ("csv", "br"), ("csv", "zstd"), ("ndjson", "gzip"), ("sdmx-csv", "identity"),
    ("geojson", "identity"), ("parquet", "identity"), ("xlsx", "identity"),
]
GROUPS = [("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")]


def shipped():
    """The memory limit in MiB and the settings of a server in docker-compose.yml."""
    server = (ROOT / "docker-compose.yml").read_text().split("  api-1: &api\n")[1].split("\n  api-2:")[0]
    size, unit = re.search(r"mem_limit: (\d+)([mg])", server).groups()
    settings = dict(re.findall(r"(REPERES_\w+): \"(\d+)\"", server))
    return int(size) * (1024 if unit == "g" else 1), settings


def group(limit):
    """A control group with a limit in MiB, or None where this process may not make one."""
    for root, name in GROUPS:
        folder = pathlib.Path(root) / f"reperes-bench-{os.getpid()}"
        try:
            folder.mkdir(exist_ok=True)
            (folder / name).write_text(str(limit << 20))
            return folder
        except OSError:
            continue
    return None


class Slow(threading.Thread):
    """A client that reads RATE bytes a second until it is stopped."""

    def __init__(self, address, target, coding, client):
        super().__init__(daemon=True)
        host, port = address.rsplit(":", 1)
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.settimeout(60)
        self.socket.connect((host, int(port)))
        head = f"GET {target} HTTP/1.1\r\nHost: bench\r\nX-Forwarded-For: {client}\r\nAccept-Encoding: {coding}\r\n\r\n"
        self.socket.sendall(head.encode())
        self.status, self.ended, self.stopped = None, False, threading.Event()

    def run(self):
        try:
            head = self.socket.recv(RATE)
            self.status = int(head[9:12]) if head else 0
            while self.status == 200 and not self.stopped.wait(1):
                if not self.socket.recv(RATE):
                    break
        except (OSError, ValueError):
            self.status = self.status or 0
        self.ended = not self.stopped.is_set()

    def stop(self):
        self.stopped.set()
        self.socket.close()


def read(service, target, coding):
    """Reads an export of another address to its end; returns the seconds, or None if it was refused or broken."""
    connection = service.connect()
    started = time.monotonic()
    try:
        connection.request("GET", target, headers={"X-Forwarded-For": "203.0.113.1", "Accept-Encoding": coding})
        answer = connection.getresponse()
        answer.read()
        return time.monotonic() - started if answer.status == 200 else None
    except Exception:
        return None
    finally:
        connection.close()


def measure(path, name, coding, limit, settings):
    """Prints a row for one address and a row for many."""
    folder = group(limit)
    target = f"{path}{'&' if '?' in path else '?'}format={name}"
    other = target + (OTHER if path == PATH else "")
    bench.FOLDER.mkdir(parents=True, exist_ok=True)
    temporary = tempfile.mkdtemp(dir=bench.FOLDER)
    with Service(REPERES_TRUSTED_PROXIES="127.0.0.1", MALLOC_ARENA_MAX=2, TMPDIR=temporary, **settings) as service:
        if folder:
            (folder / "cgroup.procs").write_text(str(service.process.pid))
        alone = [read(service, other, coding) for _ in range(ROUNDS)]
        for who, client in (("one address", lambda at: "192.0.2.1"), ("as many addresses", lambda at: f"198.51.100.{at}")):
            service.reset_peak()
            slow = [Slow(service.address, target, coding, client(at)) for at in range(CLIENTS)]
            for one in slow:
                one.start()
            time.sleep(SETTLE_S)
            beside = [read(service, other, coding) for _ in range(ROUNDS)]
            space = unnamed(service.process.pid) / 1e6
            statuses = [one.status for one in slow]
            run, refused = statuses.count(200), sum(status in (429, 503) for status in statuses)
            answered = [seconds for seconds in beside if seconds is not None]
            ratio = f"{max(answered) / max(alone):.1f}" if answered and all(alone) else "—"
            peak = mebibytes(service.process.pid)
            cells = (f"{name}, {coding}", who, run, refused, f"{len(answered)} of {ROUNDS}", ratio, f"{space:.0f}", f"{peak:.0f}")
            table((*cells, limit, "yes" if folder else "no"))
            for one in slow:
                one.stop()
            time.sleep(2)
        if service.process.poll() is not None:
            raise SystemExit("the server was killed")
    shutil.rmtree(temporary, ignore_errors=True)
    if folder:
        folder.rmdir()


def unnamed(pid):
    """The bytes of the files that a process has open and that have no name any more."""
    size = 0
    for link in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            if os.readlink(link).endswith("(deleted)"):
                size += os.stat(link).st_blocks * 512
        except OSError:
            continue
    return size


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else PATH
    limit, settings = shipped()
    head = ("export", "slow clients", "run", "refused", "others answered", "slower than alone", "temporary MB", "peak MiB")
    table((*head, "limit MiB", "control group"), ("---", "---", *["---:"] * 8))
    for name, coding in FORMATS:
        measure(path, name, coding, limit, settings)


if __name__ == "__main__":
    main()
