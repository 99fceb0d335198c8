#!/bin/sh
# Installs the Debian 12 packages that are missing, and says which. deps.sh build|test|lint
set -eu

build="gcc libc6-dev cmake ninja-build pkg-config libdpdk-dev libndpi-dev libpcap-dev libyaml-dev
  zlib1g-dev libzstd-dev nettle-dev"
test="libcunit1-dev clang libclang-rt-14-dev tshark tcpdump libndpi-bin iproute2 iputils-ping
  python3 jq gawk gzip zstd procps util-linux"
lint="clang-format clang-tidy cppcheck"

case "${1:-build}" in
  build) want="$build" ;;
  test) want="$build $test" ;;
  lint) want="$build $test $lint" ;;
  *) echo "usage: deps.sh build|test|lint" >&2; exit 2 ;;
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
$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update >/dev/null
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends $missing >/dev/null
