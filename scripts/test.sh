#!/bin/sh
# All tests: unit tests and corpora under ASan and UBSan, a replay under TSan, both compilers
# without warnings, and the system tests with the release program. Stops at the first failure of
# a build; runs every test and fails at the end if any failed.
set -u
cd "$(dirname "$0")/.."
failed=""
passed=0

build() { # preset
  log="build-$1.log"
  began=$(date +%s)
  { cmake --preset "$1" -DCMAKE_COMPILE_WARNING_AS_ERROR=ON && cmake --build --preset "$1"; } >"$log" 2>&1 || {
    tail -n 60 "$log"
    echo "test: preset $1 does not build"
    exit 1
  }
  if grep -q 'warning:' "$log"; then
    grep 'warning:' "$log"
    echo "test: preset $1 builds with warnings"
    exit 1
  fi
  rm -f "$log"
  echo "   $1: $(($(date +%s) - began)) s"
}

run() { # name, command...
  name=$1
  shift
  echo "== $name"
  began=$(date +%s)
  if "$@"; then
    passed=$((passed + 1))
    echo "   $name: $(($(date +%s) - began)) s"
  else
    echo "-- $name FAILED (status $?)"
    failed="$failed $name"
  fi
}

echo "== build: ASan and UBSan"
build dev
for program in build-dev/tests/test_*; do
  [ -x "$program" ] && run "$(basename "$program")" "$program"
done
for corpus in tests/fuzz/corpus/*; do
  noun=$(basename "$corpus")
  [ -x "build-dev/tests/fuzz_$noun" ] && run "corpus $noun" "build-dev/tests/fuzz_$noun" "$corpus"
done

echo "== build: release, clang, TSan"
build release
build clang
build tsan
for script in tests/system/test_*.sh; do
  run "$(basename "$script" .sh)" "$script"
done
run includes tests/system/includes.sh
run bench-check bench/check.sh

echo
if [ -n "$failed" ]; then
  echo "failed:$failed"
fi
set -- $failed
echo "$passed passed, $# failed"
[ $# -eq 0 ]
