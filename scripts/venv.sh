#!/usr/bin/env bash
# Makes a Python environment from a file of pinned requirements, unless it is there and up to date.
#   venv.sh FOLDER REQUIREMENTS [PIP_OPTION...]
set -euo pipefail

folder=$1
requirements=$2
shift 2
stamp=$folder/.requirements
if cmp -s "$requirements" "$stamp"; then exit 0; fi

# Debian's own Python first: a version manager in PATH may have none selected.
python=/usr/bin/python3
[[ -x $python ]] || python=python3
echo "venv: installing $(grep -c '^[A-Za-z]' "$requirements") packages of $requirements into $folder"
rm -rf "$folder"
"$python" -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check "$@" --requirement "$requirements"
cp "$requirements" "$stamp"
