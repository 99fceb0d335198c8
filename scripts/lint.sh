#!/bin/sh
# lint.sh: format, include direction, static analysis. Fails on the first kind that finds something.
# lint.sh quick: the same without clang-tidy, which takes a quarter of an hour of one processor.
set -eu
cd "$(dirname "$0")/.."

echo "clang-format"
git ls-files '*.c' '*.h' | xargs clang-format --dry-run -Werror
echo "includes"
tests/system/includes.sh
echo "cppcheck"
cppcheck -j "$(nproc)" --quiet --std=c11 --enable=warning,portability --inline-suppr --error-exitcode=1 \
  --suppress=missingIncludeSystem -I . config decap inspect dataplane cli
if [ "${1:-}" != quick ]; then
  echo "clang-tidy"
  cmake --preset tidy >/dev/null
  cmake --build --preset tidy
fi
echo "lint: clean"
