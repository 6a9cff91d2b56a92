#!/usr/bin/env python3
"""Owns the measuring of overload: how many pages a second the service gives from the database while it gives nearly all
that is asked for (the knee), and what it gives when twice as many are asked for: the rest must be refused, at once, and
cost the others nothing.

Usage: overload.py [SECONDS], after load.py. Answers from memory are off; server and Postgres share one processor. All
rates come from the same client over the same connections. Medians of three rounds, each with a knee of its own, since a
machine that others share does not keep its pace.
"""

import statistics
import sys

from load_generator import SERVER, closed, fixed
from service import Service, table
from workloads import PAGE_20

SECONDS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
ROUNDS = 3
CONNECTIONS = 1000
# Parts of what is answered when each of a few clients waits for its answer: the knee is among them.
AROUND = (0.8, 0.9, 1.0, 1.1, 1.2)
# The part of what is asked for that may be refused at the knee.
REFUSED = 0.01
BEYOND = (2, 4)


def measure(base, rate):
    """Given and refused a second, p50, p99 and the longest in ms; anything else that happened is shown."""
    report = fixed(base + PAGE_20[0], int(rate), SECONDS, CONNECTIONS)
    took, codes, late = report["summary"]["total"], report["statusCodeDistribution"], report["latencyPercentiles"]
    others = {code: number for code, number in codes.items() if code not in ("200", "503")}
    if others or report["errorDistribution"]:
        print(f"also {others} {report['errorDistribution']}")
    given, refused = (codes.get(code, 0) / took for code in ("200", "503"))
    return given, refused, *(seconds * 1000 for seconds in (late["p50"], late["p99"], report["summary"]["slowest"]))


def once(base):
    """One round: the line of the knee, then one for each rate beyond it; `of the knee` comes first."""
    usual = closed(base, PAGE_20, SECONDS, ())[0]
    tried = [measure(base, usual * part) for part in AROUND]
    knee = max([one for one in tried if one[1] <= REFUSED * (one[0] + one[1])] or tried)
    return [(1.0, knee[0], *knee)] + [
        (given[0] / knee[0], knee[0] * times, *given) for times in BEYOND for given in [measure(base, knee[0] * times)]
    ]


def main():
    quiet = "info,reperes::access=warn"
    with Service(SERVER, REPERES_WORKERS=1, RUST_LOG=quiet, REPERES_CACHE_MB=0) as service:
        rounds = [once(f"http://{service.address}") for _ in range(ROUNDS)]
    table(("asked for /s", "given /s", "of the knee", "refused /s", "p50 ms", "p99 ms", "longest ms"), ("---:",) * 7)
    for times, lines in zip((1, *BEYOND), zip(*rounds)):
        part, asked, given, *others = (statistics.median(column) for column in zip(*lines))
        table((f"{times} × the knee: {asked:.0f}", f"{given:.0f}", f"{part:.2f}", *(f"{other:.0f}" for other in others)))


if __name__ == "__main__":
    main()
