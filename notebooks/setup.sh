# Sourced by start.sh and run.sh: installs the kernel and Jupyter in a folder of their own, and builds gilsim.
# Does nothing that is done already.

EVCXR=0.22.0 # goes with Rust 1.95 or later
PYTHON=${PYTHON:-python3}
NEEDED=3.11 # what the pins in requirements.txt need

notebooks=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
project=$(dirname "$notebooks")
cache=${GILSIM_NOTEBOOKS:-${XDG_CACHE_HOME:-$HOME/.cache}/gilsim-notebooks}
mkdir -p "$cache/.cargo" "$cache/venv"
cache=$(cd "$cache" && pwd)

say() { echo "notebooks: $*" >&2; }
fail() {
    say "$@"
    exit 1
}

# What is missing shows now, and not when the kernel has been compiled for minutes.
command -v flock > /dev/null || fail 'flock is needed, which Linux has in util-linux'
command -v cargo > /dev/null || fail 'cargo is needed: https://rustup.rs'
if ! cmp -s "$notebooks/requirements.txt" "$cache/venv/installed.txt"; then
    other='another is taken with PYTHON, as in: PYTHON=python3.12 notebooks/start.sh'
    found=$("$PYTHON" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2> /dev/null) ||
        fail "$PYTHON does not run; Python $NEEDED or later is needed; $other"
    "$PYTHON" -c "import sys; sys.exit(sys.version_info < (${NEEDED/./, }))" ||
        fail "$PYTHON is Python $found, but $NEEDED or later is needed; $other"
    "$PYTHON" -c 'import venv, ensurepip' 2> /dev/null ||
        fail "$PYTHON (Python $found) has no venv; Debian and Ubuntu have it in python3-venv; $other"
fi

if [ "$(cat "$cache/evcxr.txt" 2> /dev/null)" != "$EVCXR" ]; then
    say "installing the kernel, evcxr_jupyter $EVCXR (7 minutes on two cores, once)"
    # Fully optimised, although that takes longer: every start of a notebook goes through its parser.
    CARGO_TARGET_DIR="$cache/build" \
        cargo install --quiet --locked --force --version "$EVCXR" --root "$cache" evcxr_jupyter
    rm -rf "$cache/build"
    echo "$EVCXR" > "$cache/evcxr.txt"
fi

if ! cmp -s "$notebooks/requirements.txt" "$cache/venv/installed.txt"; then
    say 'installing Jupyter'
    "$PYTHON" -m venv --clear "$cache/venv"
    "$cache/venv/bin/pip" install --quiet --disable-pip-version-check -r "$notebooks/requirements.txt"
    cp "$notebooks/requirements.txt" "$cache/venv/installed.txt"
fi

# How the crates of a notebook are compiled: as soon as possible, and what simulates well enough.
cp "$notebooks/cargo.toml" "$cache/.cargo/config.toml"

kernel="$cache/venv/share/jupyter/kernels/rust"
mkdir -p "$kernel"
cat > "$kernel/kernel.json" <<JSON
{
    "argv": ["bash", "$notebooks/kernel.sh", "$cache", "--control_file", "{connection_file}"],
    "display_name": "Rust",
    "language": "rust",
    "interrupt_mode": "message"
}
JSON

# The program does the heavy work; notebooks call it, and compile the same crates offline.
cd "$project"
cargo fetch --locked --quiet
say 'building gilsim, if it has changed (4 to 12 minutes on two cores the first time)'
cargo build --locked --release --quiet --bin gilsim
cd "$notebooks"
