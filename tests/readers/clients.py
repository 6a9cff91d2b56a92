"""Asks the service as the programs of its users do, with their own headers, links and caches, and counts complaints.

    clients.py URL [PROXY]      the address of the service, and that of a caching proxy in front of it

Exits with 1 at the first complaint and prints it. A client that is not installed is named as skipped.
"""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
PAGES = "/v1/territories?kind=departement&fields=code&limit=30"


def same(what, found, expected):
    if found != expected:
        sys.exit(f"{what}: {str(found)[:500]} where {str(expected)[:500]} is right")


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{command[0]}: {done.stderr or done.stdout}")
    return done.stdout


def with_java(url, _codes):
    if shutil.which("javac") is None:
        return "skipped: there is no JDK (package openjdk-17-jdk-headless)"
    targets = ["/v1", PAGES, "/v1/territories/DEP-59", "/v1/changes?limit=5", "/v1/observations?limit=5", "/v1/files", "/openapi.json"]
    run("java", str(HERE / "DefaultHeaders.java"), *(url + target for target in targets))
    return f"{len(targets)} addresses with its own headers"


def with_node(url, codes):
    if shutil.which("node") is None:
        return "skipped: there is no Node"
    same("node", json.loads(run("node", str(HERE / "follow-links.mjs"), url + PAGES)), codes)
    return f"{len(codes)} rows by `Link` and by `links.next`"


def with_requests(url, codes):
    import requests

    found, address, pages = [], url + PAGES, 0
    while address:
        response = requests.get(address, timeout=60)
        response.raise_for_status()
        same("requests, API-Version", bool(response.headers.get("API-Version")), True)
        found += [row["code"] for row in response.json()["data"]]
        address, pages = response.links.get("next", {}).get("url"), pages + 1
    same("requests, r.links", found, codes)
    listed = requests.get(f"{url}/v1/territories", params={"kind": ["region", "departement"], "limit": 1000}, timeout=60).json()["data"]
    same("requests, a list as one parameter for each value", {row["kind"] for row in listed}, {"region", "departement"})
    slash = requests.get(f"{url}/v1/territories/DEP-59/", timeout=60)
    same("requests, a slash at the end", (slash.status_code, slash.json()["data"]["code"]), (200, "DEP-59"))
    return f"{len(codes)} rows by r.links, over {pages} pages"


def with_requests_cache(url, codes):
    import requests_cache

    with tempfile.TemporaryDirectory() as folder:
        # It keeps to Cache-Control, and asks again with If-None-Match and If-Modified-Since.
        session = requests_cache.CachedSession(f"{folder}/cache", cache_control=True)
        targets = [PAGES, "/v1/territories/DEP-59", "/v1/changes?limit=5", "/v1/releases.atom", "/v1/territories?kind=region&format=csv"]
        first = [session.get(url + target, timeout=60) for target in targets]
        again = [session.get(url + target, timeout=60) for target in targets]
        forced = [session.get(url + target, timeout=60, refresh=True) for target in targets]
        for target, one, two, three in zip(targets, first, again, forced):
            for response in (one, two, three):
                same(f"requests-cache, {target}, status", response.status_code, 200)
                same(f"requests-cache, {target}, body", response.content, one.content)
            same(f"requests-cache, {target}, is revalidated", three.from_cache, True)
        same("requests-cache, kept", sum(response.from_cache for response in again) >= 3, True)
    return f"{len(targets)} addresses kept and revalidated"


def with_curl_1_0(url, codes):
    if shutil.which("curl") is None:
        return "skipped: there is no curl"
    export = PAGES.replace("&limit=30", "") + "&format=csv"
    old, new = (run("curl", "-sSf", *option, url + export) for option in (["--http1.0"], []))
    same("curl --http1.0, the body", old, new)
    same("curl --http1.0, the rows", sorted(old.split()[1:]), sorted(codes))
    head = run("curl", "-sSf", "--http1.0", "-D", "-", "-o", "/dev/null", url + export).lower()
    same("curl --http1.0, chunks", "transfer-encoding" in head, False)
    return f"{len(codes)} rows without chunks"


def ask(name, url):
    import requests

    codes = []
    page = requests.get(url + PAGES.replace("limit=30", "limit=1000"), timeout=60).json()
    codes += [row["code"] for row in page["data"]]
    for client in [with_java, with_node, with_requests, with_requests_cache, with_curl_1_0]:
        for time in ("first", "again"):
            said = client(url, codes)
        print(f"{client.__name__.removeprefix('with_')} {name}: {said}; 0 complaints", flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    for number, address in enumerate(sys.argv[1:]):
        ask("through nginx and its cache" if number else "directly", address)
