"""Owns the service under measurement: its folder, its start and end, requests to it, its memory and descriptors, and psql on its
database.

A bench folder contains `bundles/` (the bundles to publish; without it the program publishes its own data), `data/` (the
private Postgres) and `server.log`.
"""

import http.client
import os
import pathlib
import re
import signal
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
BINARY = os.environ.get("REPERES_BINARY", str(TARGET / "release/reperes"))
FOLDER = pathlib.Path(os.environ.get("BENCH_FOLDER", "/dev/shm/reperes-bench"))
READY = re.compile(r"ready in .*http://([0-9.]+:[0-9]+)/ ")
TIMEOUT_S = 120
KEY = "indicator_code, territory_code, period, breakdown_code, nature, source_code"
BUFFER = bytearray(1 << 20)


def environment(**settings):
    """The environment of the program: the settings of the bench and `settings`, without the settings of the caller."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("REPERES_", "DATABASE_URL"))}
    ours = {"REPERES_DATA_DIR": FOLDER / "data", "REPERES_ADDRESS": "127.0.0.1:0", "REPERES_SHUTDOWN_GRACE_S": 0}
    if (FOLDER / "bundles").is_dir():
        ours["REPERES_BUNDLES"] = FOLDER / "bundles"
    return kept | {"RUST_LOG": "info"} | {name: str(value) for name, value in (ours | settings).items()}


def mebibytes(pid, name="VmHWM"):
    """The memory of a process in MiB, from /proc: VmHWM is the peak, VmRSS the current value."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"{name}:\s+(\d+)", status).group(1)) / 1024


def descriptors(pid):
    """The number of files that a process has open, including sockets."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def psql(*arguments):
    """Runs one statement or backslash command in psql, or what other arguments say, and returns the output."""
    command = ["psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-U", "reperes", "-d", "postgres"]
    command += ["-h", str(FOLDER / "data/run"), *(arguments if len(arguments) > 1 else ("-c", *arguments))]
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout.strip()


def table(*rows):
    """Prints one or more rows of a Markdown table."""
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |", flush=True)


def processor_seconds(pid):
    """The user and system time of a process, in seconds."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Service:
    """A running server of the release build, as a context manager that stops it at the end. It may have further settings and be
    limited to some processors."""

    def __init__(self, processors=None, **settings):
        self.command = (["taskset", "-c", processors] if processors else []) + [BINARY, "serve"]
        self.settings = settings

    def __enter__(self):
        FOLDER.mkdir(parents=True, exist_ok=True)
        log = FOLDER / "server.log"
        with open(log, "wb") as out:
            self.process = subprocess.Popen(self.command, env=environment(**self.settings), cwd=ROOT, stderr=out)
        deadline = time.monotonic() + TIMEOUT_S
        while not (ready := READY.search(log.read_text(errors="replace"))):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.kill()
                raise SystemExit(f"the server does not start: see {log}")
            time.sleep(0.05)
        self.address = ready.group(1)
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(TIMEOUT_S)

    def connect(self):
        return http.client.HTTPConnection(self.address, timeout=TIMEOUT_S)

    def reset_peak(self):
        """Resets the peak memory to the current memory, and returns it in MiB."""
        pathlib.Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")
        return mebibytes(self.process.pid)

    def peak(self):
        return mebibytes(self.process.pid)

    def read(self, path):
        """Reads a response to its end, discards it, and returns seconds, bytes and line ends."""
        connection, size, lines = self.connect(), 0, 0
        started = time.monotonic()
        connection.request("GET", path)
        answer = connection.getresponse()
        if answer.status != 200:
            raise SystemExit(f"{path}: {answer.status} {answer.read(2000).decode(errors='replace')}")
        while count := answer.readinto(BUFFER):
            size += count
            lines += BUFFER.count(b"\n", 0, count)
        seconds = time.monotonic() - started
        connection.close()
        return seconds, size, lines
