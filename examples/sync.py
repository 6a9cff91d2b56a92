#!/usr/bin/env python3
"""Keeps a copy of Repères up to date in a SQLite file. Needs only Python 3.9. Run it as often as you like.

    sync.py http://127.0.0.1:8080 copy.sqlite
    sync.py http://127.0.0.1:8080 nord.sqlite --within DEP-59 --dataset observations,funding
    sync.py http://127.0.0.1:8080 communes.sqlite --dataset territories --where kind=commune

The first run fetches everything. Later runs fetch only the changes since the last run, including withdrawals. A row that is still
published but left the selection (its value changed, its commune moved) leaves the copy and is not recorded as withdrawn. The file contains:

    rows        dataset, code, row (the JSON of the collection at the release of the copy)
    withdrawn   dataset, code, release, reason, successor_code of withdrawn rows; the successor may be null
    state       the selection and the release of the copy
    a view for each collection, with its fields as columns:  SELECT name FROM territories WHERE kind = 'epci'

The program stores each page in the file when it arrives, and applies all pages together with the number of the release in one
transaction. A reader of the file sees one release or the next, never a part of one. The next run continues an interrupted run.
Before the commit the program compares the number of rows with the count of the service at that release; if the numbers differ,
it applies nothing. If nothing was published, the service answers 304 and the file does not change.

The exit code is 0 if the copy is up to date, 1 if it is not (the copy is then unchanged), and 2 if the command is wrong.
"""

import argparse
import http.client
import json
import sqlite3
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

PAGE = 1000
ATTEMPTS = 5
TIMEOUT = 60

SCHEMA = """
CREATE TABLE IF NOT EXISTS rows (dataset TEXT NOT NULL, code TEXT NOT NULL, row TEXT NOT NULL, PRIMARY KEY (dataset, code)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS withdrawn (
    dataset TEXT NOT NULL, code TEXT NOT NULL, release INTEGER NOT NULL, reason TEXT, successor_code TEXT,
    PRIMARY KEY (dataset, code, release)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pending (place INTEGER PRIMARY KEY, change TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS state (
    one INTEGER PRIMARY KEY CHECK (one = 1), selection TEXT NOT NULL, release INTEGER NOT NULL, next TEXT, etag TEXT
);
"""


class Failed(Exception):
    """The copy cannot be updated; the message gives the reason."""


def get(base, address, etag=None):
    """Requests an address and returns its JSON and its ETag, or None and the given ETag after a 304."""
    for attempt in range(1, ATTEMPTS + 1):
        request = urllib.request.Request(base + address, headers={"Accept": "application/json"})
        if etag:
            request.add_header("If-None-Match", etag)
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
                return json.load(answer), answer.headers["ETag"]
        except urllib.error.HTTPError as error:
            if error.code == 304:
                return None, etag
            if error.code != 503 or attempt == ATTEMPTS:
                raise
            pause = error.headers.get("Retry-After", "")
        except (OSError, ValueError, http.client.HTTPException) as error:
            # This includes a truncated response, which is not valid JSON.
            if attempt == ATTEMPTS:
                raise Failed(f"{base} does not answer: {error}") from error
            pause = ""
        time.sleep(int(pause) if pause.isdigit() else attempt)


def problem(error):
    """The problem document of a refused request (RFC 9457)."""
    try:
        return json.load(error)
    except ValueError:
        return {"detail": str(error)}


def fetch(base, copy, selection):
    """Fetches the new changes page by page into `pending`. Returns the release that they lead to, or None if nothing was
    published."""
    while True:
        release, following, etag = copy.execute("SELECT release, next, etag FROM state").fetchone()
        query = dict(selection, since=release, limit=PAGE)
        address = following or "/v1/changes?" + urllib.parse.urlencode(query)
        try:
            page, tag = get(base, address, None if following else etag)
        except urllib.error.HTTPError as error:
            if error.code != 400 or not following:
                raise
            # The service no longer accepts the link to the next page: start again from the release of the copy.
            copy.execute("UPDATE state SET next = NULL")
            continue
        if page is None:
            return None
        links, meta = page["links"], page["meta"]
        # An ETag is valid for its own address. The next run requests the same address only if the release is unchanged.
        unchanged = meta["release"] == release
        with copy:
            copy.execute("BEGIN IMMEDIATE")
            if not following:
                copy.execute("DELETE FROM pending")
            copy.executemany("INSERT INTO pending (change) VALUES (?)", ((json.dumps(change),) for change in page["data"]))
            copy.execute("UPDATE state SET next = ?, etag = ?", (links.get("next"), tag if unchanged else None))
        if links.get("next") is None:
            return None if unchanged else meta["release"]


def select(base, dataset, selection, **more):
    """A page of a collection, with the filters of the selection; None if the service refuses the request."""
    query = {name: value for name, value in selection.items() if name != "dataset"}
    if dataset == "territories" and not any(name.split("__")[0] in ("status", "code") for name in query):
        # The list holds today's territories unless it is told otherwise. Changes have no default: the copy has all.
        query["status"] = "current,former"
    while True:
        asked = urllib.parse.urlencode(dict(query, **more, format="json"))
        try:
            return get(base, f"/v1/{dataset}?{asked}")[0]
        except urllib.error.HTTPError as error:
            faults = {fault.get("name") for fault in problem(error).get("errors", []) if fault["reason"] == "unknown_parameter"}
            if not faults & {"within", "touching"}:
                return None
            # With `within` and `touching` the changes contain all rows of datasets without a territory.
            query = {name: value for name, value in query.items() if name not in faults}


