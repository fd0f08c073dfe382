#!/usr/bin/env bash
# Says before `make demo` begins how long it takes and how much it downloads. What is there already costs nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

[[ ! -f build/demo/archive/archive.json ]] || exit 0
# Compiling the program alone took 29 minutes of one core (AMD EPYC, g++ 12), 311 sources.
cores=$(nproc)
echo "demo: installs the Debian packages that are missing, compiles the program in about $(((29 + cores - 1) / cores)) minutes on"
echo "demo: $cores cores (200 MB in build/), and downloads 50 MB of packages with free images. A second run takes seconds."
