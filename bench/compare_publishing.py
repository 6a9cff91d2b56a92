#!/usr/bin/env python3
"""Owns the comparison of publishing with what Postgres itself takes: a million new figures beside a COPY of the same rows into copies
of the same tables with the same indexes, and about a million changed ones beside a plain UPDATE of the same rows there; and the size
of the tables.

Usage: compare_publishing.py INDICATORS [ROWS] [sizes] [new] [changed], after compare_data.py INDICATORS, which a second run needs
again: the rows stay published. ROWS are published instead of a million. The times are of one run each.
"""

import sys
import time

from compare_data import MILLION, changed_million, last_years, new_million, published
from relations import copy_of, has, names, sizes
from service import FOLDER, Service, psql, table

NUMBERS = [int(argument) for argument in sys.argv[1:] if argument.isdigit()]
MOST = NUMBERS[1] if len(NUMBERS) > 1 else MILLION
CHOSEN = [argument for argument in sys.argv[1:] if not argument.isdigit()] or ["sizes", "changed", "new"]
HEAD = ("publishing", "rows", "here s", "rows/s", "Postgres itself s", "ratio")


def timed(sql):
    psql("CHECKPOINT")
    started = time.monotonic()
    psql(sql)
    return time.monotonic() - started


def newest():
    return int(psql("SELECT max(number) FROM releases"))


def row(name, rows, ours, theirs):
    table((name, f"{rows:,}", f"{ours:.1f}", f"{rows / ours:,.0f}", f"{theirs:.1f}", f"{theirs / ours:.2f}"))


def last_keys():
    """The largest `id` of each table that has no releases."""
    return {name: psql(f"SELECT coalesce(max(id), 0) FROM {name}") for name in names() if not has(name, "first_release")}


def new():
    """New figures of new indicators; then the rows that the release added to each table, by COPY into a copy of what was there."""
    keys = last_keys()
    ours, theirs, release = published(new_million, MOST), 0.0, newest()
    for name in names():
        added = f"first_release = {release}" if name not in keys else f"id > {keys[name]}"
        columns = copy_of(name, f"NOT ({added})")
        file = FOLDER / "rows.copy"
        psql(f"\\copy (SELECT {columns} FROM {name} WHERE {added}) TO '{file}'")
        theirs += timed(f"\\copy copied ({columns}) FROM '{file}'")
        file.unlink()
    row("new figures of new indicators; COPY into the same indexes", MOST, ours, theirs)


def changed():
    """Other values for the last years; then the same rows by a plain UPDATE of a copy of what was there."""
    ours, release = published(changed_million, NUMBERS[0], MOST, "révisé"), newest()
    rows = int(psql(f"SELECT count(*) FROM observations WHERE first_release = {release}"))
    # Of the tables with values, the one of all figures: `latest_observations`, where it is a table, is derived from it.
    name = next(name for name in names() if has(name, "value") and name != "latest_observations")
    opened = psql(f"SELECT string_agg(DISTINCT first_release::text, ', ') FROM {name} WHERE last_release = {release - 1}")
    copy_of(name, f"first_release < {release}", {"last_release": f"nullif(last_release, {release - 1})"})
    years = ", ".join(f"'{year}'" for year in last_years(NUMBERS[0], MOST))
    chosen = f"last_release IS NULL AND first_release IN ({opened}) AND period IN ({years}) AND value IS NOT NULL"
    theirs = timed(f"UPDATE copied SET value = value + 1 WHERE {chosen}")
    row("changed figures; a plain UPDATE", rows, ours, theirs)


def sizes_of_tables():
    """The size of each table, and of those of the peers."""
    found, rows = sizes(), int(psql("SELECT count(*) FROM observations"))
    peers = psql("SELECT pg_table_size('peer.observations'), pg_indexes_size('peer.observations')").split("|")
    table((f"sizes at {rows:,} rows of figures", "table MB", "indexes MB", "together MB"), ("---", "---:", "---:", "---:"))
    for name, (rows_size, indexes) in (found | {"peer.observations": tuple(map(int, peers))}).items():
        table((name, f"{rows_size / 1e6:.0f}", f"{indexes / 1e6:.0f}", f"{(rows_size + indexes) / 1e6:.0f}"))
    table(("**all tables of the figures**", "", "", f"{sum(map(sum, found.values())) / 1e6:.0f}"))


def main():
    if not NUMBERS:
        sys.exit(__doc__)
    with Service():
        if "sizes" in CHOSEN:
            sizes_of_tables()
        parts = [part for part in (changed, new) if part.__name__ in CHOSEN]
        if parts:
            print()
            table(HEAD, ("---", *["---:"] * (len(HEAD) - 1)))
        for part in parts:
            part()
        psql("SET client_min_messages = warning; DROP TABLE IF EXISTS copied")


if __name__ == "__main__":
    main()
