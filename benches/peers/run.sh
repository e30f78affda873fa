#!/usr/bin/env bash
# Compares gilsim with other simulators on one workload. Everything is built under target/peers:
#
#   benches/peers/run.sh                      a table, on the terminal and in target/peers/table.md
#   benches/peers/run.sh --check              fails too if gilsim misses its goals
#   benches/peers/run.sh --self-test          checks that a simulator that is wrong is found
#   PYTHON=python3.13 benches/peers/run.sh    with another Python, 3.11 or later
set -euo pipefail
peers=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
target=$(cd "$peers/../.." && pwd)/target/peers
python=${PYTHON:-python3}
mkdir -p "$target"

# A virtual environment belongs to one Python.
wanted=$("$python" -V && cat "$peers/requirements.txt")
if [ "$wanted" != "$(cat "$target/venv/installed.txt" 2> /dev/null)" ]; then
    echo 'peers: installing the simulators in Python' >&2
    "$python" -m venv --clear "$target/venv"
    "$target/venv/bin/pip" install --quiet --disable-pip-version-check -r "$peers/requirements.txt"
    echo "$wanted" > "$target/venv/installed.txt"
fi

echo 'peers: building the simulators in Rust, if they have changed' >&2
cargo build --manifest-path "$peers/rust/Cargo.toml" --target-dir "$target/rust" --release --locked --quiet

exec "$target/venv/bin/python" "$peers/compare.py" --programs "$target/rust/release" \
    --output "$target/table.md" "$@"
