#!/usr/bin/env bash
# Builds the Python package's wheel into build/dist and installs it in an environment of its own.
#   wheel.sh FOLDER REQUIREMENTS     the environment, and a file of what else it holds (venv.sh)
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$1
requirements=$2
builder=build/venv-wheel
scripts/venv.sh "$builder" tests/python/requirements.txt
[[ $folder == "$builder" ]] || scripts/venv.sh "$folder" "$requirements"

log=build/logs/wheel.log
mkdir -p build/logs
rm -rf build/dist
# By the name CMake finds it: Python's build tools would call the compiler by another, and ccache takes it for another.
export CXX=${CXX:-c++}
# Without isolation: what builds it is pinned in the environment, and asked of no index a second time.
if ! "$builder/bin/python" -m pip wheel --no-build-isolation --no-deps --wheel-dir build/dist --verbose . >"$log" 2>&1; then
  tail -n 60 "$log" >&2
  exit 1
fi
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps build/dist/*.whl
echo "wheel: $(basename build/dist/*.whl), installed in $folder"
