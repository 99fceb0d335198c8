#!/bin/bash
# The package on a machine: installed, upgraded, removed and purged, without /proc and with standard input
# closed, on a copy of this machine's files that goes away (an overlay in a mount namespace of its own).
. "$(dirname "$0")/../lib.sh"

[ "$(id -u)" -eq 0 ] || { skip "needs root"; finish; }
for program in dpkg-deb systemd-sysusers deb-systemd-helper systemctl unshare; do
  command -v $program >/dev/null || { skip "no $program"; finish; }
done
mkdir "$tmp/layer" "$tmp/machine"
cat >"$tmp/enter.sh" <<'END'
set -eu
mount -t tmpfs none "$1/layer"
mkdir "$1/layer/upper" "$1/layer/work"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/layer/upper,workdir=$1/layer/work" "$1/machine"
mount --rbind /dev "$1/machine/dev"
mount --rbind /sys "$1/machine/sys"
shift
exec "$@"
END
unshare -m sh "$tmp/enter.sh" "$tmp" true 2>"$tmp/log" || { skip "no overlay: $(head -n 1 "$tmp/log")"; finish; }

# Versions of the package: as it is built, a later one with other first settings, and an earlier one whose
# settings were a conffile.
version() { # file, Version, directory to change
  sed -i "s/^Version: .*/Version: $2/" "$3/DEBIAN/control" && dpkg-deb -Znone --root-owner-group -b "$3" "$1" >/dev/null
}
packages() {
  cpack --config "$root/build/CPackConfig.cmake" -B "$tmp/packed" >"$tmp/cpack" 2>&1 || { cat "$tmp/cpack"; return 1; }
  dpkg-deb -R "$tmp"/packed/periscope_*.deb "$tmp/now" && mkdir "$tmp/debs" && cp -r "$tmp/now" "$tmp/later" &&
    cp -r "$tmp/now" "$tmp/earlier" || return 1
  echo '# other words' >>"$tmp/later/usr/share/periscope/periscope.yaml"
  mkdir -p "$tmp/earlier/etc/periscope" && cp "$root/config/periscope.yaml" "$tmp/earlier/etc/periscope" &&
    echo /etc/periscope/periscope.yaml >"$tmp/earlier/DEBIAN/conffiles" &&
    version "$tmp/debs/earlier.deb" 1.0 "$tmp/earlier" && version "$tmp/debs/now.deb" 2.0 "$tmp/now" &&
    version "$tmp/debs/later.deb" 3.0 "$tmp/later"
}
check "the package, and one before and after it" packages

# What follows runs in the namespace: each check is a function of the machine, which begins as this one is.
cat >"$tmp/checks.sh" <<'END'
machine=$tmp/machine
settings=$machine/etc/periscope/periscope.yaml
mkdir "$machine/debs" && cp "$tmp"/debs/* "$machine/debs"
in_machine() { chroot "$machine" "$@"; }
# Nobody answers questions; what another package lacks is not this test's.
with_dpkg() { DEBIAN_FRONTEND=noninteractive in_machine dpkg --force-depends --force-unsafe-io "$@" <&-; }
state() { in_machine dpkg-query -W -f '${Status} ${Version}' periscope; }

installed() {
  [ ! -e "$machine/proc/self" ] && with_dpkg -i /debs/now.deb && [ "$(state)" = "install ok installed 2.0" ] &&
    [ "$(in_machine stat -c '%U %G %a' /var/lib/periscope)" = "periscope periscope 750" ] &&
    cmp "$settings" "$root/packaging/periscope.yaml" && [ "$(stat -c '%U %a' "$settings")" = "root 644" ] &&
    [ ! -e "$machine/etc/systemd/system/multi-user.target.wants/periscope.service" ]
}
# The first settings name what must be set, and nothing else.
short() {
  [ "$(sed 's/ *#.*//; /^$/d' "$settings" | wc -l)" -eq 2 ] && "$periscope" check -c "$settings" &&
    grep -q '^  ports: \[\]' "$settings"
}
edit() { sed -i 's|ports: \[\]|ports: ["net_af_packet0,iface=lo"]|' "$settings" && cp "$settings" "$tmp/edited"; }
kept() { # version
  [ "$(state)" = "install ok installed $1" ] && cmp "$settings" "$tmp/edited" && [ "$(ls "$machine/etc/periscope")" = periscope.yaml ]
}
upgraded() { edit && with_dpkg -i /debs/later.deb && kept 3.0; }
enabled=$machine/etc/systemd/system/multi-user.target.wants/periscope.service
removed() {
  in_machine systemctl --quiet enable periscope.service 2>/dev/null
  [ -L "$enabled" ] && with_dpkg -r periscope && [ ! -L "$enabled" ] && [ "$(state)" = "deinstall ok config-files 3.0" ] &&
    cmp "$settings" "$tmp/edited" && [ ! -e "$machine/usr/bin/periscope" ]
}
installed_again() { with_dpkg -i /debs/later.deb && kept 3.0; }
stays_deleted() {
  rm "$settings" && with_dpkg -i /debs/later.deb && [ ! -e "$settings" ] && cp "$tmp/edited" "$settings"
}
left() { # what there is that was not before, but for the records of dpkg and others
  (cd "$tmp/layer/upper" && find . ! -type d | sed 's/^\.//' | sort) |
    grep -vE '^/(debs|var/lib/dpkg|var/log|var/cache|run|dev)/|^/etc/(passwd|group|shadow|gshadow)-?$|^/etc/\.pwd\.lock$'
}
purged_with_evidence() {
  echo event >"$machine/var/lib/periscope/events" && with_dpkg -P periscope &&
    left >"$tmp/left"
  echo /var/lib/periscope/events | diff - "$tmp/left" && [ ! -e "$machine/etc/periscope" ] && rm "$machine/var/lib/periscope/events"
}
purged() {
  with_dpkg -i /debs/now.deb && with_dpkg -P periscope && ! left && [ ! -e "$machine/var/lib/periscope" ]
}
# From a package whose settings were a conffile with every default, one of them changed.
was_conffile() {
  with_dpkg -i /debs/earlier.deb && [ -e "$settings" ] && edit && ! cmp -s "$settings" "$root/config/periscope.yaml" &&
    with_dpkg -i /debs/now.deb && kept 2.0
}

