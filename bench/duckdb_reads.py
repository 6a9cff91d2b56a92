"""Owns the measurement of DuckDB on the Parquet file of the observations: the questions of `compare_questions.py` that read figures.

Usage: duckdb_reads.py FILE SECONDS PROCESSORS, with the Python environment of `bench/tools`. The script prints one JSON object: for
each question the median of the milliseconds that it takes alone.
"""

import json
import statistics
import sys
import time

import duckdb

QUESTIONS = {
    "series of 11": "SELECT period, value FROM f WHERE indicator_code = 'serie-02' AND territory_code = 'COM-59001' ORDER BY period",
    "map of the départements, latest": (
        "SELECT territory_code, arg_max(value, period) FROM f WHERE indicator_code = 'serie-02' AND territory_code LIKE 'DEP-%'"
        " AND value IS NOT NULL GROUP BY 1 ORDER BY 1"
    ),
    "aggregate of one indicator": (
        "SELECT period, sum(value), count(*) FROM f WHERE indicator_code = 'serie-02' AND territory_code LIKE 'COM-%' GROUP BY 1 ORDER BY 1"
    ),
    "aggregate over everything": (
        "SELECT indicator_code, period, sum(value), count(*) FROM f WHERE source_code = 'banc-source' AND territory_code LIKE 'COM-%'"
        " GROUP BY 1, 2 ORDER BY 1, 2"
    ),
}
CSV = (
    "COPY (SELECT indicator_code, territory_code, period, value, array_to_string(statuses, '|') FROM f WHERE source_code = 'banc-source'"
    " ORDER BY 1, 2, 3) TO '/dev/null' (FORMAT csv, HEADER)"
)


def main(file, seconds, processors):
    connection = duckdb.connect()
    connection.execute(f"SET threads = {int(processors)}")
    connection.execute(f"CREATE VIEW f AS SELECT * FROM read_parquet('{file}')")
    found = {}
    for name, sql in {**QUESTIONS, "csv": CSV}.items():
        taken, until = [], time.monotonic() + float(seconds)
        while not taken or time.monotonic() < until:
            started = time.monotonic()
            connection.execute(sql).fetchall()
            taken.append((time.monotonic() - started) * 1000)
        found[name] = statistics.median(taken)
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
