#!/usr/bin/env bash
# Builds mi2 and puts load on `mi2 serve`, beside `mi2 bench` on the same model: bench/README.md.
#   run.sh [OPTION...]      options of measure.py: --model, --dtype, --seconds, --kinds, --flatness ..
set -euo pipefail
cd "$(dirname "$0")/../.."
scripts/install_deps.sh build
scripts/build.sh release mi2
mkdir -p build/serving
python=/usr/bin/python3
[[ -x $python ]] || python=python3
"$python" bench/serving/measure.py --mi2 build/mi2 --out build/serving/load.json "$@"
