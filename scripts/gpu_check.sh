#!/usr/bin/env bash
# All that needs a GPU, in under eight minutes: parity, server, training steps, memory, speed beside PyTorch.
#   gpu_check.sh --gather [BUNDLE]   on a machine that builds mi2: packs what the machine with the GPU lacks
#   gpu_check.sh [OPTION...]         on the machine with the GPU: needs this checkout, the bundle, g++ and PyTorch, and
#                                    no network. Without a bundle, the program that was built here is checked.
#     --device D     cuda (default), cuda:N, or torch: libtorch on the CPU, small, to try the script itself
#     --bundle FILE  default: build/gpu/bundle.tar.xz
#     --python P     one that has numpy, and PyTorch to race against and to compile with (python3)
#     --parts P      tests,bench (default), tests or bench
#     --seconds N    in all (450)
#     --out DIR      where gpu_check.json and gpu_check.log go (build/gpu)
set -euo pipefail
here=$(pwd)
cd "$(dirname "$0")/.."

bundle=build/gpu/bundle.tar.xz python=python3 out=build/gpu device=cuda seconds=450 parts=tests,bench
mi2=build/release/apps/cli/mi2-torch steps=build/release/bench/training/mi2_training_steps

absolute() { case "$1" in /*) echo "$1" ;; *) echo "$here/$1" ;; esac; }

if [[ ${1:-} == --gather ]]; then
  [[ $# -lt 2 ]] || bundle=$(absolute "$2")
  scripts/build.sh release mi2 mi2_training_steps >&2
  python3 bench/gpu/bundle.py gather build/release "$bundle"
  exit
fi
while [[ $# -gt 0 ]]; do
  [[ $# -ge 2 ]] || { echo "gpu_check: $1 needs a value" >&2; exit 2; }
  case "$1" in
    --device) device=$2 ;;
    --bundle) bundle=$(absolute "$2") ;;
    --python) python=$2 ;;
    --parts) parts=$2 ;;
    --seconds) seconds=$2 ;;
    --out) out=$(absolute "$2") ;;
    *) echo "gpu_check: unknown option '$1'" >&2; exit 2 ;;
  esac
  shift 2
done

start=$SECONDS
if [[ ! -x $mi2 || ! -x $steps ]]; then
  [[ -f $bundle ]] || { echo "gpu_check: neither a built mi2-torch nor $bundle: make it by gpu_check.sh --gather" >&2; exit 1; }
  programs=$("$python" bench/gpu/bundle.py build "$bundle" build/gpu/program)
  mi2=$programs/mi2-torch steps=$programs/mi2_training_steps
fi
exec "$python" -B bench/gpu/check.py --mi2 "$mi2" --steps "$steps" --device "$device" --out "$out" --parts "$parts" \
  --seconds $((seconds - SECONDS + start))
