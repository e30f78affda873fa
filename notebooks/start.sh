#!/usr/bin/env bash
# Opens the notebooks in JupyterLab; what it needs is installed first.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
# The project is the root, so that links to its other files open, too.
exec "$cache/venv/bin/jupyter" lab --notebook-dir "$project" --LabApp.default_url=/lab/tree/notebooks "$@"
