#!/usr/bin/env python3
"""Owns the trial of interrupted publications: `kill -9` of the publisher, its reader process, the server or Postgres, in each phase.

Usage: kills.py [ROUNDS], after generate.py has written BENCH_FOLDER/bundles/03-bench and load.py has published it. Each
round publishes all observations with another rounding, in turn by the command line and over HTTP (where the server is the publisher), and
kills one victim at a random instant of one phase, as the log names it. Afterwards the database must have either all old rows or all new
rows, no staging table, and no file that belongs to no table; the audit must have a line for each publication over HTTP, and the
last edition must still be publishable.
"""

import datetime
import http.client
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

from publications import BOUNDARY, PUBLISHER, key
from service import BINARY, FOLDER, ROOT, TIMEOUT_S, Service, environment, psql, table

SEED = 20191210
# Editions of other runs are other editions.
BASE = time.time_ns() // 10**9 % 10**6 * 1000
EDITION = FOLDER / "edition"
CONSTANT = 'qualifier = "exact"\n'
PHASES = ("reading files", "checking rows", "comparing with the published rows", "computing derived datasets")
LINE = re.compile(r"^(\S+)Z INFO +reperes::publish::progress .*: (.+?)$", re.MULTILINE)
DEAD_S = 100
ORPHANS = """SELECT count(*) FROM pg_ls_dir('base/' || (SELECT oid FROM pg_database WHERE datname = current_database())) AS file
WHERE file ~ '^t?[0-9]+(_[0-9]+)?$' AND NOT EXISTS (SELECT 1 FROM pg_class WHERE pg_relation_filenode(oid)::text = file)"""
STAGES = "SELECT count(*) FROM pg_class WHERE relname LIKE 'stage\\_%'"
UNTOLD = "SELECT count(*) FROM publications WHERE NOT EXISTS (SELECT 1 FROM audit WHERE publication = publications.id)"


def edition(number):
    """Writes the synthetic bundle with another rounding on every row."""
    shutil.rmtree(EDITION, ignore_errors=True)
    shutil.copytree(FOLDER / "bundles/03-bench", EDITION)
    manifest = EDITION / "manifest.toml"
    text = manifest.read_text()
    assert CONSTANT in text, "the synthetic manifest has no constant qualifier"
    text = text.replace('publisher = "Banc de mesure"', f'publisher = "{PUBLISHER}"')
    manifest.write_text(text.replace(CONSTANT, f'{CONSTANT}rounding = "{BASE + number}"\n'))


def editions():
    """The number of current observations of each edition."""
    rows = psql("SELECT coalesce(rounding::text, ''), count(*) FROM observations WHERE last_release IS NULL AND source_code = 'banc-source' GROUP BY 1")
    return dict((line.rsplit("|", 1)[0], int(line.rsplit("|", 1)[1])) for line in rows.splitlines())


class CommandLine:
    """A publication by the command line, beside the server."""

    name, victims = "command line", ("publisher", "reader", "server", "Postgres")

    def __init__(self, service):
        self.log = FOLDER / "publish.log"
        with open(self.log, "wb") as out:
            self.process = subprocess.Popen([BINARY, "publish", str(EDITION)], env=environment(), cwd=ROOT, stdout=out, stderr=out)
        self.publisher = self.process.pid

    def ended(self):
        return self.process.poll() is not None

    def wait(self):
        return self.process.wait()


class Request:
    """A publication over HTTP: the server is the publisher, and the parent of the reader."""

    name, victims = "HTTP", ("reader", "server", "Postgres")
    token = None

    def __init__(self, service):
        self.log, self.publisher, self.status = FOLDER / "server.log", service.process.pid, None
        self.thread = threading.Thread(target=self.send, args=(service.address,))
        self.thread.start()

    def send(self, address):
        parts = [(f'name="{"manifest" if path.name == "manifest.toml" else "file"}"; filename="{path.name}"', path) for path in sorted(EDITION.iterdir())]
        body = b"".join(f"--{BOUNDARY}\r\nContent-Disposition: form-data; {part}\r\n\r\n".encode() + path.read_bytes() + b"\r\n" for part, path in parts)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        try:
            connection = http.client.HTTPConnection(address, timeout=TIMEOUT_S)
            connection.request("POST", "/v1/publications", body + f"--{BOUNDARY}--\r\n".encode(), headers)
            answer = connection.getresponse()
            text, self.status = answer.read(), answer.status
            (FOLDER / "publish.log").write_bytes(text)
        except (OSError, http.client.HTTPException):
            self.status = -1

    def ended(self):
        return not self.thread.is_alive()

    def wait(self):
        self.thread.join()
        return 0 if self.status == 201 else self.status


def entered(log):
    """The phases that a log says were entered, with their instants."""
    found = LINE.findall(log.read_text(errors="replace"))
    return {phase: datetime.datetime.fromisoformat(at) for at, phase in found}


def postmaster():
    return int((FOLDER / "data/postgres/postmaster.pid").read_text().splitlines()[0])


