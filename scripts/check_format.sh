#!/usr/bin/env bash
# Fails if clang-format would change one of our sources; with --fix, changes them.
set -euo pipefail
cd "$(dirname "$0")/.."

mode=(--dry-run --Werror)
[[ ${1:-} != --fix ]] || mode=(-i)
git ls-files -z --cached --others --exclude-standard '*.cpp' '*.hpp' | xargs -0 -n 40 clang-format --style=file "${mode[@]}"
