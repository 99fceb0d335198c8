#!/bin/sh
# `make demo` and `make test` of what is committed, on each Debian release from nothing: a bare debootstrap
# (minbase, git, make) in build-releases/NAME, entered by pivot_root, because namespaces and overlays of the
# tests want a root that is a mount point. releases.sh [-k] [NAME...]; -k keeps a root that is there.
# As root, with debootstrap; DEBIAN_MIRROR is another mirror than its own. Output in build-releases/NAME.log; status 1 if one failed.
set -eu
cd "$(dirname "$0")/.."
tree=$PWD
into=$tree/build-releases
keep=no
[ "${1:-}" != -k ] || { keep=yes; shift; }
[ $# -gt 0 ] || set -- bookworm trixie
[ "$(id -u)" -eq 0 ] || { echo "releases: as root" >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "releases: apt-get install debootstrap" >&2; exit 1; }

bare() { # name: a new root
  rm -rf "${into:?}/$1"
  mkdir -p "$into"
  debootstrap --variant=minbase --include=git,make "$1" "$into/$1" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"} >"$into/$1.debootstrap.log" 2>&1 ||
    { tail -n 20 "$into/$1.debootstrap.log"; return 1; }
  rm "$into/$1.debootstrap.log"
}

# Mounts and processes end with the command: they are in namespaces of their own.
enter() { # root, command...
  unshare --mount --pid --fork -- sh -euc '
    root=$1 shared=$2
    shift 2
    mount --make-rprivate /
    mount --bind "$root" "$root"
    mount --rbind /dev "$root/dev"
    mount --rbind /sys "$root/sys"
    mount -t proc proc "$root/proc"
    if [ -d "$shared" ]; then
      mkdir -p "$root/src/shared"
      mount --bind -o ro "$shared" "$root/src/shared"
    fi
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    cd "$root"
    mkdir -p old
    pivot_root . old
    umount -l /old
    cd /src/periscope
    exec "$@"' enter "$1" "$tree/../shared" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    LC_ALL=C.UTF-8 TERM=dumb sh -c "$2"
}

try() { # name
  [ $keep = yes ] && [ -d "$into/$1" ] || bare "$1" || return 1
  rm -rf "$into/$1/src/periscope"
  mkdir -p "$into/$1/src"
  git clone -q "$tree" "$into/$1/src/periscope" || return 1
  enter "$into/$1" "make demo && make test"
}

failed=""
for release; do
  began=$(date +%s)
  mkdir -p "$into"
  if try "$release" >"$into/$release.log" 2>&1; then
    echo "$release: $(tail -n 1 "$into/$release.log"), $(($(date +%s) - began)) s"
  else
    tail -n 40 "$into/$release.log"
    echo "$release: FAILED, see $into/$release.log"
    failed="$failed $release"
  fi
done
[ -z "$failed" ]
