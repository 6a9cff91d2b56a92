#!/usr/bin/env python3
"""Owns the trial of interrupted publications: `kill -9` of the publisher, its reader process, the server or Postgres, at random instants.

Usage: kills.py [ROUNDS], after generate.py has written BENCH_FOLDER/bundles/03-bench and load.py has published it. Each
round publishes all observations with another rounding, and kills one of the four. Afterwards the database must have either all
old rows or all new rows, no staging table, and no file that belongs to no table.
"""

import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time

from service import BINARY, FOLDER, ROOT, Service, environment, psql, table

SEED = 20191210
EDITION = FOLDER / "edition"
CONSTANT = 'qualifier = "exact"\n'
ORPHANS = """SELECT count(*) FROM pg_ls_dir('base/' || (SELECT oid FROM pg_database WHERE datname = current_database())) AS file
WHERE file ~ '^t?[0-9]+(_[0-9]+)?$' AND NOT EXISTS (SELECT 1 FROM pg_class WHERE pg_relation_filenode(oid)::text = file)"""
STAGES = "SELECT count(*) FROM pg_class WHERE relname LIKE 'stage\\_%'"


def edition(number):
    """Writes the synthetic bundle with another rounding on every row."""
    shutil.rmtree(EDITION, ignore_errors=True)
    shutil.copytree(FOLDER / "bundles/03-bench", EDITION)
    manifest = EDITION / "manifest.toml"
    text = manifest.read_text()
    assert CONSTANT in text, "the synthetic manifest has no constant qualifier"
    manifest.write_text(text.replace(CONSTANT, f'{CONSTANT}rounding = "{number}"\n'))


def editions():
    """The number of current observations of each edition."""
    rows = psql("SELECT coalesce(rounding::text, ''), count(*) FROM observations WHERE last_release IS NULL AND source_code = 'banc-source' GROUP BY 1")
    return dict((line.rsplit("|", 1)[0], int(line.rsplit("|", 1)[1])) for line in rows.splitlines())


def publish():
    log = open(FOLDER / "publish.log", "wb")
    return subprocess.Popen([BINARY, "publish", str(EDITION)], env=environment(), cwd=ROOT, stdout=log, stderr=log)


def postmaster():
    return int((FOLDER / "data/postgres/postmaster.pid").read_text().splitlines()[0])


def children(pid):
    """The processes that a process has started."""
    return [int(child) for task in pathlib.Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()]


def kill(victim, service, publisher):
    """Kills one of the four; the others keep running. The reader exists only while files are read."""
    pids = {"publisher": [publisher.pid], "reader": children(publisher.pid), "server": [service.process.pid], "Postgres": [postmaster()]}[victim]
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def end(service, publisher):
    """Kills the publisher and the server, and waits until Postgres has exited, so that the next round starts from the beginning."""
    publisher.kill()
    publisher.wait()
    service.process.kill()
    service.process.wait()
    lock = FOLDER / "data/postgres/postmaster.pid"
    for _ in range(600):
        if not lock.exists() or not pathlib.Path(f"/proc/{lock.read_text().split()[0]}").exists():
            return
        time.sleep(0.1)
    raise SystemExit("Postgres does not exit")


def measure():
    """The seconds of a whole publication of edition 0."""
    edition(0)
    with Service():
        started, publisher = time.monotonic(), publish()
        if publisher.wait() != 0:
            raise SystemExit(f"edition 0 was not published: see {FOLDER / 'publish.log'}")
        seconds = time.monotonic() - started
    print(f"A whole publication takes {seconds:.1f} s.\n")
    return seconds


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    chance, wrong, fresh = random.Random(SEED), 0, 0
    with Service():
        before = editions()
    rows, whole = sum(before.values()), measure()
    before = {"0": rows}
    table(("killed", "after s", "current rows", "of the new edition", "stages", "orphans"), ("---", "---:", "---:", "---:", "---:", "---:"))
    for number in range(1, rounds + 1):
        victim = ("publisher", "Postgres", "server", "reader")[number % 4]
        edition(number)
        service = Service().__enter__()
        started, publisher, moment = time.monotonic(), publish(), chance.uniform(0.2, whole)
        while time.monotonic() - started < moment and publisher.poll() is None:
            time.sleep(0.02)
        if publisher.returncode is None:
            kill(victim, service, publisher)
        end(service, publisher)
        with Service():
            after, left = editions(), (int(psql(STAGES)), int(psql(ORPHANS)))
        new = after.get(str(number), 0)
        fresh += new == rows
        good = after in (before, {str(number): rows}) and left == (0, 0)
        wrong += not good
        table((victim if publisher.returncode else "none", f"{moment:.1f}", f"{sum(after.values()):,}", f"{new:,}", *left))
        before = after
    print(f"\n{rounds} rounds: {fresh} ended with the new edition, {rounds - fresh} with the old one, {wrong} with neither.")
    raise SystemExit(wrong > 0)


if __name__ == "__main__":
    main()
