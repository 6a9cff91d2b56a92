"""Owns the writing of the bundle: CSV files with their order of columns, and the manifest."""

import csv
import hashlib
import json

import typography

COLUMNS = {
    "territories": ["code", "kind", "official_code", "name", "siren", "legal_form", "zone", "population",
                    "population_year", "commune_code", "arrondissement_code", "departement_code",
                    "region_code", "epci_code", "chief_commune_code", "postal_codes", "former_codes",
                    "status", "valid_from", "valid_until", "end_event_code", "successor_codes", "longitude",
                    "latitude", "geography_year", "source_code", "source_location", "note"],
    "territory_states": ["territory_code", "valid_from", "valid_until", "kind", "name", "arrondissement_code",
                           "departement_code", "region_code", "epci_code", "start_event_code", "end_event_code",
                           "predecessor_codes", "successor_codes", "source_code", "source_location", "note"],
    "memberships": ["container_code", "part_code"],
    "contours": ["territory_code", "west", "south", "east", "north", "contour", "note"],
    "sources": ["code", "kind", "title", "publisher", "published_period", "edition", "licence", "licence_url",
                "url", "file_format", "sha256", "retrieved_on", "summary", "note"],
}
KEYS = {"territories": ("code",), "territory_states": ("territory_code", "valid_from"),
        "memberships": ("container_code", "part_code"),
        "contours": ("territory_code",), "sources": ("code",)}


class Bundle:
    """A folder of CSV files, filled file by file, closed by its manifest."""

    def __init__(self, folder):
        self.folder, self.files = folder, []
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, path, dataset, rows, constants=None):
        """Write one file: rows sorted by key, empty columns left out, its summary kept."""
        rows = sorted(map(typography.row, rows), key=lambda r: [r[k].encode() for k in KEYS[dataset]])
        columns = [c for c in COLUMNS[dataset] if any(r.get(c) not in (None, "") for r in rows)]
        target = self.folder / path
        with target.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(columns)
            for row in rows:
                writer.writerow(["" if row.get(c) is None else row[c] for c in columns])
        totals = {}
        if "population" in columns:
            totals["population"] = sum(r["population"] for r in rows if r.get("population") is not None)
        self.files.append({"path": path, "dataset": dataset, "rows": len(rows),
                           "sha256": hashlib.sha256(target.read_bytes()).hexdigest(),
                           "constants": typography.row(constants or {}), "totals": totals})
        return rows

    def close(self, header):
        """Write the manifest. `header`: its first fields, in order."""
        lines = [f"{key} = {quoted(value)}" for key, value in typography.row(header).items()]
        for file in self.files:
            lines += ["", "[[file]]", f"path = {quoted(file['path'])}",
                      f"dataset = {quoted(file['dataset'])}", f"rows = {file['rows']}",
                      f"sha256 = {quoted(file['sha256'])}"]
            for table in ("constants", "totals"):
                if file[table]:
                    lines.append(f"[file.{table}]")
                    lines += [f"{key} = {quoted(str(value))}" for key, value in file[table].items()]
        (self.folder / "manifest.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def quoted(text):
    """A TOML basic string; JSON's escapes are a subset of TOML's."""
    return json.dumps(text, ensure_ascii=False)
