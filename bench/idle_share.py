#!/usr/bin/env python3
"""Owns the measurement of the requests of one address while another holds as many idle connections as the server may have.

Usage: idle_share.py. The server may have CONNECTIONS. The client at 127.0.0.2 opens a connection for each request, as a client does that
comes for the first time; the one at 127.0.0.1 opens all that it can and sends nothing. Uses the program's bundled data if the bench folder
is empty.
"""

import http.client
import socket
import time

from service import Service, descriptors, table

CONNECTIONS = 500
REQUESTS = 1000
PATH = "/v1/territories/DEP-59"


def measure(service, phase):
    """Sends REQUESTS requests, one after the other, and prints a row of the table. Returns the p99 in seconds."""
    latencies, failed = [], 0
    host, port = service.address.split(":")
    for _ in range(REQUESTS):
        begun = time.monotonic()
        try:
            connection = http.client.HTTPConnection(host, int(port), timeout=10, source_address=("127.0.0.2", 0))
            connection.request("GET", PATH, headers={"Connection": "close"})
            failed += connection.getresponse().status != 200
            connection.close()
        except OSError:
            failed += 1
        latencies.append(time.monotonic() - begun)
    latencies.sort()
    p99 = latencies[int(REQUESTS * 0.99)]
    table((phase, REQUESTS, failed, f"{latencies[REQUESTS // 2] * 1000:.1f}", f"{p99 * 1000:.1f}", descriptors(service.process.pid)))
    return p99, failed


def main():
    table(("other address", "requests", "failed", "p50 ms", "p99 ms", "descriptors of the server"), ("---", *["---:"] * 5))
    with Service(REPERES_MAX_CONNECTIONS=CONNECTIONS, REPERES_RATE_LIMIT=0, RUST_LOG="warn,reperes::cli=info,info") as service:
        host, port = service.address.split(":")
        alone, _ = measure(service, "has no connection")
        idle = [socket.create_connection((host, int(port))) for _ in range(CONNECTIONS)]
        beside, failed = measure(service, f"has opened {CONNECTIONS} connections")
        for one in idle:
            one.close()
    print(f"\np99 beside the idle connections: {beside / alone:.1f} times that alone; {failed} of {REQUESTS} requests failed.")
    raise SystemExit(failed > 0)


if __name__ == "__main__":
    main()
