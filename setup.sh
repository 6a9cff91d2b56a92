#!/bin/sh
# Installs the Postgres server and curl from Debian or Ubuntu packages if they are missing.
# On other systems, install them and Postgres's contrib modules with your own package manager.
set -eu

as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi; }

missing=
if ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
    echo "Postgres is installed: $(echo /usr/lib/postgresql/*/bin)"
else
    missing=postgresql
fi
# The tests run the commands of the documents, most of which are requests by curl.
command -v curl >/dev/null || missing="$missing curl"

if [ -n "$missing" ]; then
    echo "Installing with apt-get: $missing"
    as_root apt-get update
    # The variable is unquoted so that each package becomes one argument.
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends $missing
fi
