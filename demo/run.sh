#!/usr/bin/env bash
# The demo: gathers freely licensed pictures into build/examples/, runs build/mi2 with the starter model on them, and
# writes build/demo/index.html. What was gathered once is kept, so that a second run needs no network.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/venv.sh build/venv-demo demo/requirements.txt
build/venv-demo/bin/python demo/gather.py build/examples build/downloads
build/venv-demo/bin/python demo/show.py build/mi2 models/starter build/examples build/demo/index.html
