#!/usr/bin/env bash
# Every test, step by step; CI runs exactly this.
#   test.sh [STEP...]      default: all steps, in the order below
# A failing step does not stop the later ones, unless they need it; the list at the end says which failed.
set -euo pipefail
cd "$(dirname "$0")/.."

all_steps=(deps python golden release test layers format tidy asan tsan fuzz)
needed_by_all=(deps python golden release)
logs=build/logs

describe() {
  case "$1" in
    deps) echo "install what this machine lacks" ;;
    python) echo "Python environment for the tests" ;;
    golden) echo "weights for the golden tests" ;;
    release) echo "build, g++ optimised" ;;
    test) echo "unit, golden and command-line tests" ;;
    layers) echo "include directions, constants of neighbours" ;;
    format) echo "clang-format" ;;
    tidy) echo "clang-tidy" ;;
    asan) echo "tests under address and undefined-behaviour sanitizers" ;;
    tsan) echo "tests of what has threads, under the thread sanitizer" ;;
    fuzz) echo "fuzz targets, ${MI2_FUZZ_SECONDS:-5} s each" ;;
    *) echo "test.sh: unknown step '$1' (${all_steps[*]})" >&2; return 2 ;;
  esac
}

# How many tests run at once: three per two cores, as many a test waits for a network, a timer or a child. Those of
# programs with several threads run alone (RUN_SERIAL).
jobs=$(((3 * $(nproc) + 1) / 2))
# Programs of OpenMP share the cores with the test beside them: threads that wait by spinning made training's tests take
# four times as long.
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive}

run_step() {
  case "$1" in
    deps) scripts/install_deps.sh build test ;;
    python) scripts/venv.sh build/venv tests/requirements.txt ;;
    golden) scripts/make_golden.sh ;;
    release) scripts/build.sh release ;;
    test) ctest --preset release --parallel "$jobs" ;;
    layers)
      for check in check_includes check_constants; do
        "$(python)" "scripts/$check.py" --self-test
        "$(python)" "scripts/$check.py"
      done
      ;;
    format) scripts/check_format.sh ;;
    tidy) cmake --preset asan >/dev/null && "$(python)" scripts/lint.py build/venv/bin/clang-tidy ;;
    asan)
      scripts/build.sh asan
      ctest --preset asan --parallel "$jobs" --label-exclude '^(full|words)$'
      ;;
    tsan)
      scripts/build.sh tsan threaded_tests
      ctest --preset tsan --parallel "$jobs" --label-regex '^threads$'
      ;;
    fuzz) scripts/build.sh fuzz && scripts/fuzz.sh "${MI2_FUZZ_SECONDS:-5}" ;;
  esac
}

python() { if [[ -x /usr/bin/python3 ]]; then echo /usr/bin/python3; else echo python3; fi; }

# A step runs in a shell of its own, where `set -e` holds.
if [[ ${1:-} == --step ]]; then
  run_step "$2"
  exit
fi

steps=("$@")
[[ ${#steps[@]} -gt 0 ]] || steps=("${all_steps[@]}")
for step in "${steps[@]}"; do describe "$step" >/dev/null; done

mkdir -p "$logs"
summary=() failed=() tests_passed=0
for step in "${steps[@]}"; do
  echo "=== $step: $(describe "$step")"
  start=$SECONDS
  result=ok
  "$0" --step "$step" 2>&1 | tee "$logs/$step.log" || result=FAILED
  counts=$(grep -E '^[0-9]+% tests passed' "$logs/$step.log" || true)
  if [[ $counts =~ ([0-9]+)\ tests\ failed\ out\ of\ ([0-9]+) ]]; then
    tests_passed=$((tests_passed + BASH_REMATCH[2] - BASH_REMATCH[1]))
  fi
  summary+=("$(printf '%-8s %-6s %5d s  %s' "$step" "$result" $((SECONDS - start)) "${counts:-$(describe "$step")}")")
  if [[ $result == FAILED ]]; then
    failed+=("$step")
    if [[ " ${needed_by_all[*]} " == *" $step "* ]]; then break; fi
  fi
done

echo
printf '%s\n' "${summary[@]}"
# The summary of the main run once more, where readers of the end of a log look for it.
grep -hE '^[0-9]+% tests passed|^Total Test time' "$logs/test.log" 2>/dev/null | grep . || true
[[ $tests_passed -eq 0 ]] || echo "$tests_passed tests passed in $SECONDS s"
if [[ ${#failed[@]} -gt 0 ]]; then
  for step in "${failed[@]}"; do
    # Which of its tests (as ctest lists them: "12 - name (Failed)") or fuzz targets; the first will do.
    grep -hE '^[[:space:]]+[0-9]+ - .*\(|^fuzz: .* FAILED' "$logs/$step.log" | grep -v '(Skipped)$' |
      sed -n '1,20s/^[[:space:]]*/  /p' || true
    # And why, in pytest's and GoogleTest's words: the log above is long, and CI may show its end alone.
    grep -hE '^(FAILED|ERROR) .*::|^E   |: Failure$|^\[  FAILED  \]| (error|warning): ' "$logs/$step.log" |
      sed -n '1,30s/^/  /p' || true
  done
  echo "make test: FAILED: ${failed[*]}"
  exit 1
fi
if [[ ${#steps[@]} -eq ${#all_steps[@]} ]]; then echo "make test: all passed"; else echo "passed: ${steps[*]}"; fi
