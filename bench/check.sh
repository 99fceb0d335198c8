#!/bin/sh
# Counts the instructions a packet costs in each stage and compares them with the record; fails
# when a stage is more than 3 % above it. bench/check.sh --record writes the record anew.
set -eu
cd "$(dirname "$0")/.."
cmake --preset release >/dev/null
cmake --build --preset release >/dev/null
cmake --build --preset release --target benchmarks >/dev/null
exec python3 bench/check.py "$@"
