# Sourced by every test_*.sh: names, a folder that goes away, and one line for each check.
set -u
root=$(cd "$(dirname "$0")/../../.." && pwd)
here=$root/tests/system
periscope=${PERISCOPE:-$root/build/periscope}
faulty=${PERISCOPE_FAULTS:-$root/build-clang/tests/periscope_faults} # the product with faults in it (faults.c)
shared=${PERISCOPE_SHARED:-$root/../shared}
tmp=$(mktemp -d "${TMPDIR:-/tmp}/periscope-test.XXXXXX")
checks=0
failures=0
skips=0
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM
export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$here/make:$here/judge LC_ALL=C
export TSHARK_SAID=$tmp/tshark-said # truth.py
# Debian's programs, which scripts/deps.sh installs, come before others of their names; a python3 that is a
# script around another one costs ten times as long to start.
export PATH="/usr/sbin:/usr/bin:/sbin:/bin:$PATH"

[ -x "$periscope" ] || {
  echo "FAIL $periscope is not built"
  exit 1
}

ok() { # what
  checks=$((checks + 1))
  echo "ok   $*"
}

fail() { # what; what the command said is in $tmp/log
  checks=$((checks + 1))
  failures=$((failures + 1))
  echo "FAIL $*"
  [ -s "$tmp/log" ] && head -n 12 "$tmp/log" | cut -c 1-400 | sed 's/^/     /'
}

skip() { # what is not tried, and why
  skips=$((skips + 1))
  echo "skip $*"
}

check() { # what, command...: the command must succeed
  what=$1
  shift
  if "$@" >"$tmp/log" 2>&1; then ok "$what"; else fail "$what"; fi
}

capgen() { python3 "$here/make/capgen.py" "$@"; }
results() { python3 "$here/judge/results.py" "$@"; }

have_shared() { # path below ../shared
  [ -e "$shared/$1" ] || {
    skip "$1 is not in $shared"
    return 1
  }
}

replay() { # output directory, arguments...: a replay that must end well and quietly
  out=$1
  shift
  rm -rf "$out"
  timeout 300 "$periscope" replay -l "$out" "$@" >"$tmp/stdout" 2>"$tmp/stderr"
  status=$?
  [ $status -eq 0 ] && [ ! -s "$tmp/stderr" ] && return 0
  echo "status $status: periscope replay -l $out $*" >"$tmp/log"
  cat "$tmp/stderr" >>"$tmp/log"
  return 1
}

# 0: every check held. 77: none was made, as all was skipped, which CTest counts as skipped.
finish() {
  echo "$checks checks, $failures failed, $skips skipped"
  [ $failures -eq 0 ] || exit 1
  [ $checks -eq 0 ] || exit 0
  [ $skips -eq 0 ] || exit 77
  echo "FAIL nothing was checked"
  exit 1
}
