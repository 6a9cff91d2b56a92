"""Owns the baseline servers: the plan of their responses, their start and their end.

The plan comes from the service itself: the bytes of head and body, and the statement that reads the rows. The statement is the one
that Postgres logs, with the parameters written into its text.
"""

import http.client
import json
import re
import subprocess
import time

from load_generator import SERVER, pinned
from service import FOLDER, TARGET, psql

BINARY = TARGET / "release/examples/baseline"
LOG = FOLDER / "data/postgres.log"
STATEMENT = re.compile(r"execute \S+: ([^\n]*(?:\n(?!\d{4}-)[^\n]*)*)\n[^\n]*DETAIL:  parameters: ([^\n]*)")
# Statements that do not read the rows: the marks of observations, and the settings of a connection.
NOT_FOR_ROWS = re.compile(r"marks\(|^SET ")
PARAMETER = re.compile(r"(\$\d+) = ('(?:[^']|'')*'|NULL)")
# The headers that a server adds to every response by itself.
SERVER_HEADERS = ("date", "content-length", "connection")
TIMEOUT_S = 10


def answer(server, address, headers):
    """Requests an address and returns the headers and the body of the response, which must have status 200."""
    connection = http.client.HTTPConnection(server.address, timeout=TIMEOUT_S)
    connection.request("GET", address, headers=dict(headers))
    got = connection.getresponse()
    body = got.read()
    if got.status != 200:
        raise SystemExit(f"{address}: {got.status} {body[:500].decode(errors='replace')}")
    connection.close()
    return {name.lower(): value for name, value in got.getheaders()}, body


def logging(on):
    psql(f"ALTER SYSTEM {'SET' if on else 'RESET'} log_min_duration_statement" + (" = 0" if on else ""))
    psql("SELECT pg_reload_conf()")
    time.sleep(0.5)


def statement(server, address):
    """The statement that reads the rows of an address: the longest that Postgres logs for the request."""
    logging(True)
    start = LOG.stat().st_size
    answer(server, address, ())
    time.sleep(0.5)
    logging(False)
    with open(LOG, encoding="utf-8", errors="replace") as log:
        log.seek(start)
        found = STATEMENT.findall(log.read())
    sql, given = max((pair for pair in found if not NOT_FOR_ROWS.search(pair[0])), key=lambda pair: len(pair[0]))
    values = dict(PARAMETER.findall(given))
    sql = re.sub(r"\$\d+", lambda place: values[place.group()], sql)
    return sql


class Baseline:
    """A baseline server for some addresses, as a context manager: `held` from memory, `stated` with a statement."""

    def __init__(self, server, held=(), stated=(), headers=()):
        folder = FOLDER / "baseline"
        folder.mkdir(exist_ok=True)
        plan = []
        for at, address in enumerate(held):
            response_headers, body = answer(server, address, headers)
            (folder / f"body-{at}").write_bytes(body)
            kept = [(name, value) for name, value in response_headers.items() if name not in SERVER_HEADERS]
            plan.append({"address": address, "headers": kept, "body": f"body-{at}"})
        plan += [{"address": address, "sql": statement(server, address)} for address in stated]
        self.plan = folder / "plan.json"
        self.plan.write_text(json.dumps(plan))

    def __enter__(self):
        database = f"host={FOLDER / 'data/run'} user=reperes dbname=postgres"
        command = pinned(SERVER, [str(BINARY), str(self.plan), database])
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().strip()
        if not self.address:
            raise SystemExit("the baseline server does not start")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(TIMEOUT_S)
