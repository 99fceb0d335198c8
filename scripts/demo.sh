#!/bin/sh
# What `make demo` shows: a capture of a mirrored peering between two VPCs, replayed.
set -eu
cd "$(dirname "$0")/.."
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
capture=pcaps/everything.pcap

settings=pcaps/lab.yaml

echo "== build/periscope replay -c $settings $capture"
build/periscope replay -c $settings -l "$out/demo" $capture

echo
echo "== A flow event: a TLS connection as green's mirror shows it (events/*.jsonl)"
cat "$out"/demo/events/*.jsonl | grep '"sni":"shop.green.example"' | grep '"vni":1002' | head -n 1 | fold -w 96

echo
echo "== The ping without an answer: blue's mirror sees requests only, green's the replies as well"
sed -n 's/.*"vni":\([0-9]*\).*"src_ip":"\(10.1.0.10\)","dst_ip":"\([^"]*\)",.*"protocol":1,.*"client":{"packets":\([0-9]*\).*"server":{"packets":\([0-9]*\).*/vni \1: \2 > \3, \4 requests, \5 replies/p' \
  "$out"/demo/events/*.jsonl | head -n 2

echo
echo "== VPC Flow Logs of the same traffic (flow-logs/AWSLogs/..., version 2 format)"
find "$out/demo/flow-logs" -name '*.gz' -exec zcat {} + | awk "NR <= 6"

echo
echo "What was sent is in pcaps/everything.md. Try: build/periscope replay YOUR.pcap"
