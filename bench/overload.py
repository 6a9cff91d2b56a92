#!/usr/bin/env python3
"""Owns the measuring of overload: how many pages a second the service gives from the database at most (the knee), and
what it gives when twice as many are asked for: the rest must be refused, at once, and cost the others nothing.

Usage: overload.py [SECONDS], after load.py. Answers from memory are off; server and Postgres share one processor.
"""

import sys

from load_generator import SERVER, closed, fixed
from service import Service, table
from workloads import PAGE_20

SECONDS = int(sys.argv[1]) if len(sys.argv) > 1 else 10
CROWDS = (4, 16, 64)
CONNECTIONS = 1000


def main():
    quiet = "info,reperes::access=warn"
    with Service(SERVER, REPERES_WORKERS=1, RUST_LOG=quiet, REPERES_CACHE_MB=0) as service:
        base = f"http://{service.address}"
        knee = max(closed(base, PAGE_20, SECONDS, (), crowd)[0] for crowd in CROWDS)
        table(("asked for /s", "given /s", "of the knee", "refused /s", "p50 ms", "p99 ms", "longest ms"), ("---:",) * 7)
        table((f"as they are answered: {knee:.0f}", f"{knee:.0f}", "1.00", 0, "", "", ""))
        for times in (1, 2, 4):
            report = fixed(base + PAGE_20[0], int(knee * times), SECONDS, CONNECTIONS)
            took, codes, late = report["summary"]["total"], report["statusCodeDistribution"], report["latencyPercentiles"]
            given, refused = (codes.get(code, 0) / took for code in ("200", "503"))
            others = {code: number for code, number in codes.items() if code not in ("200", "503")}
            if others or report["errorDistribution"]:
                print(f"also {others} {report['errorDistribution']}")
            shown = [f"{seconds * 1000:.0f}" for seconds in (late["p50"], late["p99"], report["summary"]["slowest"])]
            table((f"{times} × the knee: {knee * times:.0f}", f"{given:.0f}", f"{given / knee:.2f}", f"{refused:.0f}", *shown))


if __name__ == "__main__":
    main()
