#!/bin/sh
# Builds the Debian package: build-package/periscope_VERSION_ARCH.deb
set -eu
cd "$(dirname "$0")/.."
log=build-package.log
{ cmake --preset package && cmake --build --preset package; } >$log 2>&1 || { tail -n 60 $log; exit 1; }
rm -f $log
ls build-package/periscope_*.deb
