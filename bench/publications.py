"""Owns publications over HTTP: a key that may publish everything, and the sending of one file with a manifest."""

import datetime
import http.client
import subprocess
import time

from service import BINARY, ROOT, TIMEOUT_S, environment

PUBLISHER = "Banc"
BOUNDARY = "bench"


def key(name):
    """Creates a key that may publish, and returns its token. Its name is new, because the folder may have keys of earlier runs."""
    until = (datetime.date.today() + datetime.timedelta(days=2)).isoformat()
    command = [BINARY, "keys", "create", "--name", f"{name}-{time.time_ns()}", "--scope", "publish:*:*", "--allow-broad"]
    command += ["--publisher", PUBLISHER, "--expires", until]
    made = subprocess.run(command, env=environment(), cwd=ROOT, check=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return made.stdout.strip()


def form(title, dataset, name, content):
    """The body of a publication of one file, whose content is bytes."""
    head = f'title = "{title}"\ndescription = "{title}"\npublisher = "{PUBLISHER}"\nlicence = "etalab-2.0"\n'
    manifest = f'{head}[[file]]\npath = "{name}"\ndataset = "{dataset}"\n'.encode()
    parts = (('name="manifest"', manifest), (f'name="file"; filename="{name}"', content))
    body = b"".join(
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; {part}\r\n\r\n".encode() + data + b"\r\n" for part, data in parts
    )
    return body + f"--{BOUNDARY}--\r\n".encode()


def publish(address, token, body, expected):
    """Sends a publication. Any status but the expected one ends the program."""
    connection = http.client.HTTPConnection(address, timeout=TIMEOUT_S)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    connection.request("POST", "/v1/publications", body, headers)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    if answer.status != expected:
        raise SystemExit(f"a publication was answered {answer.status}: {text[:500].decode(errors='replace')}")
