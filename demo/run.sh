#!/usr/bin/env bash
# The demo: gathers freely licensed images into build/examples/, runs build/mi2 with the starter model on them, writes
# build/demo/index.html, and keeps them in an archive for the page of mi2 serve. What was gathered once is kept, so that a second run needs no network.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/venv.sh build/venv-demo demo/requirements.txt
build/venv-demo/bin/python demo/gather.py build/examples build/downloads
build/venv-demo/bin/python demo/show.py build/mi2 models/starter build/examples build/demo/index.html

build/mi2 index add --model models/starter build/demo/archive build/examples 2>build/demo/archive.log ||
  { cat build/demo/archive.log >&2; exit 1; }
echo "To search them: build/mi2 serve --model models/starter --archive demo=build/demo/archive"
echo "and then open http://localhost:5001/ui/ in a browser"
