#!/usr/bin/env bash
# Configures and builds one CMake preset. The release program is linked as build/mi2.
#   build.sh PRESET [TARGET...]
# The release build has training and GPUs, by libtorch (1.3 GB in build/torch), unless MI2_WITH_TORCH=OFF.
set -euo pipefail
cd "$(dirname "$0")/.."

preset=$1
shift
targets=()
[[ $# -eq 0 ]] || targets=(--target "$@")

export MI2_WITH_TORCH=${MI2_WITH_TORCH:-ON}
if [[ $preset == release && $MI2_WITH_TORCH == ON ]]; then scripts/venv.sh build/torch cmake/torch-requirements.txt --no-deps; fi

# Configured every time: which tests there are depends on what was installed since.
log=build/logs/configure-$preset.log
mkdir -p build/logs
if ! cmake --preset "$preset" >"$log" 2>&1; then
  cat "$log" >&2
  exit 1
fi
sed -n 's/^-- \(mi2 serve will have no page\)/\1/p' "$log" >&2
cmake --build --preset "$preset" "${targets[@]}"

if [[ $preset == release ]]; then
  ln -sfn release/apps/cli/mi2 build/mi2
  echo "built: build/mi2"
fi
