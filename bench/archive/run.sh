#!/usr/bin/env bash
# Races the archive's exact search against FAISS over the same rows, and checks what it finds.
#   run.sh [OPTION...]      options of race.py: --studies 3031, --dimensions 1024, --rounds 3 ..
set -euo pipefail
cd "$(dirname "$0")/../.."
scripts/install_deps.sh build peers
scripts/build.sh release mi2_archive_scan_times
scripts/venv.sh build/venv-archive bench/archive/requirements.txt
build/venv-archive/bin/python -B bench/archive/race.py --program build/release/bench/archive/mi2_archive_scan_times "$@"
