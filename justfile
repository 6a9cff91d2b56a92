# Everyday commands. `just` lists them; https://just.systems

# List the commands.
default:
    @just --list

# Serve on http://127.0.0.1:8080, with a private Postgres under var/.
run *arguments:
    cargo run -- serve {{arguments}}

# Run every test.
test:
    cargo test

# Run the tests whose names contain a text: `just test-one rates`.
test-one name:
    cargo test --test api -- {{name}}

# Check formatting, lints, licences and banned dependencies.
lint:
    cargo fmt --check
    cargo clippy --all-targets -- -D warnings
    .ci/deny

# Write openapi/openapi.json anew, and lint it.
openapi:
    cargo run --quiet -- openapi > openapi/openapi.json
    openapi/lint

# Run the benchmark.
bench *arguments:
    bench/run {{arguments}}

# Do all that the continuous integration does.
ci:
    .ci/run
