"""Owns the service that is measured: where it lies, how it is started and asked, what it uses; psql beside it.

A bench folder holds `bundles/` (what is published: the program's own data where there is none), `data/` (the private
Postgres) and `server.log`.
"""

import http.client
import os
import pathlib
import re
import signal
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = os.environ.get("REPERES_BINARY", str(ROOT / "target/release/reperes"))
FOLDER = pathlib.Path(os.environ.get("BENCH_FOLDER", "/dev/shm/reperes-bench"))
READY = re.compile(r"ready in .*http://([0-9.]+:[0-9]+)/ ")
PATIENCE = 120
KEY = "indicator_code, territory_code, period, breakdown, nature, source_code"
BUFFER = bytearray(1 << 20)


def environment(**settings):
    """The settings of the program, whatever the caller's are, and more of them."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("REPERES_", "DATABASE_URL"))}
    ours = {"REPERES_DATA_DIR": FOLDER / "data", "REPERES_ADDRESS": "127.0.0.1:0", "REPERES_SHUTDOWN_GRACE_S": 0}
    if (FOLDER / "bundles").is_dir():
        ours["REPERES_BUNDLES"] = FOLDER / "bundles"
    return kept | {"RUST_LOG": "info"} | {name: str(value) for name, value in (ours | settings).items()}


def mebibytes(pid, name="VmHWM"):
    """What /proc says of a process's memory: VmHWM is the peak, VmRSS what it has now."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"{name}:\s+(\d+)", status).group(1)) / 1024


def descriptors(pid):
    """How many files, sockets included, a process has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def psql(sql):
    """What psql prints for one statement or backslash command."""
    command = ["psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-U", "reperes", "-d", "postgres"]
    command += ["-h", str(FOLDER / "data/run"), "-c", sql]
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout.strip()


def table(*rows):
    """Prints one or more lines of a Markdown table."""
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |", flush=True)


def processor_seconds(pid):
    """The time that a process has spent on processors, its own and the system's for it."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Service:
    """A running release server, with settings of its own and on processors of its own if need be; a context, at whose
    end it is stopped."""

    def __init__(self, processors=None, **settings):
        self.command = (["taskset", "-c", processors] if processors else []) + [BINARY, "serve"]
        self.settings = settings

    def __enter__(self):
        FOLDER.mkdir(parents=True, exist_ok=True)
        log = FOLDER / "server.log"
        with open(log, "wb") as out:
            self.process = subprocess.Popen(self.command, env=environment(**self.settings), cwd=ROOT, stderr=out)
        deadline = time.monotonic() + PATIENCE
        while not (ready := READY.search(log.read_text(errors="replace"))):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.kill()
                raise SystemExit(f"the server does not start: see {log}")
            time.sleep(0.05)
        self.address = ready.group(1)
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)

    def connect(self):
        return http.client.HTTPConnection(self.address, timeout=PATIENCE)

    def reset_peak(self):
        """Makes the peak of memory what is used now, and gives that."""
        pathlib.Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")
        return mebibytes(self.process.pid)

    def peak(self):
        return mebibytes(self.process.pid)

    def read(self, path):
        """Reads an answer to its end and forgets it: seconds, bytes, line ends."""
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
