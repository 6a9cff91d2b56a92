"""Owns the peers of the comparison: their start and end, and the settings of the service beside them.

The peers answer the questions of `peers/questions.json` from the plain tables of `peers/tables.sql`: bare actix-web with
tokio-postgres (`baseline/`), and Fastify with pg (`peers/fastify.mjs`, whose packages `bench/tools` installs). Unless it is said
otherwise, each is limited to the processor of the service and of Postgres.
"""

import os
import shutil
import subprocess

from baseline import BINARY
from load_generator import SERVER, pinned
from service import FOLDER, ROOT, TARGET

QUESTIONS = ROOT / "bench/peers/questions.json"
NODE = TARGET / "bench/peers"
PYTHON = TARGET / "bench/python/bin/python"
SOCKET = FOLDER / "data/run"
TIMEOUT_S = 10
# The service beside the peers: the access log off, because they have none; every request of one client admitted; no answer kept.
BESIDE = {
    "REPERES_WORKERS": 1,
    "RUST_LOG": "info,reperes::access=warn",
    "REPERES_RATE_LIMIT": 0,
    "REPERES_DATABASE_TIME_MS": 0,
    "REPERES_DATABASE_WAIT_MS": 60_000,
    "REPERES_STATEMENT_TIMEOUT_MS": 60_000,
}
FROM_DATABASE = BESIDE | {"REPERES_CACHE_MB": 0}


class Peer:
    """A running peer, as a context manager that ends it. Its address is what it prints first."""

    def __init__(self, command, processor, cwd=None):
        self.command, self.processor, self.cwd = [str(part) for part in command], processor, cwd

    def __enter__(self):
        command = pinned(self.processor, self.command) if self.processor else self.command
        self.process = subprocess.Popen(command, cwd=self.cwd, stdout=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().strip()
        if not self.address:
            raise SystemExit(f"the peer does not start: {command}")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(TIMEOUT_S)


def bare(processor=SERVER):
    """Bare actix-web with tokio-postgres."""
    return Peer([BINARY, QUESTIONS, f"host={SOCKET} user=reperes dbname=postgres"], processor)


def fastify(processor=SERVER):
    """Fastify with pg."""
    if not (NODE / "node_modules").is_dir():
        raise SystemExit("the packages of Fastify are missing: run bench/tools")
    # Node looks for packages beside the program.
    shutil.copy(ROOT / "bench/peers/fastify.mjs", NODE)
    os.environ["NODE_ENV"] = "production"
    return Peer(["node", "fastify.mjs", QUESTIONS, SOCKET], processor, cwd=NODE)
