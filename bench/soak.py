#!/usr/bin/env python3
"""Owns the soak test: a mix of all kinds of requests at a fixed rate with a small publication every minute. It checks that the
memory and the descriptors of the service do not grow.

Usage: soak.py MINUTES. The test publishes into the database of BENCH_FOLDER. The first half is the warm-up; the test fits a line
to the samples of the second half and limits its rise.
"""

import datetime
import http.client
import itertools
import random
import sys
import threading
import time

from publications import form, key, publish
from service import Service, descriptors, mebibytes, table

RATE = 40
CLIENTS = 8
SAMPLE = 5
PUBLISH = 60
# The permitted rise over the second half: the noise of allocators and of connection pools.
MEMORY = 0.05
DESCRIPTORS = 8

ITEMS = ("territories/DEP-59", "territories/COM-59350", "conventions/convention-bassin-minier", "territories/REG-32/profile")
PAGES = ("territories?kind=commune&limit=200", "territories?within=DEP-62&sort=-population", "funding?include=convention", "territories?facets=kind")
WORDS = ("lille", "st etienne", "bassin minier", "acces aux droits", "roubaix", "pauvrete")
SERIES = ("observations?last=1", "observations?within=REG-32&compare=region", "observations?layout=wide&format=csv", "observations?vintages=all")
EXPORTS = ("conventions?format=csv", "observations?format=ndjson", "funding?format=xlsx", "territories?kind=departement&format=parquet")
CODINGS = ("identity", "gzip", "br", "zstd")
ERRORS = (("territories?populaton=1", 400), ("territories/COM-00000", 404), ("aggregates/observations?by=period&function=sum", 422))


def fresh(client):
    """Requests a page that is not cached."""
    client.ask(f"/v1/territories?kind=commune&population__gt={random.randrange(10**6)}&limit=20")


def unchanged(client):
    path = f"/v1/{random.choice(ITEMS)}"
    tag = client.ask(path).getheader("ETag")
    client.ask(path, {"If-None-Match": tag}, (200, 304))


def error(client):
    path, status = random.choice(ERRORS)
    client.ask(f"/v1/{path}", expected=(status,))


def abort(client):
    connection = client.service.connect()
    connection.request("GET", "/v1/territories?format=ndjson")
    connection.getresponse().read(random.randrange(20_000))
    connection.close()


# The actions with their weights.
MIX = (
    (30, lambda client: client.ask(f"/v1/{random.choice(ITEMS)}")),
    (15, lambda client: client.ask(f"/v1/{random.choice(PAGES)}")),
    (5, fresh),
    (10, lambda client: client.ask(f"/v1/territories?q={random.choice(WORDS).replace(' ', '%20')}")),
    (15, lambda client: client.ask(f"/v1/{random.choice(SERIES)}")),
    (5, lambda client: client.ask(f"/v1/{random.choice(EXPORTS)}", {"Accept-Encoding": random.choice(CODINGS)})),
    (10, unchanged),
    (8, error),
    (2, abort),
)


class Client(threading.Thread):
    """One connection that sends its share of the mix, each request when it is due, until `stop` is set."""

    def __init__(self, service, start, share, stop):
        super().__init__()
        self.service, self.start_at, self.share, self.stop = service, start, share, stop
        self.connection, self.done, self.wrong = service.connect(), 0, []

    def run(self):
        weights, acts = zip(*MIX)
        for number in itertools.count(self.share, CLIENTS):
            due = self.start_at + number / RATE
            if self.stop.wait(max(0, due - time.monotonic())):
                break
            try:
                random.choices(acts, weights)[0](self)
            except (OSError, http.client.HTTPException) as why:
                self.wrong.append(repr(why))
                self.connection.close()
            self.done += 1
        self.connection.close()

    def ask(self, path, headers=None, expected=(200,)):
        """Sends GET, reads the response to its end, and records an unexpected status."""
        self.connection.request("GET", path, headers=headers or {})
        answer = self.connection.getresponse()
        answer.read()
        if answer.status not in expected:
            self.wrong.append(f"{path}: {answer.status}")
        return answer


def new_title(service, token):
    """Publishes one source with a new title."""
    stamp = datetime.datetime.now(datetime.UTC).isoformat()
    file = f"code,kind,title,publisher,licence\nbanc-endurance,dataset,Endurance {stamp},Banc,etalab-2.0\n"
    publish(service.address, token, form("Endurance", "sources", "sources.csv", file.encode()), 201)


def rise(samples, column):
    """The rise of the line through the samples from the first to the last (least squares), and the mean of the samples."""
    times, values = [sample[0] for sample in samples], [sample[column] for sample in samples]
    middle, mean = sum(times) / len(times), sum(values) / len(values)
    spread = sum((at - middle) ** 2 for at in times)
    slope = sum((at - middle) * (value - mean) for at, value in zip(times, values)) / spread
    return slope * (times[-1] - times[0]), mean


def watch(service, seconds):
    """Samples memory and descriptors, and publishes, until the time has passed."""
    token, start = key("soak"), time.monotonic()
    samples, published = [], 0
    table(("s", "memory MiB", "descriptors", "published"), ("---:",) * 4)
    while (now := time.monotonic() - start) < seconds:
        if now >= (published + 1) * PUBLISH:
            new_title(service, token)
            published += 1
        pid = service.process.pid
        samples.append((now, mebibytes(pid, "VmRSS"), descriptors(pid)))
        if len(samples) % 12 == 1:
            table((f"{now:.0f}", f"{samples[-1][1]:.0f}", samples[-1][2], published))
        time.sleep(SAMPLE)
    return samples


def main():
    if len(sys.argv) != 2:
        raise SystemExit("usage: soak.py MINUTES")
    seconds, stop = float(sys.argv[1]) * 60, threading.Event()
    # With its usual size the cache would grow for an hour. A small cache is full before the second half begins.
    with Service(REPERES_CACHE_MB="4") as service:
        start = time.monotonic()
        clients = [Client(service, start, share, stop) for share in range(CLIENTS)]
        for client in clients:
            client.start()
        try:
            samples = watch(service, seconds)
        finally:
            stop.set()
            for client in clients:
                client.join()
    done, wrong = sum(client.done for client in clients), [what for client in clients for what in client.wrong]
    half = samples[len(samples) // 2 :]
    (memory, mean), (opened, _) = rise(half, 1), rise(half, 2)
    print(f"\n{done} requests, {len(wrong)} with an unexpected response", *wrong[:5], sep="\n  ")
    print(f"over the second half: memory {memory:+.1f} MiB ({memory / mean:+.1%}), descriptors {opened:+.1f}")
    if wrong or memory > MEMORY * mean or opened > DESCRIPTORS:
        raise SystemExit("the memory or the descriptors grew, or a response was unexpected")


if __name__ == "__main__":
    main()
