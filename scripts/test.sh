#!/bin/sh
# test.sh: all tests: unit tests and corpora under ASan and UBSan, a replay under TSan, both compilers without
# warnings, and the system tests with the release program.
# test.sh check: unit tests, goldens and includes alone, which a change wants to hear of at once.
# Stops at the first failure of a build; runs every test, side by side what may be, and says at the end what took
# longest, which parts were skipped, and how many failed. The status is 0 when none did.
set -u
cd "$(dirname "$0")/.."
what=${1:-all}
# Debian's programs, which scripts/deps.sh installs, come before others of their names (tests/system/lib.sh).
export PATH="/usr/sbin:/usr/bin:/sbin:/bin:$PATH"

build() { # preset, targets...: all without any
  preset=$1
  shift
  log="build-$preset.log"
  began=$(date +%s)
  { cmake --preset "$preset" -DCMAKE_COMPILE_WARNING_AS_ERROR=ON &&
    cmake --build --preset "$preset" ${1:+--target "$@"}; } >"$log" 2>&1 || {
    tail -n 60 "$log"
    echo "test: preset $preset does not build"
    exit 1
  }
  if grep -q 'warning:' "$log"; then
    grep 'warning:' "$log"
    echo "test: preset $preset builds with warnings"
    exit 1
  fi
  rm -f "$log"
  echo "   $preset: $(($(date +%s) - began)) s"
}

case $what in
  all) presets="dev release clang" tests="" ;;
  check) presets="dev release" tests="-L unit|golden|includes" ;;
  *) echo "usage: test.sh [check]" >&2; exit 2 ;;
esac
echo "== build"
for preset in $presets; do
  build "$preset"
done
# test_tsan.sh runs these alone; what else the compiler may have to say, it has said of the first tree.
[ "$what" = check ] || build tsan periscope periscope_keeps_rights test_cli test_inspect

echo "== tests"
results=$PWD/build-dev/tests.xml
rm -f "$results"
# shellcheck disable=SC2086
ctest --test-dir build-dev --parallel "$(nproc)" --output-on-failure --output-junit "$results" \
  --test-output-size-passed 1000000 --test-output-size-failed 1000000 --no-label-summary $tests |
  grep --line-buffered -vE '^ +Start +[0-9]+: '
python3 scripts/test_results.py "$results"
