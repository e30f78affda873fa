#!/usr/bin/env bash
# Opens the notebooks in JupyterLab; what it needs is installed first.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
exec "$cache/venv/bin/jupyter" lab --notebook-dir "$notebooks" "$@"
