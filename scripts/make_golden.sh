#!/usr/bin/env bash
# Writes the pseudo-random checkpoints of the golden tests into build/golden/NAME/, unless they are there.
# The full model takes 2.5 GB and 20 s; MI2_SKIP_FULL=1 or a nearly full disk leaves it out, and its tests are skipped.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${MI2_PYTHON:-build/venv/bin/python}
maker=tests/golden/make_checkpoint.py
data=tests/golden/data

# make NAME CONFIG [OPTION...]: the weights and their config, written whole or not at all.
make() {
  local name=$1 config=$2 folder=build/golden/$1 recipe
  shift 2
  recipe="$(cat "$maker" "$config" | sha256sum) $*"
  if [[ -f $folder/model.safetensors && $(cat "$folder/.recipe" 2>/dev/null) == "$recipe" ]]; then return; fi
  mkdir -p "$folder"
  rm -f "$folder/.recipe"
  cp "$config" "$folder/config.yaml"
  "$python" "$maker" "$config" "$folder/model.safetensors.part" "$@"
  mv "$folder/model.safetensors.part" "$folder/model.safetensors"
  echo "$recipe" >"$folder/.recipe"
}

make tiny "$data/tiny/config.yaml"
make tiny-older "$data/tiny/config.yaml" --names older
make tiny-f16 "$data/tiny/config.yaml" --dtype F16
make tiny-bf16 "$data/tiny/config.yaml" --dtype BF16

if [[ ${MI2_SKIP_FULL:-0} == 1 ]]; then
  echo "make_golden: *** MI2_SKIP_FULL=1: the full model's golden tests will be SKIPPED ***"
elif [[ ! -f build/golden/full/model.safetensors && $(df --output=avail -k build | tail -n 1) -lt 8000000 ]]; then
  echo "make_golden: *** less than 8 GB of free disk: the full model's golden tests will be SKIPPED ***"
else
  make full "$data/full/config.yaml"
fi
