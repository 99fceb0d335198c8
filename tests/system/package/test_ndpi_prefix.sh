#!/bin/sh
# An nDPI in a prefix of its own, beside Debian's: the build takes that one's headers, as its .pc file says.
. "$(dirname "$0")/../lib.sh"

prefix=$tmp/ndpi
object=CMakeFiles/inspect.dir/inspect/dpi/ndpi.c.o

configured() {
  mkdir -p "$prefix/lib/pkgconfig"
  debians=$(pkg-config --variable=includedir libndpi)/ndpi
  mkdir "$prefix/include" && cp -r "$debians" "$prefix/include/ndpi"
  ln -s "$(pkg-config --variable=libdir libndpi)"/libndpi.so* "$prefix/lib/"
  sed "s|^prefix=.*|prefix=$prefix|; s|^libdir=.*|libdir=$prefix/lib|; s|^includedir=.*|includedir=$prefix/include|" \
    "$(pkg-config --variable=pcfiledir libndpi)/libndpi.pc" >"$prefix/lib/pkgconfig/libndpi.pc"
  PKG_CONFIG_PATH=$prefix/lib/pkgconfig cmake -G Ninja -S "$root" -B "$tmp/build" -DPERISCOPE_TESTS=OFF \
    >"$tmp/cmake" 2>&1 || { cat "$tmp/cmake"; return 1; }
}

its_headers() {
  ninja -C "$tmp/build" $object >"$tmp/ninja" 2>&1 || { cat "$tmp/ninja"; return 1; }
  ninja -C "$tmp/build" -t deps $object >"$tmp/deps"
  grep -q "^ *$prefix/include/ndpi/ndpi_api.h$" "$tmp/deps" && ! grep "^ *$debians/" "$tmp/deps"
}

its_library() {
  ninja -C "$tmp/build" -t commands periscope | tail -n 1 | grep -q "$prefix/lib/libndpi.so"
}

check "configured with it" configured
check "its headers are taken, and none of Debian's" its_headers
check "its library is linked" its_library
finish
