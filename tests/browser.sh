# Sourced by what looks at something in a real browser, with its arguments: the program, and the name of a screenshot, if one is
# wanted. Needs npm and Chromium (Debian: apt install chromium; elsewhere: CHROMIUM=path); what else goes into target/browser, and
# work is done in a folder there that is named after the test.
here=$(cd "$(dirname "$0")" && pwd)
gilsim=$(realpath "$1")
screenshot=${2:+$(realpath -m "$2")}
browser="$here/../../target/browser"
mkdir -p "$browser/$(basename "$here")"
cd "$browser"
# Found from all folders below.
[ -d node_modules/playwright-core ] || npm install --silent --no-save playwright-core@1.56.1
cd "$(basename "$here")"
cp "$here"/*.mjs .
