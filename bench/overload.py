#!/usr/bin/env python3
"""Owns the measurement of overload. The knee is the highest rate of pages from the database at which the service answers nearly
all requests. At twice and four times that rate the service must refuse the excess at once and keep answering at the knee.

Usage: overload.py [SECONDS], after load.py. The response cache is off; the server and Postgres share one processor. All rates
come from the same client over the same connections. The values are medians of three rounds. Each round finds its own knee,
because the speed of a shared machine varies.
"""

import statistics
import sys

from load_generator import SERVER, closed, fixed
from service import Service, table
from workloads import PAGE_20

SECONDS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
ROUNDS = 3
CONNECTIONS = 1000
# The rates that are tried for the knee, relative to the rate at which a few clients that wait for each response are answered.
AROUND = (0.8, 0.9, 1.0, 1.1, 1.2)
# The share of requests that may be refused at the knee.
REFUSED = 0.01
BEYOND = (2, 4)


def measure(base, rate):
    """The responses and refusals per second, and the p50, the p99 and the maximum in ms. Prints any other outcome."""
    report = fixed(base + PAGE_20[0], int(rate), SECONDS, CONNECTIONS)
    took, codes, late = report["summary"]["total"], report["statusCodeDistribution"], report["latencyPercentiles"]
    others = {code: number for code, number in codes.items() if code not in ("200", "503")}
    if others or report["errorDistribution"]:
        print(f"also {others} {report['errorDistribution']}")
    given, refused = (codes.get(code, 0) / took for code in ("200", "503"))
    return given, refused, *(seconds * 1000 for seconds in (late["p50"], late["p99"], report["summary"]["slowest"]))


def once(base):
    """One round: a row for the knee, then one for each rate beyond it. The first column is the ratio to the knee."""
    usual = closed(base, PAGE_20, SECONDS, ())[0]
    tried = [measure(base, usual * part) for part in AROUND]
    knee = max([one for one in tried if one[1] <= REFUSED * (one[0] + one[1])] or tried)
    return [(1.0, knee[0], *knee)] + [
        (given[0] / knee[0], knee[0] * times, *given) for times in BEYOND for given in [measure(base, knee[0] * times)]
    ]


def main():
    quiet = "info,reperes::access=warn"
    with Service(SERVER, REPERES_WORKERS=1, RUST_LOG=quiet, REPERES_CACHE_MB=0, REPERES_CONNECTIONS_PER_CLIENT=10_000) as service:
        rounds = [once(f"http://{service.address}") for _ in range(ROUNDS)]
    table(("asked for /s", "given /s", "of the knee", "refused /s", "p50 ms", "p99 ms", "longest ms"), ("---:",) * 7)
    for times, lines in zip((1, *BEYOND), zip(*rounds)):
        part, asked, given, *others = (statistics.median(column) for column in zip(*lines))
        table((f"{times} × the knee: {asked:.0f}", f"{given:.0f}", f"{part:.2f}", *(f"{other:.0f}" for other in others)))


if __name__ == "__main__":
    main()
