#!/usr/bin/env bash
# Runs every fuzz target for some seconds, one a core. New inputs and findings stay under build/fuzzing/.
#   fuzz.sh SECONDS [NAME...]
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=$1
shift
names=("$@")
[[ ${#names[@]} -gt 0 ]] || mapfile -t names < <(find build/asan/fuzz -maxdepth 1 -name '*_fuzz' -type f -executable \
  -printf '%f\n' | sed 's/_fuzz$//' | sort)
[[ ${#names[@]} -gt 0 ]] || { echo "fuzz: no targets in build/asan/fuzz" >&2; exit 1; }

fuzz_one() {
  local name=$1 seconds=$2 work=build/fuzzing/$1 seeds=fuzz/corpus/$1 options=()
  mkdir -p "$work/corpus" "$work/findings"
  options=("$work/corpus")
  [[ ! -d $seeds ]] || options+=("$seeds")
  [[ ! -f fuzz/$name.dict ]] || options+=("-dict=fuzz/$name.dict")
  if "build/asan/fuzz/${name}_fuzz" "${options[@]}" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=3072 \
    -artifact_prefix="$work/findings/" -print_final_stats=1 >"$work/log" 2>&1; then
    printf '%-14s ok      %s runs\n' "$name" "$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/log")"
  else
    printf '%-14s FAILED\n' "$name"
    tail -n 40 "$work/log"
    return 1
  fi
}
export -f fuzz_one

printf '%s\n' "${names[@]}" | xargs -P "$(nproc)" -I{} bash -c 'fuzz_one "$1" "$2"' fuzz_one {} "$seconds"
echo "fuzz: ${#names[@]} targets, $seconds s each, nothing found"
