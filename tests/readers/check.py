"""Reads every representation with the programs that users of open data have, and compares with the JSON of the service.

    check.py bundle FOLDER      writes a bundle of subsidies with every field that SCDL requires
    check.py ready URL          exits with 0 when the service is ready
    check.py read URL FOLDER    reads every representation; writes the files for the readers to the folder

Exits with 1 at the first mismatch and prints it.
"""

import datetime
import hashlib
import io
import json
import pathlib
import shutil
import subprocess
import sys
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).parent

# A selection without rows.
EMPTY = "observations?period=1999"

# A source, its actors and its subsidies: in money and in kind, on a day and over a year, with special characters, one
# with a text that is too long for the schema, and one (`sans-nature`) without a field that the schema requires.
BUNDLE = {
    "sources": "code,kind,title,publisher,licence\nlecteurs,dataset,Essai des lecteurs,Repères,etalab-2.0\n",
    "actors": "code,kind,name,role,siret,rna,source_code\n"
    "essai-region,local_authority,Région,Finance,20005374200017,,lecteurs\n"
    'essai-association,association,"Asso « L\'Abri ; Nord », Lille",Agit,,W591000001,lecteurs\n',
    "funding": "code,title,payer_code,beneficiary_code,territory_code,stage,period,amount_eur,decided_on,aid_natures,"
    "payment_terms,eu_notified,beneficiary_share,source_code\n"
    + "".join(
        f"{code},{title},essai-region,essai-association,DEP-59,paid,{period},{amount},2019-03-01,{nature},{terms},{eu},{share},"
        "lecteurs\n"
        for code, title, period, amount, nature, terms, eu, share in [
            ("essai-argent", '"Repas, et ""tickets"""', "2019", "1000.50", "money", "unique", "false", "1"),
            ("essai-nature", "mot " * 100, "2019-06-30", "2", "in_kind|money", "échelonné", "true", "0.25"),
            ("sans-nature", "Repas", "2019", "1000.50", "", "unique", "false", "1"),
        ]
    ),
}


def bundle(folder):
    folder = pathlib.Path(folder)
    folder.mkdir()
    manifest = 'title = "Essai des lecteurs"\ndescription = "Essai"\npublisher = "Repères"\nlicence = "etalab-2.0"\n'
    for dataset, text in BUNDLE.items():
        data = text.encode()
        (folder / f"{dataset}.csv").write_bytes(data)
        manifest += f'[[file]]\npath = "{dataset}.csv"\ndataset = "{dataset}"\nrows = {text.count(chr(10)) - 1}\n'
        manifest += f'sha256 = "{hashlib.sha256(data).hexdigest()}"\n'
    (folder / "manifest.toml").write_text(manifest)


def same(what, found, expected):
    if found != expected:
        sys.exit(f"{what}: {found!r} where the service says {expected!r}")


class Service:
    def __init__(self, url, folder):
        self.url, self.folder = url, pathlib.Path(folder)

    def at(self, target):
        return f"{self.url}/v1/{target}"

    def bytes(self, target):
        with urllib.request.urlopen(self.at(target), timeout=60) as answer:
            return answer.read()

    def page(self, target):
        return json.loads(self.bytes(target))

    def total(self, target):
        return self.page(f"{target}{'&' if '?' in target else '?'}total=exact&limit=1")["meta"]["total"]["value"]

    def file(self, target, name):
        path = self.folder / name
        path.write_bytes(self.bytes(target))
        return path


