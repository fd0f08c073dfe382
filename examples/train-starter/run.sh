#!/usr/bin/env bash
# Trains the starter model from random weights: train.yaml, and again.yaml from the model that it ends with.
#   run.sh DATA [--output DIR] [OPTION OF mi2 train...]
# DATA holds manifest.csv (file, split, label, caption), classes.csv (label, prompt) and the images. The runs' folders are
# DIR (build/runs/starter) and DIR-again; other options go to both runs, --dry-run and --print-config to the first alone.
set -euo pipefail
data=$(realpath "${1:?usage: run.sh DATA [--output DIR] [--resume] [--set KEY=VALUE]...}")
shift
cd "$(dirname "$0")/../.."
output=build/runs/starter
options=()
alone=false
while (($#)); do
  case $1 in
    --output) output=${2:?--output: expected a folder}; shift ;;
    --output=*) output=${1#*=} ;;
    --dry-run | --print-config) alone=true; options+=("$1") ;;
    *) options+=("$1") ;;
  esac
  shift
done
output=${output%/}
build/mi2 train examples/train-starter/train.yaml --from-scratch --output "$output" --set "DATASET.ROOT=$data" "${options[@]}"
if $alone; then exit; fi
exec build/mi2 train examples/train-starter/again.yaml --output "$output-again" --set "MODEL=$output/model" \
  --set "DATASET.ROOT=$data" "${options[@]}"
