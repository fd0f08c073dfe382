#!/usr/bin/env bash
# Runs every fuzz target for some seconds, one per core. New inputs and findings stay under build/fuzzing/.
#   fuzz.sh SECONDS [NAME...]
# Without names, the formats that files of others come in have SECONDS each, and small parsers a third of it: in 10 s
# they reach 91 to 100 % of the edges that they reach in 30.
set -euo pipefail
cd "$(dirname "$0")/.."

# A slow input that is fast when it is run again was slow because the machine stood still: no finding.
only_a_stall() {
  local binary=$1 log=$2 input
  shift 2
  grep -q 'ERROR: libFuzzer: timeout' "$log" || return 1
  input=$(sed -n 's/.*Test unit written to //p' "$log")
  [[ -f $input ]] && "$binary" "$@" "$input" >>"$log" 2>&1
}

fuzz_one() {
  local name=$1 seconds=$2 binary=build/asan/fuzz/$1_fuzz work=build/fuzzing/$1 seeds=fuzz/corpus/$1
  local limits=(-timeout=20 -rss_limit_mb=3072 -malloc_limit_mb=512) options=()
  mkdir -p "$work/corpus" "$work/findings"
  rm -f "$work/failed"
  options=("$work/corpus")
  [[ ! -d $seeds ]] || options+=("$seeds")
  [[ ! -f fuzz/$name.dict ]] || options+=("-dict=fuzz/$name.dict")
  if "$binary" "${options[@]}" "${limits[@]}" -max_total_time="$seconds" -artifact_prefix="$work/findings/" \
    -print_final_stats=1 >"$work/log" 2>&1; then
    printf '%-14s ok      %s runs\n' "$name" "$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/log")"
  elif only_a_stall "$binary" "$work/log" "${limits[@]}"; then
    printf '%-14s ok      stopped early: an input took 20 s, but not when it was run again\n' "$name"
  else
    # What it found: the sanitizer's or libFuzzer's own word, else the last line; and the input if it is short.
    {
      echo "fuzz: $name FAILED:"
      { grep -m1 -E '^SUMMARY:|ERROR: |runtime error: ' "$work/log" || tail -n 1 "$work/log"; } | cut -c 1-200
      grep -m1 -oE 'Base64: .{1,400}' "$work/log" || true
      # Where it was: the innermost calls of ours.
      grep -oE ' in mi2::[A-Za-z0-9_:]+' "$work/log" | sed -n 1,3p || true
    } | paste -sd ' ' >"$work/failed"
    printf '%-14s FAILED\n' "$name"
    tail -n 40 "$work/log"
    return 1
  fi
}

# xargs calls this script again for each target.
if [[ ${1:-} == --one ]]; then
  fuzz_one "$2" "$3"
  exit
fi

formats=(dicom hdf5 http jpeg jpeg2000 metaimage nifti nrrd png safetensors sklearn slide tiff torch_file webp xlsx zip)

seconds=$1
shift
names=("$@")
small=$seconds
[[ ${#names[@]} -gt 0 ]] || small=$(((seconds + 2) / 3))
[[ ${#names[@]} -gt 0 ]] || mapfile -t names < <(find build/asan/fuzz -maxdepth 1 -name '*_fuzz' -type f -executable \
  -printf '%f\n' | sed 's/_fuzz$//' | sort)
[[ ${#names[@]} -gt 0 ]] || { echo "fuzz: no targets in build/asan/fuzz" >&2; exit 1; }

with_seconds() {
  local name
  for name in "${names[@]}"; do
    if [[ " ${formats[*]} " == *" $name "* ]]; then echo "$name $seconds"; else echo "$name $small"; fi
  done
}

if with_seconds | xargs -P "$(nproc)" -L1 scripts/fuzz.sh --one; then
  [[ $small -eq $seconds ]] || seconds="$seconds or $small"
  echo "fuzz: ${#names[@]} targets, $seconds s each, nothing found"
  exit
fi
# Once more at the end, where a reader of a long log looks.
for name in "${names[@]}"; do cat "build/fuzzing/$name/failed" 2>/dev/null || true; done
exit 1
