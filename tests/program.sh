# Owns a running program for scripts that source this file: in a scratch folder, with a private Postgres, on a free port. Needs
# bash with `set -euo pipefail`. Sets `scratch`, which is removed at the exit, and after `serve` also `server` and `url`.
# Must not know which requests the script sends.

scratch=$(mktemp -d)
server=
finish() {
    # The program stops its Postgres before it exits; the folder can only be removed after that.
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -rf "$scratch"
}
trap finish EXIT
# If root starts the program, its Postgres runs under another account, which needs access to the folder.
chmod 755 "$scratch"

# Starts a command that serves, and waits until it is ready: serve COMMAND...
serve() {
    REPERES_ADDRESS=${REPERES_ADDRESS:-127.0.0.1:0} REPERES_DATA_DIR="$scratch/var" DATABASE_URL='' RUST_LOG=info "$@" >"$scratch/log" 2>&1 &
    server=$!
    for _ in $(seq 600); do
        # With port 0 only the program knows its port; it logs the port when it is ready.
        url=$(sed -n 's|.*ready in .* s: \(http://[0-9.:]*\)/ .*|\1|p' "$scratch/log")
        [ -z "$url" ] || return 0
        if ! kill -0 "$server" 2>/dev/null; then
            cat "$scratch/log" >&2
            echo "the program has ended" >&2
            exit 1
        fi
        sleep 0.1
    done
    tail "$scratch/log" >&2
    echo "the program is not ready after a minute" >&2
    exit 1
}
