#!/usr/bin/env bash
# Races a training step of mi2 against plain PyTorch on the tiny and the starter model.
#   run.sh [--json] [--rounds N] [--kinds whole,lora,..]
set -euo pipefail
cd "$(dirname "$0")/../.."
scripts/install_deps.sh build peers
scripts/build.sh release mi2_training_steps
scripts/venv.sh build/venv-peers bench/peers/requirements.txt
MI2_SKIP_FULL=1 MI2_PYTHON=build/venv-peers/bin/python scripts/make_golden.sh >/dev/null
build/venv-peers/bin/python bench/training/compare.py --steps build/release/bench/training/mi2_training_steps \
  --kinds whole,lora,recomputed,cached,lora+recomputed,lora+cached "$@" \
  build/golden/tiny:32 models/starter:96
