#!/usr/bin/env python3
"""Owns the measurement of the process that reads foreign files: publications by an earlier program, which reads them itself, and
by this one, in turn on databases of their own. All are dry runs, so that each meets the same rows.

Usage: readers.py EARLIER FOLDER [ROWS]: the earlier program, the folder with the real files that the recipes are for, and the
rows of a CSV file that the script makes (1000000 if not given). Times are medians of three runs, in seconds. This program runs
with a tenth of the default limits of processor time, time, rows and bytes (REPERES_READER_...), which the real files must not reach.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import service
from service import Service, environment, table

ROUNDS = 3
POLL = 0.005
TENTH = {"CPU_S": 60, "WALL_S": 180, "MAX_ROWS": 2_000_000, "OUTPUT_MB": 409}
RECIPES = {
    "filosofi_2021_communes.csv": ["--recipe", "insee-filosofi-communes"],
    "drees_prestations_solidarite_mensuelles.xlsx": ["--recipe", "drees-prestations-mensuelles"],
    "taux_pauvrete_departements.xlsx": ["--recipe", "insee-taux-pauvrete-departements"],
    "scdl_subventions_departement_somme_2022.csv": ["--recipe", "scdl-subventions-somme"],
    "scdl_exemple_invalide_cellules.csv": ["--recipe", "scdl-subventions", "--constant", "territory_code=DEP-80"],
    "insee_bdm_emploi_valeurs_trimestrielles.csv": ["--recipe", "insee-emploi-trimestriel"],
}
COMPANION = "insee_bdm_emploi_caracteristiques.csv"


def figures(process):
    """The peak address space and memory in MiB of the reader of a process, or of the process itself if it has none."""
    children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    pid = children[0] if children else process.pid
    return bool(children), service.mebibytes(pid, "VmPeak"), service.mebibytes(pid, "VmHWM")


def publish(arguments, **settings):
    """Publishes, and returns the seconds, the outcome, and the peaks of the reader (or of the program that reads itself)."""
    command = [service.BINARY, "publish", "--dry-run", "--json", *arguments]
    own, child, started = (0.0, 0.0), (0.0, 0.0), time.monotonic()
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(command, env=environment(**settings), cwd=service.ROOT, stdout=out, stderr=subprocess.DEVNULL)
        while process.poll() is None:
            try:
                is_child, *peaks = figures(process)
                if is_child:
                    child = tuple(map(max, zip(child, peaks)))
                else:
                    own = tuple(map(max, zip(own, peaks)))
            except (AttributeError, OSError):
                pass  # it has just ended
            time.sleep(POLL)
        seconds = time.monotonic() - started
        out.seek(0)
        report = json.load(out)
    rows = sum(file.get("rows", 0) for file in report.get("files", []))
    reasons = sorted({error["reason"] for error in report.get("errors", [])})
    return seconds, report.get("outcome") or ", ".join(reasons), rows, child if any(child) else own


def made(rows):
    """A CSV file of breakdowns."""
    path = pathlib.Path(tempfile.mkdtemp(), "breakdowns.csv")
    with open(path, "w", encoding="utf-8") as out:
        out.write("code,title,source_code\n")
        out.writelines(f"a{at},Ventilation {at},source\n" for at in range(rows))
    return path


def main():
    earlier, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    rows = int(sys.argv[3]) if len(sys.argv) > 3 else 1_000_000
    cases = [(name, [*options, str(folder / name)]) for name, options in RECIPES.items()]
    cases[-1][1].extend(["--companion", str(folder / COMPANION)])
    large = made(rows)
    cases.append((f"a CSV file of {rows:,} rows", ["--dataset", "breakdowns", str(large)]))
    programs = {"earlier": earlier, "now": service.BINARY}
    home, found = service.FOLDER, {}
    for _ in range(ROUNDS):
        for name, program in programs.items():
            service.BINARY, service.FOLDER = program, home / name
            with Service():
                for case, arguments in cases:
                    limits = {f"REPERES_READER_{limit}": value for limit, value in TENTH.items()} if name == "now" else {}
                    found.setdefault((case, name), []).append(publish(arguments, **limits))
    os.remove(large)
    table(("file", "rows", "outcome", "earlier, s", "now, s", "ratio", "peak of the reader, MiB", "its address space, MiB"))
    table(("---", "---:", "---", *["---:"] * 5))
    for case, _ in cases:
        before, now = found[case, "earlier"], found[case, "now"]
        seconds = [statistics.median(one[0] for one in runs) for runs in (before, now)]
        space, memory = (max(run[3][at] for run in now) for at in (0, 1))
        outcomes = {run[1] for run in before + now}
        numbers = (f"{seconds[0]:.2f}", f"{seconds[1]:.2f}", f"{seconds[1] / seconds[0]:.2f}", f"{memory:.0f}", f"{space:.0f}")
        table((case, f"{now[0][2]:,}", " / ".join(sorted(outcomes)), *numbers))


if __name__ == "__main__":
    main()
