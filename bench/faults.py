"""Owns the trial of a database that is killed, restarted or suspended. Measures the time until the database is back, and from
then until the first response that is not cached. Every response before that must be a 503.
"""

import os
import pathlib
import signal
import sys
import time

from service import FOLDER, TIMEOUT_S, Service, table

FROZEN = 5


def postmaster():
    """The process id of the postmaster, and whether it accepts connections."""
    try:
        lines = (FOLDER / "data/postgres/postmaster.pid").read_text().splitlines()
        return int(lines[0]), len(lines) > 7 and lines[7].strip() == "ready"
    except (OSError, IndexError, ValueError):
        return None, False


def processes(parent):
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(path.read_text().rpartition(")")[2].split()[1]) == parent:
                yield int(path.parent.name)
        except OSError:
            pass


def killed(pid, kind):
    os.kill(pid, kind)
    deadline = time.monotonic() + TIMEOUT_S
    while (found := postmaster())[0] in (pid, None) or not found[1]:
        if time.monotonic() > deadline:
            raise SystemExit("Postgres does not come back")
        time.sleep(0.001)


def frozen(pid):
    everybody = [pid, *processes(pid)]
    for one in everybody:
        os.kill(one, signal.SIGSTOP)
    time.sleep(FROZEN)
    for one in everybody:
        os.kill(one, signal.SIGCONT)


def ask(service, number):
    connection = service.connect()
    connection.request("GET", f"/v1/territories?kind=commune&limit={1 + number % 1000}&fields=code,name")
    status = connection.getresponse().status
    connection.close()
    return status


def main():
    faults = {
        "killed": lambda pid: killed(pid, signal.SIGKILL),
        "restarted": lambda pid: killed(pid, signal.SIGINT),
        f"frozen for {FROZEN} s": frozen,
    }
    table(["Postgres", "away, s", "then until the first answer, ms", "503 meanwhile"], ["---"] * 4)
    number = 0
    with Service() as service:
        for name, fault in faults.items():
            for _ in range(4):
                number += 1
                if ask(service, number) != 200:
                    raise SystemExit("the service does not respond before the fault")
            begun = time.monotonic()
            fault(postmaster()[0])
            back, refused = time.monotonic(), 0
            while (status := ask(service, number := number + 1)) != 200:
                if status != 503 or time.monotonic() > back + TIMEOUT_S:
                    raise SystemExit(f"{name}: {status}")
                refused += 1
                time.sleep(0.005)
            table([name, f"{back - begun:.2f}", f"{(time.monotonic() - back) * 1000:.0f}", refused])


if __name__ == "__main__":
    sys.exit(main())
