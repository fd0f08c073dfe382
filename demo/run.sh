#!/usr/bin/env bash
# The demo: gathers freely licensed images into build/examples/, runs build/mi2 with the starter model on them, and makes an
# archive and a map of them, which it searches and which the page of mi2 serve shows. What was gathered once is kept, so
# that a second run needs no network.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/venv.sh build/venv-demo demo/requirements.txt
build/venv-demo/bin/python demo/gather.py build/examples build/downloads
build/venv-demo/bin/python demo/show.py build/mi2 models/starter build/examples

mkdir -p build/demo
# An archive holds the vectors of one model: that of an older starter is made anew. Cards are of one archive.
starter=build/demo/starter.sha256
if ! sha256sum --check --status "$starter" 2>/dev/null; then rm -rf build/demo/archive build/demo/cards; fi
sha256sum models/starter/model.safetensors >"$starter"
{ build/mi2 index add --model models/starter build/demo/archive build/examples &&
  build/mi2 index map --refit build/demo/archive; } 2>build/demo/archive.log || { cat build/demo/archive.log >&2; exit 1; }
build/venv-demo/bin/python demo/search.py build/mi2 models/starter build/examples build/demo/archive build/demo/cards
echo
echo "make demo: done. To search the images, look at slices and see the map in a browser:"
echo "  build/mi2 serve --model models/starter --archive demo=build/demo/archive --archive-cards demo=build/demo/cards"
echo "and then open http://localhost:5001/ui/"
