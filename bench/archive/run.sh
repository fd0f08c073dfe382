#!/usr/bin/env bash
# Races the archive's exact search against FAISS and pgvector over the same rows, and adding to it against embedding, curl
# and DCMTK; times how long a large archive takes to open; checks what all of them find and make. Each race runs even if
# one before misses a bar.
#   run.sh [OPTION...]      options of race.py: --studies 3031, --dimensions 1024, --rounds 3 ..
#   run.sh --adding|--pgvector|--opening [OPTION...]      one race alone, with options of its own: adding_race.py,
#                                                         pgvector_race.py and opening.py list them
set -euo pipefail
cd "$(dirname "$0")/../.."

# What `make test` has: Orthanc and DCMTK for adding, PostgreSQL with pgvector from PyPI.
with_tests() {
  local race=$1 target=$2 program=$3
  shift 3
  scripts/install_deps.sh build test
  scripts/build.sh release "$target"
  scripts/venv.sh build/venv tests/requirements.txt
  build/venv/bin/python -B "bench/archive/$race.py" --program "build/release/$program" "$@"
}

adding() { with_tests adding_race mi2 apps/cli/mi2 "$@"; }
opening() { with_tests opening mi2 apps/cli/mi2 "$@"; }
pgvector() { with_tests pgvector_race mi2_archive_scan_times bench/archive/mi2_archive_scan_times "$@"; }

case ${1:-} in
  --adding | --opening | --pgvector)
    race=${1#--}
    shift
    "$race" "$@"
    exit
    ;;
esac
scripts/install_deps.sh build peers
scripts/build.sh release mi2_archive_scan_times
scripts/venv.sh build/venv-archive bench/archive/requirements.txt
status=0
build/venv-archive/bin/python -B bench/archive/race.py --program build/release/bench/archive/mi2_archive_scan_times "$@" || status=$?
for race in pgvector adding opening; do "$race" || status=$?; done
exit "$status"