def readers(pid):
    """The processes that read files for a process."""
    try:
        below = [int(child) for task in pathlib.Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()]
        return [child for child in below if b"\0read-files\0" in pathlib.Path(f"/proc/{child}/cmdline").read_bytes()]
    except OSError:
        return []


def kill(victim, service, publication):
    """Kills one of the four; the others keep running. Returns whether it was there: a reader exists only while files are read."""
    pids = {"publisher": [publication.publisher], "reader": readers(publication.publisher), "server": [service.process.pid], "Postgres": [postmaster()]}[victim]
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    return bool(pids)


def end(service, publication):
    """Waits for the publication and ends the server, and waits until Postgres has exited, so that the next round starts from the
    beginning. Returns how the publication ended."""
    ending = threading.Timer(TIMEOUT_S, service.process.kill)
    ending.start()
    result = publication.wait()
    ending.cancel()
    service.process.kill()
    service.process.wait()
    lock = FOLDER / "data/postgres/postmaster.pid"
    for _ in range(600):
        if not lock.exists() or not pathlib.Path(f"/proc/{lock.read_text().split()[0]}").exists():
            return result
        time.sleep(0.1)
    raise SystemExit("Postgres does not exit")


def measure(number, door):
    """The seconds of each phase of a publication that nothing interrupts. What follows the last line of the log belongs to the last."""
    edition(number)
    with Service() as service:
        publication = door(service)
        if publication.wait() != 0:
            raise SystemExit(f"an edition was not published by {door.name}: see {publication.log}")
        ended, begun = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None), entered(publication.log)
    instants = [begun[phase] for phase in PHASES] + [ended]
    return {phase: (after - at).total_seconds() for phase, at, after in zip(PHASES, instants, instants[1:])}


def interrupt(service, publication, victim, phase, seconds):
    """Kills a victim so many seconds after a phase has begun. Returns the phase that the log named last, or None if nothing was killed."""
    begun = None
    while not publication.ended():
        if begun is None and phase in entered(publication.log):
            begun = time.monotonic()
        if begun is not None and time.monotonic() - begun >= seconds:
            there = kill(victim, service, publication)
            seen = entered(publication.log)
            return max(seen, key=seen.get) if there else None
        time.sleep(0.005)
    return None


def rounds_of(count):
    """The doors, victims and phases of the rounds: a reader reads in the first phase only."""
    every = [(door, victim, phase) for phase in PHASES for door in (CommandLine, Request) for victim in door.victims if victim != "reader"]
    reading = [(door, "reader", PHASES[0]) for door in (CommandLine, Request)] * 4
    every = [one for pair in zip(every, reading + [None] * len(every)) for one in pair if one]
    return [every[number % len(every)] for number in range(count)]


def main():
    rounds = rounds_of(int(sys.argv[1]) if len(sys.argv) > 1 else 28)
    chance, wrong, fresh, idle = random.Random(SEED), 0, 0, 0
    with Service():
        rows = sum(editions().values())
        Request.token = key("kills")
    seconds = {door: measure(number, door) for number, door in ((998, CommandLine), (999, Request))}
    for door, phases in seconds.items():
        print(f"A whole publication by {door.name}: " + ", ".join(f"{phase} {took:.1f} s" for phase, took in phases.items()))
    print()
    before = {str(BASE + 999): rows}
    table(("by", "killed", "in the phase", "after s", "ended with", "current rows", "of the new edition", "stages", "orphans"), ("---",) * 3 + ("---:",) * 6)
    for number, (door, victim, phase) in enumerate(rounds, 1):
        edition(number)
        service = Service().__enter__()
        publication, moment = door(service), chance.uniform(0, seconds[door][phase])
        seen = interrupt(service, publication, victim, phase, moment)
        result = end(service, publication)
        with Service():
            after, left = editions(), (int(psql(STAGES)), int(psql(ORPHANS)))
        new = after.get(str(BASE + number), 0)
        fresh += new == rows
        idle += seen is None
        # A publication whose publisher lives must not say that it was made if it was not, nor fail without saying so.
        told = result == 0 if new == rows and victim not in ("publisher", "server") else result != 0 or new == rows
        good = after in (before, {str(BASE + number): rows}) and left == (0, 0) and told
        wrong += not good
        table((door.name, victim if seen else "nothing", seen or phase, f"{moment:.2f}", result, f"{sum(after.values()):,}", f"{new:,}", *left))
        before = after
    measure(len(rounds) + 1, Request)
    with Service():
        deadline = time.monotonic() + DEAD_S
        while (untold := int(psql(UNTOLD))) and time.monotonic() < deadline:
            time.sleep(1)
    print(f"\n{len(rounds)} rounds: {fresh} ended with the new edition, {len(rounds) - fresh} with the old one, {wrong} with neither. "
          f"In {idle} nothing was killed. {untold} publications over HTTP have no line in the audit. A further edition was published.")
    raise SystemExit(wrong > 0 or untold > 0)


if __name__ == "__main__":
    main()