def with_pandas(service):
    import pandas

    rows = service.page("territories?within=DEP-62&kind=commune&limit=1000")["data"]
    address = service.at("territories?within=DEP-62&kind=commune&format=")
    parquet = pandas.read_parquet(io.BytesIO(service.bytes("territories?within=DEP-62&kind=commune&format=parquet")))
    remote = pandas.read_parquet(address + "parquet")
    same("pandas, Parquet from the address", remote.equals(parquet), True)
    csv = pandas.read_csv(address + "csv", dtype={"official_code": "string", "siren": "string", "postal_codes": "string"})
    for name, frame in [("Parquet", parquet), ("CSV", csv)]:
        same(f"pandas, {name}, columns", list(frame.columns), list(rows[0]))
        for column in ["code", "name", "official_code"]:
            same(f"pandas, {name}, {column}", frame[column].tolist(), [row[column] for row in rows])
        populations = [None if pandas.isna(value) else int(value) for value in frame["population"]]
        same(f"pandas, {name}, population", populations, [row["population"] for row in rows])
    same("pandas, Parquet, lists", [list(cell) for cell in parquet["postal_codes"]], [row["postal_codes"] for row in rows])
    same("pandas, CSV, lists", csv["postal_codes"].tolist(), ["|".join(row["postal_codes"]) for row in rows])
    return f"{len(rows)} communes from CSV and from Parquet"


def with_pyjstat(service):
    from pyjstat import pyjstat

    rows = service.page("observations?limit=1000")["data"]
    frame = pyjstat.Dataset.read(service.at("observations?format=json-stat")).write("dataframe", naming="id")
    key = ["indicator", "territory", "period", "breakdown", "nature", "source"]
    fields = ["indicator_code", "territory_code", "period", "breakdown_code", "nature", "source_code"]
    found = {tuple(row[part] for part in key): row["value"] for row in frame.dropna(subset="value").to_dict("records")}
    expected = {tuple(row[field] for field in fields): row["value"] for row in rows if row["value"] is not None}
    same("pyjstat, values", found, expected)
    empty = pyjstat.Dataset.read(service.at(f"{EMPTY}&format=json-stat")).write("dataframe", naming="id")
    same("pyjstat, no rows", [len(empty), len(empty.dropna(subset="value"))], [1, 0])
    return f"{len(found)} values of {len(frame)} places from JSON-stat, and a cube without rows"


def with_jsonstat_validator(service):
    from jsonstat_validator import validate_jsonstat

    targets = ["observations?format=json-stat", f"{EMPTY}&format=json-stat", "observations?fields=value&limit=3&format=json-stat"]
    for target in targets:
        same(f"jsonstat-validator, {target}", bool(validate_jsonstat(service.page(target))), True)
    return f"{len(targets)} cubes are valid"


def with_jsonstat_toolkit(service):
    if shutil.which("npm") is None:
        return "skipped: npm is not installed"
    folder = service.folder / "toolkit"
    folder.mkdir()
    shutil.copy(HERE / "toolkit.mjs", folder)
    install = ["npm", "install", "--silent", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "jsonstat-toolkit@2"]
    subprocess.run(install, cwd=folder, check=True)
    rows = service.page("observations?limit=1000")["data"]
    for target, expected in [("observations?format=json-stat", rows), (f"{EMPTY}&format=json-stat", [])]:
        command = ["node", "toolkit.mjs", service.at(target)]
        read = json.loads(subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout)
        values = sorted(row["value"] for row in expected if row["value"] is not None)
        same(f"jsonstat-toolkit, {target}", sorted(place["value"] for place in read if place["value"] is not None), values)
        same(f"jsonstat-toolkit, {target}, places", len(read) >= max(len(expected), 1), True)
    return f"{len(rows)} observations, and a cube without rows"


def with_duckdb(service):
    import duckdb

    database = duckdb.connect()
    try:
        database.execute("INSTALL httpfs; LOAD httpfs")
        place, where = lambda target, name: service.at(target), "over HTTP"
    except duckdb.Error as error:
        place = lambda target, name: str(service.file(target, name))
        where = f"from files, since the extension httpfs cannot be had here ({str(error).splitlines()[0][:80]})"
    total, read = service.total("territories"), []
    for name, function in [("parquet", "read_parquet"), ("csv", "read_csv")]:
        source = place(f"territories?format={name}", f"territories.{name}")
        count, people = database.execute(
            f"SELECT count(*), sum(population) FILTER (WHERE kind = 'region') FROM {function}('{source}')"
        ).fetchone()
        same(f"duckdb, {name}, rows", count, total)
        read.append(people)
    regions = service.page("territories?kind=region&limit=1000")["data"]
    same("duckdb, inhabitants of the regions", read, [sum(row["population"] or 0 for row in regions)] * 2)
    return f"{total} territories from Parquet and from CSV, {where}"


