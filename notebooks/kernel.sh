#!/usr/bin/env bash
# Starts the kernel: kernel.sh CACHE ARGUMENTS...
#
# What a kernel compiles stays in a folder, and the next kernel has it in seconds. Two kernels must not share one, so each takes
# the first that is free, and a new one begins as a copy of the first.
set -euo pipefail
cache=$1
shift
command -v flock > /dev/null || { echo "notebooks: flock is needed, which Linux has in util-linux" >&2; exit 1; }
taken=
for slot in 0 1 2 3 4 5 6 7; do
    export EVCXR_TMPDIR="$cache/kernel-$slot"
    mkdir -p "$EVCXR_TMPDIR"
    exec 9> "$EVCXR_TMPDIR.lock"
    if flock --nonblock 9; then
        taken=$slot
        break
    fi
done
if [ -z "$taken" ]; then
    echo 'notebooks: eight kernels are running, and no more can; shut one down (in JupyterLab: Kernel, Shut Down Kernel)' >&2
    exit 1
fi
if [ ! -e "$EVCXR_TMPDIR/target" ] && [ -e "$cache/kernel-0/target" ]; then
    # Files of a cell that is just being compiled may vanish meanwhile: nobody needs them.
    cp --archive --reflink=auto "$cache/kernel-0/target" "$EVCXR_TMPDIR/" 2> /dev/null || true
fi
# What earlier kernels made of cells.
find "$EVCXR_TMPDIR/target" -name 'libcode_*.so' -delete 2> /dev/null || true
# A cell is a library that looks for Rust's own beside it, in a relative folder that is one off where both are below the same
# folder, as in a home directory.
LD_LIBRARY_PATH="$(rustc --print target-libdir)${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
export LD_LIBRARY_PATH
exec "$cache/bin/evcxr_jupyter" "$@"
