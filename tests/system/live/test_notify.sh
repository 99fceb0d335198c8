#!/bin/sh
# What systemd is told of the live appliance: manager.py plays systemd.
. "$(dirname "$0")/../lib.sh"

chmod 755 "$tmp"
cp "$root/pcaps/lab.yaml" "$tmp/live.yaml"
told() { # manager's option, periscope's arguments
  option=$1
  shift
  # shellcheck disable=SC2086
  python3 "$here/make/manager.py" $option "$periscope" run -l "$tmp/out$option" -c "$tmp/live.yaml" \
    --set control.http=off --set control.health_tcp=0 --set capture.memory=64MiB \
    --set capture.workers=1 --set "capture.ports=[\"net_pcap0,rx_pcap=$root/pcaps/web.pcap\"]" "$@"
}
check "ready, pings, reload, end" told ""
if [ "$(id -u)" -eq 0 ]; then
  check "as another user; and a worker that stands still lets the watchdog bite" \
    told --stall --set rights.user=nobody
else
  skip "needs root to stop one thread of another"
fi
finish
