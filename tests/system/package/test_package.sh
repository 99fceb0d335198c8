#!/bin/sh
# The Debian package, made from the program that is built already (packaging/build.sh builds one), and
# what is in it; the unit as far as that can be judged where systemd does not run.
. "$(dirname "$0")/../lib.sh"
. "$here/live/live.sh"

new=$tmp/root
unit=$root/packaging/periscope.service
chmod 755 "$tmp"

packed() {
  cpack --config "$root/build/CPackConfig.cmake" -B "$tmp/packed" >"$tmp/cpack" 2>&1 || { cat "$tmp/cpack"; return 1; }
  deb=$(ls "$tmp"/packed/periscope_*.deb) && dpkg-deb -x "$deb" "$new" && dpkg-deb -e "$deb" "$tmp/control"
}

# Every file below /usr/share/doc but what is listed is left out of the comparison.
files() {
  cat >"$tmp/want" <<'END'
usr/bin/periscope
usr/lib/systemd/system/periscope.service
usr/lib/sysusers.d/periscope.conf
usr/share/bash-completion/completions/periscope
usr/share/doc/periscope/OPERATIONS.md
usr/share/doc/periscope/README.md
usr/share/doc/periscope/changelog.gz
usr/share/doc/periscope/copyright
usr/share/doc/periscope/examples/aws/mirror-target.yaml
usr/share/doc/periscope/examples/periscope.yaml
usr/share/man/man8/periscope.8.gz
usr/share/periscope/periscope.yaml
END
  (cd "$new" && find . -type f ! -path './usr/share/doc/*') | sed 's|^\./||' | sort >"$tmp/got"
  grep -v usr/share/doc "$tmp/want" | diff - "$tmp/got" || return 1
  while read -r file; do [ -s "$new/$file" ] || { echo "no $file"; return 1; }; done <"$tmp/want"
  # A conffile is asked about when it is changed at both ends: settings are none (test_upgrade.sh).
  [ ! -e "$tmp/control/conffiles" ] && [ ! -e "$new/etc" ]
}

# Libraries by dpkg-shlibdeps, drivers by name: DPDK opens them, nothing links them.
depends() {
  for package in libc6 libndpi librte-eal libseccomp2 libcap-ng0 libsystemd0 librte-net-ena librte-mempool-ring; do
    grep '^Depends:' "$tmp/control/control" | grep -q "[ ,]$package" || { echo "no $package"; return 1; }
  done
}

installed_runs() {
  "$new/usr/bin/periscope" -V | grep -q '^periscope ' &&
    "$new/usr/bin/periscope" check -c "$new/usr/share/periscope/periscope.yaml" &&
    "$new/usr/bin/periscope" check -c "$new/usr/share/doc/periscope/examples/periscope.yaml" &&
    "$new/usr/bin/periscope" replay -l "$tmp/replayed" -c "$new/usr/share/doc/periscope/examples/example-account/periscope.yaml" \
      "$root/pcaps/web.pcap"
}

