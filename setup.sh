#!/bin/sh
# Installs the Postgres server from the packages of Debian or Ubuntu, when it is missing.
# On other systems, install it with your own package manager, contrib modules included.
set -eu

as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi; }

if ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
    echo "Postgres is installed: $(echo /usr/lib/postgresql/*/bin)"
else
    echo "Installing Postgres: apt-get install postgresql"
    as_root apt-get update
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends postgresql
fi
