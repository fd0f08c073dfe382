#!/usr/bin/env bash
# Trains the starter model from random weights.
#   run.sh DATA [OPTION OF mi2 train...]
# DATA holds manifest.csv (file, split, label, caption), classes.csv (label, prompt) and the images.
set -euo pipefail
data=$(realpath "${1:?usage: run.sh DATA [--output DIR] [--set KEY=VALUE]...}")
shift
cd "$(dirname "$0")/../.."
exec build/mi2 train examples/train-starter/train.yaml --from-scratch --set "DATASET.ROOT=$data" "$@"
