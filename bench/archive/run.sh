#!/usr/bin/env bash
# Races the archive's exact search against FAISS over the same rows, and adding to it against embedding, curl and DCMTK;
# checks what they find and make. The second race runs even if the first misses a bar.
#   run.sh [OPTION...]      options of race.py: --studies 3031, --dimensions 1024, --rounds 3 ..
#   run.sh --adding [OPTION...]      the second race alone; options of adding_race.py: --studies 6, --slices 50, --rounds 3
set -euo pipefail
cd "$(dirname "$0")/../.."

adding() {
  scripts/install_deps.sh build test
  scripts/build.sh release mi2
  scripts/venv.sh build/venv tests/requirements.txt
  build/venv/bin/python -B bench/archive/adding_race.py --program build/release/apps/cli/mi2 "$@"
}

if [[ ${1:-} == --adding ]]; then
  shift
  adding "$@"
  exit
fi
scripts/install_deps.sh build peers
scripts/build.sh release mi2_archive_scan_times
scripts/venv.sh build/venv-archive bench/archive/requirements.txt
status=0
build/venv-archive/bin/python -B bench/archive/race.py --program build/release/bench/archive/mi2_archive_scan_times "$@" || status=$?
adding || status=$?
exit "$status"
