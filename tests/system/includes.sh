#!/bin/sh
# Includes point one way: config <- decap <- inspect <- dataplane <- cli. Each folder may use
# itself and those before it; only dataplane knows DPDK, only inspect knows nDPI, and no public
# header of inspect shows a library. Prints each offending line; status 1 if there is any.
set -eu
cd "$(dirname "$0")/../.."
bad=0

offend() { # what, then grep's arguments
  what=$1
  shift
  if grep -rnE "$@"; then
    echo "^ $what"
    bad=1
  fi
}

before="config"
for folder in config decap inspect dataplane cli; do
  case $folder in
    config) before="config" ;;
    decap) before="config|decap" ;;
    inspect) before="config|decap|inspect" ;;
    dataplane) before="config|decap|inspect|dataplane" ;;
    cli) before="config|decap|inspect|dataplane|cli" ;;
  esac
  if grep -rnE '^#include "' $folder | grep -vE "#include \"($before)/"; then
    echo "^ $folder may include only: $before"
    bad=1
  fi
done
offend "DPDK belongs to dataplane" '^#include <rte_' config decap inspect cli
offend "nDPI belongs to inspect" '^#include <ndpi' config decap dataplane cli
offend "headers of dataplane do not show DPDK" '^#include <rte_' dataplane --include='*.h'
if grep -rlE '^#include (<ndpi|"inspect/dpi/ndpi_)' inspect | grep -vE '^inspect/dpi/ndpi[a-z_]*\.[ch]$'; then
  echo "^ nDPI's API is known to inspect/dpi/ndpi*.c alone"
  bad=1
fi
for script in tests/system/test_*.sh; do
  name=$(basename "$script" .sh)
  grep -q "^| $name |" docs/TESTING.md || { echo "docs/TESTING.md has no row for $name"; bad=1; }
done
[ $bad -eq 0 ] && echo "includes point one way"
exit $bad
