#!/bin/sh
# Installs the Debian packages (12 and 13) that are missing, and says which. deps.sh build|test|lab|lint|bench|package
set -eu

build="gcc libc6-dev cmake ninja-build pkg-config libdpdk-dev libndpi-dev libpcap-dev libyaml-dev
  zlib1g-dev libdeflate-dev libzstd-dev nettle-dev libidn2-dev libpsl-dev libmaxminddb-dev libmicrohttpd-dev
  libcap-ng-dev libseccomp-dev libsystemd-dev"
test="dpkg-dev file libcunit1-dev clang libclang-rt-dev tshark tcpdump libndpi-bin iproute2 iputils-ping
  python3 jq gawk gzip zstd procps util-linux valgrind systemd lintian man-db mmdb-bin"
# Clients and servers of tests/system/live/lab.sh.
lab="nginx nsd openssh-server openssh-client redis-server redis-tools iperf3 bind9-dnsutils curl
  openssl ethtool iodine nmap"
# Peers that Debian has, and callgrind.
bench="python3 libndpi-bin tcpdump nfdump valgrind"
# They read which libraries the program needs, and of which version.
package="dpkg-dev file"
lint="clang-format clang-tidy cppcheck"

case "${1:-build}" in
  build) want="$build" ;;
  test) want="$build $test $lab" ;;
  lab) want="$test $lab" ;;
  lint) want="$build $test $lab $lint" ;;
  bench) want="$build $bench" ;;
  package) want="$build $package" ;;
  *) echo "usage: deps.sh build|test|lab|lint|bench|package" >&2; exit 2 ;;
esac

# Debian 13 has it, Debian 12 in its backports: where apt knows one of version 7 or later. Tests do without.
case "${1:-build}" in
  test | lint)
    suricata=$(apt-cache policy suricata 2>/dev/null | sed -n 's/^  Candidate: \([0-9]*:\)\{0,1\}\([0-9]*\)\..*/\2/p')
    [ "${suricata:-0}" -lt 7 ] || want="$want suricata"
    ;;
esac

missing=""
for package in $want; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=""
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "deps: as root: apt-get install$missing" >&2; exit 1; }
  as_root=sudo
fi
echo "deps: installing$missing"

# Servers come for tests to start, not to run on this machine.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  trap '$as_root rm -f $policy' EXIT
  printf '#!/bin/sh\nexit 101\n' | $as_root tee $policy >/dev/null
  $as_root chmod 755 $policy
fi
$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update >/dev/null
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends $missing >/dev/null

for package in $missing; do
  case "$package" in
    nginx | nsd | redis-server | suricata) service=$package ;;
    openssh-server) service=ssh ;;
    *) continue ;;
  esac
  ! command -v systemctl >/dev/null || $as_root systemctl --quiet disable "$service"
done
