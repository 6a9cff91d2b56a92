"""Owns the questions of the comparison: the addresses at the service, and those of the peers that ask the same.

Each question is asked of many rows in turn, so that no answer is asked twice in a row.
"""

from compare_data import BASE, codes, places
from service import FOLDER

LISTED = FOLDER / "bundles/03-bench/indicators.csv"


def described():
    """The number of indicators that compare_data.py has made in this folder, if it has."""
    return LISTED.read_text(encoding="utf-8").count("\n") - 1 if LISTED.exists() else 5


COMMUNES = [place for place in places() if place.startswith("COM-")]
# The départements of the mainland but Paris, which has one commune.
MAINLAND = [f"DEP-{number:02}" for number in range(1, 96) if number not in (20, 75)]
ASKED = COMMUNES[:: len(COMMUNES) // 97][:97]
INDICATORS = codes(BASE, min(5, described()))
WORDS = ["saint omer", "lille", "roubaix", "st etienne", "bourg", "villeneuve", "montreuil", "chateau", "aire", "le havre", "pont"]

# Each question with the addresses of the service and those of the peers.
QUESTIONS = {
    "item": ([f"/v1/territories/{code}" for code in ASKED], [f"/item?code={code}" for code in ASKED]),
    "page of 20 communes of a département": (
        [f"/v1/territories?kind=commune&departement_code={code}&limit=20" for code in MAINLAND],
        [f"/page?departement={code}" for code in MAINLAND],
    ),
    "within= page of 20": (
        [f"/v1/territories?kind=commune&within={code}&limit=20" for code in MAINLAND],
        [f"/within?container={code}" for code in MAINLAND],
    ),
    "series of 11": (
        [f"/v1/observations?indicator_code={INDICATORS[at % len(INDICATORS)]}&territory_code={code}" for at, code in enumerate(ASKED)],
        [f"/series?indicator={INDICATORS[at % len(INDICATORS)]}&territory={code}" for at, code in enumerate(ASKED)],
    ),
    "map of the départements, latest": (
        [f"/v1/observations?indicator_code={code}&territory_code__startswith=DEP-&last=1&limit=200" for code in INDICATORS],
        [f"/map?indicator={code}" for code in INDICATORS],
    ),
    "sum by year × département of 100,000 flows": (
        ["/v1/aggregates/funding?stage=paid&source_code=banc-source&by=period,territory_code&function=sum&limit=1000"],
        ["/sums"],
    ),
}

# The questions that no peer answers.
OWN = {
    "search": [f"/v1/territories?q={word.replace(' ', '%20')}" for word in WORDS],
    "profile": [f"/v1/territories/{code}/profile" for code in ASKED],
}

# The aggregates: of one indicator, and over everything, with the plain statement on the same table.
ONE_INDICATOR = [
    f"/v1/aggregates/observations?indicator_code={code}&territory_code__startswith=COM-&by=period&function=sum" for code in INDICATORS
]
EVERYTHING = (
    "/v1/aggregates/observations?source_code=banc-source&territory_code__startswith=COM-&by=indicator_code,period&function=sum&limit=1000"
)
PLAIN_EVERYTHING = (
    "SELECT indicator_code, period, sum(value), count(*) FROM observations WHERE last_release IS NULL AND source_code = 'banc-source'"
    " AND territory_code >= 'COM-' AND territory_code < 'COM.' GROUP BY 1, 2 ORDER BY 1, 2"
)
