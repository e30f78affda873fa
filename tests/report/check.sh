#!/bin/sh
# Opens the report of a small experiment in a real browser: it must load nothing else, show every figure, and fit a wide and a
# narrow window. Needs what tests/browser.sh needs. A second argument names a screenshot.
#     tests/report/check.sh target/release/gilsim
set -eu
. "$(dirname "$0")/../browser.sh"
"$gilsim" run "$here/../../experiments/convoy.toml" --quiet --fresh --out results --set replications=6 > /dev/null
"$gilsim" report results --out report.html > /dev/null
node look.mjs "file://$PWD/report.html" "$screenshot"
