#!/usr/bin/env python3
"""Owns the measurement of bombs: the latency of pages from the database while small files that ask for far more than their size are
published one after the other, and how much the server grows.

Usage: bombs.py [SECONDS]. It uses the program's own data, in a bench folder without bundles. The response cache is off. A process of its
own sends a file of each kind, a second after the last one was refused: thirty times what the limit of a key allows by default.
"""

import http.client
import io
import multiprocessing
import statistics
import subprocess
import sys
import time
import zipfile

from fair_share import HONEST, at, honest
from service import BINARY, TIMEOUT_S, Service, environment, mebibytes, table

HEADER = "code,kind,name,geography_year,source_code\n"
OFFICE = "urn:oasis:names:tc:opendocument:xmlns:"
BOUNDARY = "bombs"


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


def form(name, content):
    """The body of a publication of one file."""
    manifest = f'title = "a"\ndescription = "a"\npublisher = "Essai"\nlicence = "etalab-2.0"\n[[file]]\npath = "{name}"\ndataset = "territories"\n'
    body = b""
    for part, file, data in (("manifest", "manifest.toml", manifest.encode()), ("file", name, content)):
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{part}"; filename="{file}"\r\n\r\n'
        body += head.encode() + data + b"\r\n"
    return body + f"--{BOUNDARY}--\r\n".encode()


def send(address, token, name, body):
    """Sends a publication, which must be refused."""
    connection = http.client.HTTPConnection(address, timeout=TIMEOUT_S)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    connection.request("POST", "/v1/publications", body, headers)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    if answer.status != 422:
        raise SystemExit(f"{name}: {answer.status} {text[:500]}")


def again(address, token, name, body, sent, stop):
    """Sends a publication again and again, and counts."""
    while not stop.is_set():
        send(address, token, name, body)
        sent.value += 1
        stop.wait(1)


def main():
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    with Service(REPERES_CACHE_MB=0, REPERES_PUBLISH_RATE_LIMIT=0, RUST_LOG="info,reperes::access=off") as service:
        create = [BINARY, "keys", "create", "--name", f"bombs-{time.time_ns()}", "--publisher", "Essai", "--scope", "publish:*:*"]
        create += ["--allow-broad", "--expires", "2099-01-01"]
        made = subprocess.run(create, env=environment(), check=True, text=True, stdout=subprocess.PIPE).stdout
        token = next(word for word in made.split() if word.startswith("reperes_"))
        alone = statistics.median(at(honest(service.address, seconds)[0], 0.99) for _ in range(3))
        before = mebibytes(service.process.pid, "VmRSS")
        table(("bomb", "sent", "p99 of a page, ms", "of alone", "failed"), ("---",) + ("---:",) * 4)
        table(("none", 0, f"{alone:.1f}", "1.0", 0))
        for kind, name, content in bombs():
            sent, stop = multiprocessing.Value("i", 0), multiprocessing.Event()
            sender = multiprocessing.Process(target=again, args=(service.address, token, name, form(name, content), sent, stop))
            sender.start()
            latencies, failed = honest(service.address, seconds)
            stop.set()
            sender.join()
            p99 = at(latencies, 0.99)
            table((kind, sent.value, f"{p99:.1f}", f"{p99 / alone:.1f}", failed))
        print(f"the server grew from {before:.0f} to {service.peak():.0f} MiB at most, beside pages of {HONEST}")


if __name__ == "__main__":
    main()
