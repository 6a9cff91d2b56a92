#!/usr/bin/env python3
"""Owns the measurement of exports: the speed of every format in comparison with psql's `\\copy`, and the memory of the server
by the number of rows.

Usage: exports.py, after load.py. Each export is read to its end and discarded, in turn with `\\copy` of the same rows. The
values are medians of three rounds. `\\copy` reads only the stored columns; the service adds `code` and `unit`.
"""

import statistics
import time

from service import KEY, Service, psql, table

ROUNDS = 3
SMALL = 10_000
MIDDLE = 1_000_000
SHEET = 1_048_575
FLAT_MIB = 16
COPY = "\\copy"
STORED = (
    "indicator_code, territory_code, period, period_start, period_end, breakdown_code, nature, value, qualifier, statuses,"
    " rounding, geography_year, source_code, source_location, note"
)
# The number of line ends of each format beyond one per row; None where rows are not lines.
FORMATS = {"csv": 1, "ndjson": 0, "sdmx-csv": 1, "geojson": 2, "parquet": None, "xlsx": None}


class Selection:
    """A selection of observations: the filter for the service and the condition for psql."""

    def __init__(self, indicators):
        quoted = ", ".join(f"'{code}'" for code in indicators)
        self.filter = "&indicator_code=" + ",".join(indicators) if indicators else ""
        self.where = "last_release IS NULL" + (f" AND indicator_code IN ({quoted})" if indicators else "")
        self.rows = int(psql(f"SELECT count(*) FROM observations WHERE {self.where}"))

    def address(self, name):
        geometry = "&geometry=centre" if name == "geojson" else ""
        return f"/v1/observations?format={name}{geometry}{self.filter}"


def up_to(most):
    """The codes of indicators, the small one first, that together have at most this many rows."""
    counts = psql(
        "SELECT indicator_code, count(*) FROM observations WHERE indicator_code LIKE 'banc-%' AND last_release IS NULL"
        " GROUP BY 1 ORDER BY 1"
    )
    chosen, rows = [], 0
    for code, count in (line.split("|") for line in counts.splitlines()):
        if rows + int(count) <= most:
            chosen.append(code)
            rows += int(count)
    return chosen


def copy(selection):
    """Reads the rows with psql and returns the seconds."""
    started = time.monotonic()
    psql(f"\\copy (SELECT {STORED} FROM observations WHERE {selection.where} ORDER BY {KEY}) TO /dev/null CSV")
    return time.monotonic() - started


def export(service, selection, name):
    """Reads the rows from the service, checks their number, and returns seconds, bytes and MiB of peak memory."""
    service.reset_peak()
    seconds, size, lines = service.read(selection.address(name))
    if FORMATS[name] is not None and lines != selection.rows + FORMATS[name]:
        raise SystemExit(f"{name}: {lines} lines for {selection.rows} rows")
    return seconds, size, service.peak()


def speed(service, everything, sheet):
    """Prints the table of speeds."""
    times = {(name, selection): [] for name in (COPY, *FORMATS) for selection in (everything, sheet)}
    sizes = {}
    for _ in range(ROUNDS):
        for selection in (everything, sheet):
            times[COPY, selection].append(copy(selection))
        for name in FORMATS:
            selection = sheet if name == "xlsx" else everything
            seconds, sizes[name], _ = export(service, selection, name)
            times[name, selection].append(seconds)
    table(("export", "rows", "s", "rows/s", "MB/s", "of \\copy's rows/s"), ("---", "---:", "---:", "---:", "---:", "---:"))
    for (name, selection), measured in times.items():
        if measured:
            seconds = statistics.median(measured)
            share = statistics.median(times[COPY, selection]) / seconds
            megabytes = f"{sizes[name] / seconds / 1e6:.1f}" if name in sizes else ""
            rates = (f"{seconds:.2f}", f"{selection.rows / seconds:,.0f}", megabytes, f"{share:.2f}")
            table((name, f"{selection.rows:,}", *rates))


def memory(selections):
    """Prints the peak memory of each format for each number of rows, and its growth. Each format has a new server."""
    head = [f"{selection.rows:,} rows" for selection in selections]
    table(("peak memory, MiB", "at rest", *head, "growth"), ("---", *["---:"] * (len(head) + 2)))
    for name in FORMATS:
        with Service() as service:
            rest = service.reset_peak()
            peaks = [export(service, selection, name)[2] for selection in selections if name != "xlsx" or selection.rows <= SHEET]
        growth = peaks[-1] - peaks[0]
        verdict = "" if growth <= FLAT_MIB else f", over {FLAT_MIB}"
        cells = [f"{peak:.0f}" for peak in peaks] + [""] * (len(selections) - len(peaks))
        table((name, f"{rest:.0f}", *cells, f"{growth:+.0f}{verdict}"))


def main():
    with Service() as service:
        small, middle = Selection(up_to(SMALL)), Selection(up_to(MIDDLE))
        everything, sheet = Selection([]), Selection(up_to(SHEET))
        export(service, small, "csv")
        speed(service, everything, sheet)
    print()
    memory([small, middle, everything])


if __name__ == "__main__":
    main()
