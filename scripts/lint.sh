#!/bin/sh
# Format, static analysis, include direction. Fails on the first kind that finds something.
set -eu
cd "$(dirname "$0")/.."

echo "clang-format"
git ls-files '*.c' '*.h' | xargs clang-format --dry-run -Werror
echo "includes"
tests/system/includes.sh
echo "cppcheck"
cppcheck --quiet --std=c11 --enable=warning,portability --inline-suppr --error-exitcode=1 \
  --suppress=missingIncludeSystem -I . config decap inspect dataplane cli
echo "clang-tidy"
cmake --preset tidy >/dev/null
cmake --build --preset tidy
echo "lint: clean"
