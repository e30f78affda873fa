#!/usr/bin/env bash
# Runs notebooks from top to bottom without a browser, and fails on any error:
#
#   notebooks/run.sh                      all of them
#   notebooks/run.sh 1-quick-start        only these
#   notebooks/run.sh --write              keeps the outputs in the notebooks
#   notebooks/run.sh --self-test          checks that a cell that goes wrong is found
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
exec "$cache/venv/bin/python" "$notebooks/run.py" "$@"