# ---- ctl finds the service ----

service() { # as the unit starts it, which runs here without systemd
  mount -t proc none "$machine/proc" && ip link set lo up || return 1
  rm -f "$tmp/service"
  command=$(sed -n 's/^ExecStart=//p' "$machine/usr/lib/systemd/system/periscope.service")
  in_machine sh -c "cd / && exec $command --set capture.memory=64MiB" >"$tmp/service" 2>&1 &
  pid=$!
  for _ in $(seq 200); do
    grep -q '^periscope: running: ' "$tmp/service" 2>/dev/null && return 0
    sleep 0.1
  done
  cat "$tmp/service"
  return 1
}
found() { in_machine sh -c 'cd /tmp && periscope ctl stats' >"$tmp/stats" && grep -q 'healthy' "$tmp/stats"; }
# A run in the folder where it is asked as well: which is meant, must be said.
both() {
  mkdir "$machine/debs/periscope-out" || return 1
  python3 -c "
import socket, time
s = socket.socket(socket.AF_UNIX)
s.bind('$machine/debs/periscope-out/periscope.sock')
s.listen()
time.sleep(60)" &
  listener=$!
  for _ in $(seq 100); do [ -S "$machine/debs/periscope-out/periscope.sock" ] && break; sleep 0.1; done
  in_machine sh -c 'cd /debs && periscope ctl stats' 2>"$tmp/said"
  status=$?
  kill $listener
  cat "$tmp/said"
  [ $status -eq 2 ] && grep -q "^periscope: ctl: appliances answer at periscope-out/periscope.sock and at /var/lib/periscope/periscope.sock; name one" "$tmp/said"
}
refused() { # somebody who is neither root nor in the group
  in_machine setpriv --reuid=65534 --regid=65534 --clear-groups sh -c 'cd /tmp && periscope ctl stats' 2>"$tmp/said"
  [ $? -eq 1 ] && grep -q 'nor the service at /var/lib/periscope/periscope.sock: Permission denied (root and members of its group may ask)' "$tmp/said"
}
ends() {
  in_machine sh -c 'cd /tmp && periscope ctl quit' && wait "$pid" || { cat "$tmp/service"; return 1; }
  in_machine sh -c 'cd /tmp && periscope ctl stats' 2>"$tmp/said"
  [ $? -eq 1 ] && [ "$(cat "$tmp/said")" = "periscope: ctl: no appliance answers at periscope-out/periscope.sock: No such file or directory; nor the service at /var/lib/periscope/periscope.sock: No such file or directory" ]
}

check "installed without /proc" installed
check "the first settings are short" short
check "upgraded, with one setting edited" upgraded
check "removed: disabled, settings stay" removed
check "installed again: settings as they were" installed_again
check "settings that were deleted stay so" stays_deleted
check "purged: what was recorded stays, nothing else" purged_with_evidence
check "purged: nothing stays" purged
check "upgraded from a conffile, with one setting edited" was_conffile
check "the service starts" service
check "ctl finds it without an option" found
check "ctl asks neither of two" both
check "ctl says who may ask" refused
check "ctl ends it, and says that nobody answers" ends
finish
END
export -f ok fail check finish skip
export tmp root periscope here
# All that runs there ends with it.
unshare -mnpf --kill-child bash "$tmp/enter.sh" "$tmp" bash -c 'checks=0 failures=0 skips=0; set -u; . "$tmp/checks.sh"' >"$tmp/result" 2>&1
grep -E '^(ok|FAIL|skip|     )' "$tmp/result"
checks=$((checks + $(grep -cE '^(ok|FAIL)' "$tmp/result")))
failures=$((failures + $(grep -c '^FAIL' "$tmp/result")))
skips=$((skips + $(grep -c '^skip' "$tmp/result")))
grep -q ' checks, ' "$tmp/result" || { tail -n 5 "$tmp/result"; failures=$((failures + 1)); }
finish
