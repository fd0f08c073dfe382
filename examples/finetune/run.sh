#!/usr/bin/env bash
# Fine-tunes the starter model on labels it has never seen, and shows its zero-shot accuracy before and after.
#   run.sh DATA [OPTION OF mi2 train...]
set -euo pipefail
data=$(realpath "${1:?usage: run.sh DATA [--output DIR] [--set KEY=VALUE]...}")
shift
cd "$(dirname "$0")/../.."
examples/finetune/relabel.py "$data" build/runs/finetune-data
exec build/mi2 train examples/finetune/finetune.yaml --set "DATASET.ROOT=build/runs/finetune-data" "$@"
