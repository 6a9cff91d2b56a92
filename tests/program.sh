# Owns a running program for scripts that source this: in a scratch folder, with a Postgres of its own, on a free port. Bash,
# with `set -euo pipefail`. Sets `scratch`, which is taken away at the end, and, once `serve` was called, `server` and `url`.
# Must not know what is asked of it.

scratch=$(mktemp -d)
server=
finish() {
    # The program stops its Postgres before it ends; the folder is only free then.
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -rf "$scratch"
}
trap finish EXIT
# Started by root, the program hands its Postgres to another account, which must get there.
chmod 755 "$scratch"

# Starts a command that serves, and waits until it does: serve COMMAND...
serve() {
    REPERES_ADDRESS=127.0.0.1:0 REPERES_DATA_DIR="$scratch/var" DATABASE_URL='' RUST_LOG=info "$@" >"$scratch/log" 2>&1 &
    server=$!
    for _ in $(seq 600); do
        # With port 0 only the program knows its port, and says so once it serves.
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
