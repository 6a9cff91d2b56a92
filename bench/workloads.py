"""Owns the workloads of the quick reads: each workload is one or more addresses.

The addresses need the bundle of `generate.py`: `banc-02` is an indicator with a twentieth of its rows.
"""

ITEM = ["/v1/territories/DEP-59"]
PAGE_20 = ["/v1/territories?kind=commune&limit=20"]
PAGE_100 = ["/v1/territories?kind=commune&limit=100"]
SERIES = ["/v1/observations?indicator_code=banc-02&territory_code=COM-59001"]
CHOROPLETH = ["/v1/observations?indicator_code=banc-02&territory_code__startswith=DEP-&last=1&limit=200"]
SEARCH = ["/v1/territories?q=saint%20omer"]
PROFILE = ["/v1/territories/COM-59001/profile"]
AGGREGATE = [
    "/v1/aggregates/observations?source_code=banc-source&territory_code__startswith=COM-&by=indicator_code,period&function=sum"
]

READS = {
    "an item": ITEM,
    "a page of 20": PAGE_20,
    "a page of 100": PAGE_100,
    "a series": SERIES,
    "a choropleth": CHOROPLETH,
    "a search": SEARCH,
    "a profile": PROFILE,
}

# The workloads that read their rows with one statement, so that a baseline server can run the same statement.
SINGLE = {name: addresses for name, addresses in READS.items() if addresses is not PROFILE}

# The mix of a dashboard: mostly items and series, some pages and maps.
MIX = ITEM * 4 + SERIES * 4 + PAGE_20 * 2 + PAGE_100 + CHOROPLETH * 2 + SEARCH + PROFILE * 2
