#!/usr/bin/env python3
"""Owns the measurement of bombs: the latency of pages from the database while small files that ask for far more than their size are
published one after the other, and how much the server grows.

Usage: bombs.py [SECONDS]. It uses the program's own data, in a bench folder without bundles. The response cache is off. A process of its
own sends a file of each kind, a second after the last one was refused: thirty times what the limit of a key allows by default.
"""

import io
import multiprocessing
import statistics
import sys
import zipfile

from fair_share import HONEST, at, honest
from publications import form, key, publish
from service import Service, mebibytes, table

HEADER = "code,kind,name,geography_year,source_code\n"
OFFICE = "urn:oasis:names:tc:opendocument:xmlns:"


def archive(**parts):
    """A ZIP archive; `__` in a name stands for `/`."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        for name, text in parts.items():
            book.writestr(name.replace("__", "/").replace("_xml", ".xml"), text)
    return out.getvalue()


def sheet(table_content):
    """An ODS with one table."""
    spaces = " ".join(f'xmlns:{name}="{OFFICE}{name}:1.0"' for name in ("office", "table", "text"))
    body = f'<office:body><office:spreadsheet><table:table table:name="a">{table_content}</table:table></office:spreadsheet></office:body>'
    content = f"<office:document-content {spaces}>{body}</office:document-content>"
    return archive(mimetype="application/vnd.oasis.opendocument.spreadsheet", META_INF__manifest_xml="<a/>", content_xml=content)


def bombs():
    """The name, the file name and the bytes of each bomb."""
    spaces = '<table:table-row><table:table-cell office:value-type="string"><text:p><text:s text:c="2000000000"/></text:p></table:table-cell></table:table-row>'
    many = "".join(f"COM-{number},comune,Ici,2026,essai\n" for number in range(200_000))
    return [
        ("two billion spaces", "a.ods", sheet(spaces)),
        ("a record of 20 MB", "a.csv", (HEADER + "x" * (20 << 20)).encode()),
        ("200,000 faults", "a.csv", (HEADER + many).encode()),
        ("a million lists", "a.json", b"[" * (1 << 20)),
    ]


def again(address, token, body, sent, stop):
    """Sends a publication, which must be refused, again and again, and counts."""
    while not stop.is_set():
        publish(address, token, body, 422)
        sent.value += 1
        stop.wait(1)


def main():
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    with Service(REPERES_CACHE_MB=0, REPERES_PUBLISH_RATE_LIMIT=0, RUST_LOG="info,reperes::access=off") as service:
        token = key("bombs")
        alone = statistics.median(at(honest(service.address, seconds)[0], 0.99) for _ in range(3))
        before = mebibytes(service.process.pid, "VmRSS")
        table(("bomb", "sent", "p99 of a page, ms", "of alone", "failed"), ("---",) + ("---:",) * 4)
        table(("none", 0, f"{alone:.1f}", "1.0", 0))
        for kind, name, content in bombs():
            body = form("Essai", "territories", name, content)
            sent, stop = multiprocessing.Value("i", 0), multiprocessing.Event()
            sender = multiprocessing.Process(target=again, args=(service.address, token, body, sent, stop))
            sender.start()
            latencies, failed = honest(service.address, seconds)
            stop.set()
            sender.join()
            p99 = at(latencies, 0.99)
            table((kind, sent.value, f"{p99:.1f}", f"{p99 / alone:.1f}", failed))
        print(f"the server grew from {before:.0f} to {service.peak():.0f} MiB at most, beside pages of {HONEST}")


if __name__ == "__main__":
    main()
