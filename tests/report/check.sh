#!/bin/sh
# Opens the report of a small experiment in a real browser: it must load nothing else, show every figure, and fit a wide and a
# narrow window. Needs npm and Chromium (Debian: apt install chromium; elsewhere: CHROMIUM=path); what else it needs goes into
# target/report. A second argument names a screenshot.
#     tests/report/check.sh target/release/gilsim
set -eu
here=$(cd "$(dirname "$0")" && pwd)
gilsim=$(realpath "$1")
screenshot=${2:+$(realpath -m "$2")}
work="$here/../../target/report"
mkdir -p "$work"
cd "$work"
[ -d node_modules/playwright-core ] || npm install --silent --no-save playwright-core@1.56.1
cp "$here/look.mjs" .
"$gilsim" run "$here/../../experiments/convoy.toml" --quiet --fresh --out results --set replications=6 > /dev/null
"$gilsim" report results --out report.html > /dev/null
node look.mjs "file://$PWD/report.html" "$screenshot"
