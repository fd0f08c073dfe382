#!/usr/bin/env bash
# The race: builds mi2, makes the full model's weights and a Python environment of its own, races, and draws.
#   run.sh [OPTION...]      options of race.py: --all, --batches 1,16, --dtypes f32, --peers mi2,openvino, --rounds 3 ..
# What was made once is kept: a second run starts to race within a minute. Needs 20 GB of disk and 16 GB of memory.
set -euo pipefail
cd "$(dirname "$0")/../.."

scripts/install_deps.sh build peers
scripts/build.sh release mi2
scripts/venv.sh build/venv-peers bench/peers/requirements.txt
MI2_PYTHON=build/venv-peers/bin/python scripts/make_golden.sh

python=build/venv-peers/bin/python
model=build/golden/full
if [[ ! -f $model/model.safetensors ]]; then
  echo "bench-peers: the full model was not made (above)" >&2
  exit 1
fi
"$python" bench/peers/torch_towers.py build/golden/tiny
"$python" bench/peers/race.py --mi2 build/mi2 --model "$model" "$@"
"$python" bench/peers/draw.py build/peers/race.json build/peers
