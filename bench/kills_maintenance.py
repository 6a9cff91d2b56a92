#!/usr/bin/env python3
"""Owns the trial of interrupted maintenance: `kill -9` of the program, of what it started, or of Postgres, during a first start, a
backup and a restoration.

Usage: kills_maintenance.py [ROUNDS], which needs no other script before it. It uses the small bundles of the tests and a folder of its own in
BENCH_FOLDER. A first start and a restoration are killed at instants spread over their whole time, or as soon as the victim is there after
that, a backup when its file has so many bytes. Afterwards the same command must work, and the data must have the digests of a start that nobody interrupted; the file of a backup
must be the one before or a whole new one.
"""

import hashlib
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time

from service import BINARY, FOLDER, ROOT, environment, table

SEED = 20191210
PLACE = FOLDER / "kills-maintenance"
COPY = PLACE / "copy.dump"
TRAILER = 78
VICTIMS = ("program", "children", "Postgres")
IDLE = []


def start(data, *arguments):
    """Starts a command on a data directory."""
    settings = {"REPERES_DATA_DIR": data, "REPERES_BUNDLES": ROOT / "tests/fixtures/bundles"}
    log = open(PLACE / "log", "wb")
    return subprocess.Popen([BINARY, *map(str, arguments)], env=environment(**settings), cwd=ROOT, stdout=subprocess.PIPE, stderr=log)


def run(data, *arguments):
    """Runs a command to its end, and returns its exit code, its output and its log."""
    process = start(data, *arguments)
    out, _ = process.communicate()
    return process.returncode, out.decode(), (PLACE / "log").read_text(errors="replace")


def must(data, *arguments):
    code, out, log = run(data, *arguments)
    if code != 0:
        raise SystemExit(f"{' '.join(map(str, arguments))} failed ({code}):\n{log}")
    return out


def state(data):
    """The digests of a database that `verify` finds sound."""
    code, out, log = run(data, "verify", "--json")
    if code != 0:
        return f"verify failed ({code}): {log[-300:]}"
    report = json.loads(out)
    return [digest["sha256"] for digest in report["digests"]] if report["outcome"] == "sound" else report["outcome"]


def offspring(pid):
    """The processes below a process."""
    try:
        below = [int(child) for task in pathlib.Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()]
    except OSError:
        return []
    return below + [deeper for child in below for deeper in offspring(child)]


def postmaster(data):
    try:
        return int((data / "postgres/postmaster.pid").read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return None


def kill(victim, process, data):
    """Kills one victim. The children are those besides Postgres: initdb, pg_dump, pg_restore, psql. Returns whether there was one."""
    server = postmaster(data)
    backends = set(offspring(server) + [server]) if server else set()
    pids = {"program": [process.pid], "Postgres": [server] if server else [], "children": [child for child in offspring(process.pid) if child not in backends]}[victim]
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    return bool(pids)


def end(process, data):
    """Waits until the program and its Postgres have ended."""
    process.communicate()
    server = postmaster(data)
    for _ in range(600):
        if not server or not pathlib.Path(f"/proc/{server}").exists():
            return
        time.sleep(0.1)
    raise SystemExit("Postgres does not exit")


def killed_at(moment, victim, data, *arguments):
    """Runs a command whose victim is killed after some seconds, or as soon as it is there. Returns the exit code and whether it was."""
    process, begun, killed = start(data, *arguments), time.monotonic(), False
    while process.poll() is None and not killed:
        killed = time.monotonic() - begun >= moment and kill(victim, process, data)
        time.sleep(0.002)
    end(process, data)
    return process.returncode, killed


def named(victim, killed):
    """The victim, if there was one. The rounds in which nothing was killed are counted."""
    IDLE.extend([] if killed else [victim])
    return victim if killed else "nothing"


def timed(data, *arguments):
    begun = time.monotonic()
    must(data, *arguments)
    return time.monotonic() - begun


def first_starts(rounds, chance, right, whole):
    """Kills `reperes migrate` on a directory that does not exist."""
    wrong = 0
    for number in range(rounds):
        data, victim = PLACE / "first", VICTIMS[number % 3]
        shutil.rmtree(data, ignore_errors=True)
        moment = whole * (number + chance.random()) / rounds
        code, killed = killed_at(moment, victim, data, "migrate")
        again, _, log = run(data, "migrate")
        after = state(data) if again == 0 else log[-300:]
        wrong += after != right
        table(("first start", named(victim, killed), f"after {moment:.2f} s", code, "whole" if after == right else after))
    return wrong


def backups(rounds, chance, data):
    """Kills `reperes backup` when its file has so many bytes."""
    wrong, size = 0, COPY.stat().st_size
    for number in range(rounds):
        victim, bytes_ = VICTIMS[number % 3], int(size * (number + chance.random()) / rounds)
        before = hashlib.sha256(COPY.read_bytes()).hexdigest()
        process, killed = start(data, "backup", COPY), False
        while process.poll() is None and not killed:
            written = max((path.stat().st_size for path in PLACE.glob(".reperes-backup-*")), default=-1)
            killed = written >= bytes_ and kill(victim, process, data)
            time.sleep(0.001)
        end(process, data)
        left = list(PLACE.glob(".reperes-backup-*"))
        for path in left:
            path.unlink()
        content = COPY.read_bytes()
        sealed = content[-TRAILER:].split()[0].decode() == hashlib.sha256(content[:-TRAILER]).hexdigest()
        old = hashlib.sha256(content).hexdigest() == before
        wrong += not sealed
        table(("backup", named(victim, killed), f"at {bytes_:,} bytes", process.returncode, ("old" if old else "new") + ", whole" if sealed else "DAMAGED"))
    return wrong


def restorations(rounds, chance, right, whole):
    """Kills `reperes restore` into a directory that does not exist."""
    wrong = 0
    for number in range(rounds):
        data, victim = PLACE / "restored", VICTIMS[number % 3]
        shutil.rmtree(data, ignore_errors=True)
        moment = whole * (number + chance.random()) / rounds
        code, killed = killed_at(moment, victim, data, "restore", COPY)
        again, _, log = run(data, "restore", COPY)
        found = "empty" if again == 0 else "whole" if "is not empty" in log else log[-300:]
        done, _, log = run(data, "migrate")
        after = state(data) if done == 0 else log[-300:]
        wrong += after != right or found not in ("empty", "whole")
        table(("restoration", named(victim, killed), f"after {moment:.2f} s", code, found if after == right else after))
    return wrong


def main():
    rounds, chance = int(sys.argv[1]) if len(sys.argv) > 1 else 12, random.Random(SEED)
    shutil.rmtree(PLACE, ignore_errors=True)
    PLACE.mkdir(parents=True)
    PLACE.chmod(0o755)
    source = PLACE / "source"
    starting = timed(source, "migrate")
    right = state(source)
    must(source, "backup", COPY)
    restoring = timed(PLACE / "restored", "restore", COPY)
    print(f"A first start takes {starting:.1f} s, a restoration {restoring:.1f} s, a backup has {COPY.stat().st_size:,} bytes.\n")
    table(("command", "killed", "when", "exit code", "left"), ("---", "---", "---:", "---:", "---"))
    wrong = first_starts(rounds, chance, right, starting) + backups(rounds, chance, source) + restorations(rounds, chance, right, restoring)
    print(f"\n{3 * rounds} rounds: {wrong} left something that is neither old nor new. In {len(IDLE)} nothing was killed.")
    shutil.rmtree(PLACE, ignore_errors=True)
    raise SystemExit(wrong > 0)


if __name__ == "__main__":
    main()