def with_ogrinfo(service):
    if shutil.which("ogrinfo") is None:
        return "skipped: ogrinfo is not installed (package gdal-bin)"
    file = service.file("territories?kind=departement&within=REG-32&format=geojson", "territories.geojson")
    report = subprocess.run(["ogrinfo", "-ro", "-so", "-al", str(file)], capture_output=True, text=True, check=True).stdout
    total = service.total("territories?kind=departement&within=REG-32")
    same("ogrinfo, features", f"Feature Count: {total}\n" in report, True)
    same("ogrinfo, WGS 84", "WGS 84" in report, True)
    return f"{total} features from GeoJSON"


def with_frictionless(service):
    from frictionless import Resource, Schema

    schema = Schema.from_descriptor(json.loads((HERE / "subventions.json").read_text()))
    file = service.file("funding?format=scdl", "subventions.csv")
    report = Resource(path=file.name, basepath=str(service.folder), schema=schema, encoding="utf-8").validate()
    if not report.valid:
        sys.exit(f"frictionless: {report.flatten(['rowNumber', 'fieldName', 'note'])}")
    rows = Resource(path=file.name, basepath=str(service.folder), schema=schema).read_rows()
    same("SCDL, rows", len(rows), 2)
    same("SCDL, every subsidy has a beneficiary", all(row["idBeneficiaire"] or row["rnaBeneficiaire"] for row in rows), True)
    same("SCDL, notified", [row["notificationUE"] for row in rows], [False, True])
    same("SCDL, amounts", [float(row["montant"]) for row in rows], [1000.5, 2.0])
    return f"{len(rows)} subsidies keep to SCDL 2.1.1"


def with_openpyxl(service):
    import openpyxl

    answer = service.page("sources?limit=1000")
    book = openpyxl.load_workbook(io.BytesIO(service.bytes("territories?kind=departement&format=xlsx")))
    sheet, about = book.worksheets
    rows = list(sheet.iter_rows(values_only=True))
    code, official = rows[0].index("code"), rows[0].index("official_code")
    departements = service.page("territories?kind=departement&limit=1000")["data"]
    same("openpyxl, codes", [row[code] for row in rows[1:]], [row["code"] for row in departements])
    same("openpyxl, codes are text", [row[official] for row in rows[1:]], [row["official_code"] for row in departements])
    details = {row[0]: row[1] for row in about.iter_rows(values_only=True)}
    same("openpyxl, release", details["Publication"], str(answer["meta"]["release"]))
    same("openpyxl, licences", details["Licences"], "Non indiquée ; etalab-2.0")
    same("openpyxl, address", f"release={details['Publication']}" in details["Adresse"], True)
    same("openpyxl, source", "Jeu de données" in details and "Description" in details, True)
    sheet = openpyxl.load_workbook(io.BytesIO(service.bytes("sources?format=xlsx"))).worksheets[0]
    rows = list(sheet.iter_rows(values_only=True))
    at = rows[0].index("retrieved_on")
    expected = [row["retrieved_on"] and datetime.datetime.fromisoformat(row["retrieved_on"]) for row in answer["data"]]
    same("openpyxl, dates", [row[at] for row in rows[1:]], expected)
    same("openpyxl, some dates", any(expected), True)
    return f"{len(departements)} départements and {len(expected)} sources from XLSX"


def read(url, folder):
    service = Service(url, folder)
    readers = [
        with_pandas,
        with_pyjstat,
        with_jsonstat_validator,
        with_jsonstat_toolkit,
        with_duckdb,
        with_ogrinfo,
        with_frictionless,
        with_openpyxl,
    ]
    for reader in readers:
        print(f"{reader.__name__.removeprefix('with_')}: {reader(service)}", flush=True)


def ready(url):
    try:
        urllib.request.urlopen(f"{url}/health/ready", timeout=5).close()
    except (urllib.error.URLError, OSError):
        sys.exit(1)


if __name__ == "__main__":
    commands = {"bundle": bundle, "ready": ready, "read": read}
    if len(sys.argv) < 3 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    commands[sys.argv[1]](*sys.argv[2:])