# Links lead to what is there, and nothing is named that only the sources have.
documents() {
  documents=$new/usr/share/doc/periscope
  [ "$(ls "$documents"/*.md | wc -l)" -eq 10 ] || return 1
  grep -noE '\]\([^)]*\)' "$documents"/*.md | sed 's/](\(.*\))/\1/' | grep -v ':https*://' >"$tmp/links"
  [ "$(wc -l <"$tmp/links")" -gt 15 ] || { echo "only $(wc -l <"$tmp/links") links"; return 1; }
  while IFS=: read -r file line link; do
    page=${link%%#*}
    target=${page:+$documents/$page}
    [ -e "${target:=$file}" ] || { echo "$file:$line: $link"; return 1; }
    case $link in
    *'#'*) grep -qi "^#* $(echo "${link#*#}" | tr - ' ')$" "$target" || { echo "$file:$line: $link"; return 1; } ;;
    esac
  done <"$tmp/links"
  ! grep -nE '(^|[^a-z/])(build(-[a-z]+)?|pcaps|config|packaging|tests|docs)/' "$documents"/*.md
}

# As they stand in the package, run there.
shown() {
  for page in AWS ANALYST; do
    sed "s|/tmp/|$tmp/|g" "$new/usr/share/doc/periscope/$page.md" >"$tmp/$page.md"
  done
  PATH=$new/usr/bin:$PATH python3 "$here/judge/documents.py" "$new/usr/share/doc/periscope" "$tmp/AWS.md" "$tmp/ANALYST.md" \
    >"$tmp/shown" 2>&1
  cat "$tmp/shown"
  [ "$(grep -c '^ok' "$tmp/shown")" -gt 20 ] && ! grep -q '^FAIL' "$tmp/shown"
}

# What it finds beside errors is for whoever uploads to Debian.
linted() {
  lintian --allow-root --fail-on error,warning "$deb"
}

scripts_are_shell() {
  for script in postinst prerm postrm; do
    [ -x "$tmp/control/$script" ] && sh -n "$tmp/control/$script" || return 1
  done
}

verified() {
  sed "s|/usr/bin/periscope|$periscope|" "$unit" >"$tmp/periscope.service"
  systemd-analyze verify --man=no "$tmp/periscope.service" 2>"$tmp/said" && [ ! -s "$tmp/said" ] || { cat "$tmp/said"; return 1; }
}

# One more row in syscalls.def must not be in vain under systemd.
calls_pass_the_unit() {
  sed -n 's/^SystemCallFilter=\([^~].*\)/\1/p' "$unit" | tr ' ' '\n' >"$tmp/sets"
  sed -n 's/^SystemCallFilter=~\(.*\)/\1/p' "$unit" | tr ' ' '\n' >"$tmp/unsets"
  systemd-analyze syscall-filter >"$tmp/filters" 2>/dev/null
  python3 - "$tmp/filters" "$tmp/sets" "$tmp/unsets" "$root/cli/rights/syscalls.def" <<'END'
import re
import sys
sets, name = {}, None
for line in open(sys.argv[1]):
    if line.startswith("@"):
        name = line.strip()
        sets[name] = []
    elif name and line.startswith(" ") and not line.strip().startswith("#"):
        sets[name].append(line.strip())


def members(word):
    if not word.startswith("@"):
        return {word}
    return set().union(*(members(m) for m in sets[word]), set())


def union(path):
    return set().union(*(members(w) for w in open(path).read().split()))


passed = union(sys.argv[2]) - union(sys.argv[3])
needed = set(re.findall(r"^ALLOW\((\w+),", open(sys.argv[4]).read(), re.M)) | {
    "clone", "mmap", "mprotect", "prctl", "tgkill", "socket", "ioctl",  # with conditions
    "seccomp", "capset", "setresuid", "setresgid", "setgroups", "setrlimit", "umask"}  # the start
if len(needed) < 100:
    sys.exit("only %d calls found" % len(needed))
if needed - passed:
    sys.exit("the unit refuses " + " ".join(sorted(needed - passed)))
END
}

# With the capabilities of the unit, and memory that cannot become code (MemoryDenyWriteExecute).
bounded() {
  bounds=$(sed -n 's/^CapabilityBoundingSet=//p' "$unit" | sed 's/CAP_/+/g; s/ /,/g' | tr '[:upper:]' '[:lower:]')
  mkdir "$tmp/var" && chown nobody "$tmp/var"
  live_start "$tmp/var" setpriv --no-new-privs "--bounding-set=-all,$bounds" python3 "$tmp/deny.py" -- \
    -c "$root/pcaps/lab.yaml" --set rights.user=nobody --set capture.memory=64MiB --set control.http=off \
    --set control.health_tcp=0 --set 'capture.ports=["net_af_packet0,iface=lo"]' || return 1
  live_stop TERM 5 && grep -q 'rights: user nobody, no capabilities, system calls filtered' "$tmp/var.err"
}
cat >"$tmp/deny.py" <<'END'
import ctypes, os, sys
ctypes.CDLL(None).prctl(65, 1, 0, 0, 0)  # PR_SET_MDWE, where the kernel knows it
os.execv(sys.argv[1], sys.argv[1:])
END

check "cpack makes it" packed
check "every file is in its place" files
check "it depends on libraries and drivers" depends
check "what it installs runs" installed_runs
check "documents name what is there" documents
check "what the documents show" shown
check "maintainer scripts are shell" scripts_are_shell
if command -v lintian >/dev/null; then
  check "lintian has neither errors nor warnings" linted
else
  skip "no lintian"
fi
if command -v systemd-analyze >/dev/null; then
  check "systemd-analyze finds nothing wrong with the unit" verified
  check "the unit lets every system call of the list through" calls_pass_the_unit
else
  skip "no systemd-analyze"
fi
if [ "$(id -u)" -eq 0 ]; then
  check "the appliance starts with the unit's capabilities" bounded
else
  skip "needs root to bound capabilities"
fi
finish
