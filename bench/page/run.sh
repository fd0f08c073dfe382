#!/usr/bin/env bash
# Times the page of mi2 serve with an archive of 10^5 images, and has Lighthouse judge it: bench/README.md.
#   run.sh [OPTION...]      options of measure.py: --images, --searches ..
set -euo pipefail
cd "$(dirname "$0")/../.."
scripts/install_deps.sh build test
scripts/build.sh release mi2
scripts/venv.sh build/venv tests/requirements.txt
# Lighthouse has a hundred packages of its own, which nothing else needs: they are not the page's.
mkdir -p build/page-bench
if ! cmp -s bench/page/package-lock.json build/page-bench/package-lock.json; then
  rm -rf build/page-bench/node_modules
  cp bench/page/package.json bench/page/package-lock.json build/page-bench/
  npm ci --prefix build/page-bench --ignore-scripts --no-audit --no-fund --loglevel=error ||
    { rm build/page-bench/package-lock.json; exit 1; }
fi
build/venv/bin/python -B bench/page/measure.py --program build/release/apps/cli/mi2 --lighthouse build/page-bench "$@"
