#!/bin/sh
# Counts the instructions a packet costs in each stage and compares them with the record; fails
# when a stage is more than 3 % above it. bench/check.sh --record writes the record anew.
set -eu
cd "$(dirname "$0")/.."
built=$({ cmake --preset release && cmake --build --preset release --target periscope benchmarks; } 2>&1) || {
  echo "$built" | tail -n 40
  exit 1
}
exec python3 bench/check.py "$@"
