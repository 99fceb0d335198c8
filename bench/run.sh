#!/bin/sh
# Measures periscope beside its peers: one page on the terminal, all numbers in build/bench.json.
# bench/run.sh [--quick] [SECTION...]; sections: replay, length, stages, growth, live, latency
# (default: all).
#
# Peers that are installed are measured; others by their paths:
#   NDPIREADER411   ndpiReader of nDPI 4.11-dev, whose -t understands VXLAN
#   SURICATA        suricata
#   IPFIXPROBE      ipfixprobe (v4.11.1 builds with Debian 12's compiler)
#   ZEEK            zeek
#   ARKIME_CAPTURE  Arkime's capture, with ARKIME_CONFIG its settings file
# BENCH_DIR is where inputs are made and removed again (default: below build/; 2 GB);
# BENCH_ROUNDS how often each program runs (default 5).
set -eu
cd "$(dirname "$0")/.."
cmake --preset release >/dev/null
for target in all benchmarks; do # what went wrong is the compiler's to say
  said=$(cmake --build --preset release --target $target 2>&1) || { echo "$said" >&2; exit 1; }
done
exec python3 bench/measure.py "$@"
