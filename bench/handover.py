"""Owns the trial of a hand-over: processes replace each other on one address while clients send requests without a pause.

Usage: handover.py [ROUNDS]. Another server provides its private database and gets no requests. Each round starts a second
process on the address, waits until it is ready, and sends SIGTERM to the first. Half of the clients keep their connection
until the server closes it, half open a new one for each request.
"""

import http.client
import signal
import subprocess
import sys
import threading
import time
import urllib.parse

from service import BINARY, FOLDER, TIMEOUT_S, READY, ROOT, Service, environment, table

CLIENTS = 8
SHARE = 2000
TARGETS = ["/v1/territories/COM-59350", "/v1/territories?kind=commune&limit=20", "/v1/observations?limit={}"]


class Client(threading.Thread):
    """Sends requests until `over` is set, and records the times and the failures."""

    def __init__(self, address, keeps, over):
        super().__init__(daemon=True)
        self.address, self.keeps, self.over = address, keeps, over
        self.times, self.failures, self.connection = [], [], None

    def ask(self, target):
        if self.connection is None:
            self.connection = http.client.HTTPConnection(self.address, timeout=TIMEOUT_S)
        self.connection.request("GET", target)
        answer = self.connection.getresponse()
        answer.read()
        if not self.keeps or answer.will_close:
            self.connection.close()
            self.connection = None
        return answer.status

    def run(self):
        turn = 0
        while not self.over.is_set():
            turn += 1
            target, started = TARGETS[turn % len(TARGETS)].format(1 + turn % 1000), time.monotonic()
            try:
                status = self.ask(target)
                if status != 200:
                    self.failures.append(str(status))
            except (OSError, http.client.HTTPException) as failure:
                self.failures.append(repr(failure))
                self.connection = None
            self.times.append(time.monotonic() - started)


def start(number, address):
    """Starts a process on the shared database and waits until it is ready. Returns the process and its address."""
    folder = urllib.parse.quote(str(FOLDER / "data/run"), safe="")
    ours = {"DATABASE_URL": f"postgres://reperes_service@{folder}/postgres", "REPERES_ADDRESS": address}
    ours |= {"RUST_LOG": "info,reperes::access=warn", "REPERES_RATE_LIMIT": "0", "REPERES_SHUTDOWN_GRACE_S": "5"}
    path = FOLDER / f"handover-{number}.log"
    with open(path, "wb") as out:
        process = subprocess.Popen([BINARY, "serve"], env=environment() | ours, cwd=ROOT, stderr=out)
    deadline = time.monotonic() + TIMEOUT_S
    while not (ready := READY.search(path.read_text(errors="replace"))):
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"the process does not start: see {path}")
        time.sleep(0.01)
    return process, ready.group(1)


def main(rounds):
    over = threading.Event()
    with Service():
        current, address = start(0, "127.0.0.1:0")
        clients = [Client(address, number % 2 == 0, over) for number in range(CLIENTS)]
        asked = lambda: sum(len(client.times) for client in clients)
        for client in clients:
            client.start()
        more = lambda: wait_for(lambda aim=asked() + SHARE: asked() >= aim)
        more()
        for number in range(1, rounds + 1):
            following, _ = start(number, address)
            current.send_signal(signal.SIGTERM)
            if current.wait(TIMEOUT_S) != 0:
                raise SystemExit(f"process {number - 1} ended with {current.returncode}")
            current = following
            more()
        over.set()
        for client in clients:
            client.join()
        current.send_signal(signal.SIGTERM)
        current.wait(TIMEOUT_S)
    times = sorted(time for client in clients for time in client.times)
    failures = [failure for client in clients for failure in client.failures]
    table(["hand-overs", "requests", "failed", "median ms", "p99 ms", "longest ms"], ["---"] * 6)
    ms = lambda share: f"{times[min(len(times) - 1, int(len(times) * share))] * 1000:.1f}"
    table([rounds, len(times), len(failures), ms(0.5), ms(0.99), ms(1)])
    for failure in sorted(set(failures)):
        print(f"{failures.count(failure)} x {failure}")
    return bool(failures)


def wait_for(holds):
    deadline = time.monotonic() + TIMEOUT_S
    while not holds():
        if time.monotonic() > deadline:
            raise SystemExit("the clients get no responses")
        time.sleep(0.01)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5))
