# Sourced by start.sh and run.sh: installs the kernel and Jupyter in a folder of their own, and builds gilsim.
# Does nothing that is done already.

EVCXR=0.22.0 # goes with Rust 1.95 or later

notebooks=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
project=$(dirname "$notebooks")
cache=${GILSIM_NOTEBOOKS:-${XDG_CACHE_HOME:-$HOME/.cache}/gilsim-notebooks}
mkdir -p "$cache/.cargo" "$cache/venv"
cache=$(cd "$cache" && pwd)

say() { echo "notebooks: $*" >&2; }

if [ "$(cat "$cache/evcxr.txt" 2> /dev/null)" != "$EVCXR" ]; then
    say "installing the kernel, evcxr_jupyter $EVCXR (some minutes, once)"
    # Fully optimised, although that takes longer: every start of a notebook goes through its parser.
    CARGO_TARGET_DIR="$cache/build" \
        cargo install --quiet --locked --force --version "$EVCXR" --root "$cache" evcxr_jupyter
    rm -rf "$cache/build"
    echo "$EVCXR" > "$cache/evcxr.txt"
fi

if ! cmp -s "$notebooks/requirements.txt" "$cache/venv/installed.txt"; then
    say 'installing Jupyter'
    python3 -m venv "$cache/venv"
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
say 'building gilsim, if it has changed'
cargo build --locked --release --quiet --bin gilsim
cd "$notebooks"
