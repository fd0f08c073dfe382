#!/usr/bin/env bash
# Races mi2 index map against umap-learn over the same vectors.
#   map_run.sh [OPTION...]      options of map_race.py: --images DIR, --archive DIR, --rounds 3 ..
set -euo pipefail
cd "$(dirname "$0")/../.."
scripts/install_deps.sh build peers
scripts/build.sh release mi2
scripts/venv.sh build/venv-archive-map bench/archive/map-requirements.txt
build/venv-archive-map/bin/python -B bench/archive/map_race.py --program build/release/apps/cli/mi2 "$@"