def count(base, dataset, selection, release):
    """The number of rows of a collection at a release; None if the service refuses the request."""
    page = select(base, dataset, selection, release=release, total="exact", limit=1)
    return page and page["meta"]["total"]["value"]


def read_again(base, selection, change):
    """The row of a change at its release, from its collection; None if the selection does not have it there."""
    page = select(base, change["dataset"], selection, release=change["release"], code=change["code"])
    if page is None:
        raise Failed(f"the operation {change['op']} of {change['dataset']} {change['code']} is unknown to this program")
    return page["data"][0] if page["data"] else None


def apply(base, copy, selection, release):
    """Applies the fetched changes if the number of rows then equals that of the service."""
    collections = get(base, "/v1")[0]["data"]
    with copy:
        copy.execute("BEGIN IMMEDIATE")
        for (text,) in copy.execute("SELECT change FROM pending ORDER BY place"):
            change = json.loads(text)
            key = (change["dataset"], change["code"])
            known = change["op"] in ("upsert", "withdraw", "leave")
            row = change["row"] if known else read_again(base, selection, change)
            if row is not None:
                copy.execute("INSERT OR REPLACE INTO rows VALUES (?, ?, ?)", (*key, json.dumps(row, ensure_ascii=False)))
            else:
                copy.execute("DELETE FROM rows WHERE dataset = ? AND code = ?", key)
            if change["op"] == "withdraw":
                gone = (*key, change["release"], change["reason"], change["successor_code"])
                copy.execute("INSERT OR REPLACE INTO withdrawn VALUES (?, ?, ?, ?, ?)", gone)
        copy.execute("DELETE FROM pending")
        asked = selection.get("dataset", "").split(",")
        for collection in collections:
            name = collection["name"]
            if name == "releases" or (asked != [""] and name not in asked):
                continue
            held = copy.execute("SELECT count(*) FROM rows WHERE dataset = ?", (name,)).fetchone()[0]
            there = count(base, name, selection, release)
            if there is not None and there != held:
                raise Failed(f"{name}: the copy would have {held} rows where the service has {there}")
            fields = ", ".join(f"json_extract(row, '$.{field}') AS \"{field}\"" for field in collection["fields"])
            copy.execute(f'DROP VIEW IF EXISTS "{name}"')
            copy.execute(f"CREATE VIEW \"{name}\" AS SELECT {fields} FROM rows WHERE dataset = '{name}'")
        copy.execute("UPDATE state SET release = ?, next = NULL, etag = NULL", (release,))


def synchronise(base, path, selection):
    """Updates a copy and returns a message about the changes."""
    copy = sqlite3.connect(path, isolation_level=None)
    copy.execute("PRAGMA journal_mode = WAL")
    copy.executescript(SCHEMA)
    wanted = json.dumps(selection, sort_keys=True)
    copy.execute("INSERT OR IGNORE INTO state (one, selection, release) VALUES (1, ?, 0)", (wanted,))
    made, before = copy.execute("SELECT selection, release FROM state").fetchone()
    if made != wanted:
        raise Failed(f"{path} is a copy of {made}; take another file for {wanted}")
    release = fetch(base, copy, selection)
    if release is None:
        return f"in step with release {before}: nothing new"
    changes = copy.execute("SELECT count(*) FROM pending").fetchone()[0]
    try:
        apply(base, copy, selection, release)
    except Failed:
        # The fetched changes are unusable; the next run fetches them again.
        with copy:
            copy.execute("BEGIN IMMEDIATE")
            copy.execute("DELETE FROM pending")
            copy.execute("UPDATE state SET next = NULL, etag = NULL")
        raise
    return f"in step with release {release}: {changes} changes since release {before}"


def main():
    parser = argparse.ArgumentParser(description="Keeps a copy of Repères in step, in a SQLite file.")
    parser.add_argument("url", help="the service, such as http://127.0.0.1:8080")
    parser.add_argument("file", help="the copy, made when it is not there")
    parser.add_argument("--dataset", help="these datasets only, separated by commas")
    parser.add_argument("--within", help="rows of these territories only, separated by commas")
    parser.add_argument("--where", action="append", default=[], metavar="FIELD=VALUE", help="a filter of the one dataset")
    given = parser.parse_args()
    selection = dict(pair.partition("=")[::2] for pair in given.where)
    selection.update({name: value for name, value in (("dataset", given.dataset), ("within", given.within)) if value})
    try:
        print(synchronise(given.url.rstrip("/"), given.file, selection))
    except Failed as error:
        sys.exit(f"not in step: {error}")
    except urllib.error.HTTPError as error:
        answer = problem(error)
        faults = [f"  {fault.get('name')}: {fault['detail']}" for fault in answer.get("errors", [])]
        print("\n".join([f"not in step: {answer.get('detail')}", *faults]), file=sys.stderr)
        sys.exit(2 if error.code == 400 else 1)


if __name__ == "__main__":
    main()
