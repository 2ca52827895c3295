#!/bin/sh
# Fetch the libraries of README.md from npm into their folders; run by `make vendor` from the root of the repository.
set -eu
TABULATOR=6.5.3 AXE=4.14.1
here=harness/site/vendor/tabulator axe=tests/harness/site/vendor/axe
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm pack --silent --pack-destination "$work" "tabulator-tables@$TABULATOR" "axe-core@$AXE" >/dev/null
mkdir -p "$here" "$axe" "$work/tabulator" "$work/axe"
tar -xzf "$work/tabulator-tables-$TABULATOR.tgz" -C "$work/tabulator" --strip-components=1
tar -xzf "$work/axe-core-$AXE.tgz" -C "$work/axe" --strip-components=1
cp "$work/tabulator/LICENSE" "$work/tabulator/dist/js/tabulator.min.js" "$here"
cp "$work/tabulator/dist/css/tabulator_simple.min.css" "$here/tabulator.min.css"
cp "$work/axe/LICENSE" "$work/axe/axe.min.js" "$axe"
