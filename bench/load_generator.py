"""Owns the load: wrk sends requests as fast as they are answered, oha at a fixed rate. Both run on another processor than the
server.

`bench/tools` installs both. A latency at a fixed rate counts from the time when the request was due.
"""

import json
import os
import pathlib
import re
import statistics
import subprocess
import tempfile

from service import TARGET

CLIENT, SERVER = "1", "0"
CONNECTIONS = 16
UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}
OHA = TARGET / "bench/bin/oha"
SCRIPT = pathlib.Path(__file__).with_name("addresses.lua")


def pinned(processor, command):
    """The command that runs another command on one processor."""
    return ["taskset", "-c", processor, *command]


def milliseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(number) * UNITS[unit]


def closed(base, addresses, seconds, headers=(), connections=CONNECTIONS):
    """Requests the addresses in turn with wrk, as fast as they are answered. Returns the requests per second, the p50 and the
    p99 in ms, and the number of requests without a 2xx or 3xx response."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(addresses))
        file.flush()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "60s", "-s", str(SCRIPT)]
        command += [part for header in headers for part in ("-H", header)] + [base]
        done = subprocess.run(
            pinned(CLIENT, command), check=True, text=True, stdout=subprocess.PIPE, env=os.environ | {"ADDRESSES": file.name}
        )
    said = done.stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said).group(1))
    p50, p99 = (milliseconds(re.search(rf"^\s+{part}%\s+(\S+)", said, re.M).group(1)) for part in (50, 99))
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    sockets = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", said)
    failed = (int(bad.group(1)) if bad else 0) + (sum(map(int, sockets.groups())) if sockets else 0)
    return rate, p50, p99, failed


def answered(server, addresses, seconds, headers=(), connections=CONNECTIONS):
    """Requests the addresses of a server like `closed`, and ends the program if one is not answered. Returns the requests per second,
    the p50 and the p99 in ms."""
    *measured, failed = closed(f"http://{server.address}", addresses, seconds, headers, connections)
    if failed:
        raise SystemExit(f"{failed} requests failed at {addresses[0]}")
    return measured


def medians(rounds):
    """The medians of rounds, each of the values of one server and of those of the other: of each value of the one, of each of the
    other, and of each ratio of the one's to the other's."""
    ours, theirs = ([statistics.median(column) for column in zip(*side)] for side in zip(*rounds))
    return ours, theirs, [statistics.median(one[at] / other[at] for one, other in rounds) for at in range(len(ours))]


def fixed(address, rate, seconds, connections):
    """Requests an address with oha at a fixed rate. Returns oha's report, whose times are in seconds."""
    command = [str(OHA), "--no-tui", "--output-format", "json", "-q", str(rate), "-z", f"{seconds}s"]
    command += ["-c", str(connections), "--disable-compression", "--latency-correction", "--wait-ongoing-requests-after-deadline", address]
    done = subprocess.run(pinned(CLIENT, command), check=True, text=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)
