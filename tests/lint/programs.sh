#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Which shared libraries each program of this build needs, by readelf.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"

# allowed PROGRAM: the libraries that it may need, beside the system's own.
allowed() {
  offline='gnutls inih jansson yaml'
  case $1 in
    daprcerts) echo inih ;;
    daprcerts-request) echo "$offline nghttp2 protobuf-c" ;;
    daprcerts-sentry) echo "$offline nghttp2 protobuf-c uv microhttpd" ;;
    daprcerts-fetch) echo curl ;;
    *) echo "$offline" ;;
  esac
}

system='c m pthread dl rt'
case $(sed -n 's/^SAN_FLAGS *= *//p' "${TOP_BUILDDIR:?}/Makefile") in
  *-fsanitize*) system="$system asan lsan tsan ubsan gcc_s resolv stdc++" ;;
esac

# needed: the names in readelf's answer, libNAME.so.1 and libNAME-0.so.2 as NAME, the loader left out.
needed() {
  sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sed '/^ld-linux/d; /^ld-musl/d; s/^lib//; s/\.so.*//; s/-[0-9]*$//; s/^c\.musl.*/c/
    s/^curl-gnutls$/curl/'
}

# offences PROGRAM <ANSWER: what it needs and may not.
offences() {
  may=" $system $(allowed "$1") "
  needed | while read -r library; do
    case $may in
      *" $library "*) ;;
      *) echo "$library" ;;
    esac
  done
}

# --- the rule itself, on answers made up ------------------------------------------------------------------------------
# answer LIBRARY...
answer() {
  echo 'Dynamic section at offset 0x2d90 contains 31 entries:'
  for library in libc.so.6 ld-linux-x86-64.so.2 "$@"; do
    echo " 0x0000000000000001 (NEEDED)             Shared library: [$library]"
  done
  echo ' 0x000000000000000c (INIT)               0x7000'
}
# tells WANT PROGRAM LIBRARY...
tells() {
  tells_want=$1 tells_program=$2
  shift 2
  same "$tells_want" "$(answer "$@" | offences "$tells_program")" "$tells_program with $*: '$tells_want'"
}
tells '' daprcerts libinih.so.1
tells gnutls daprcerts libinih.so.1 libgnutls.so.30
tells jansson daprcerts libjansson.so.4
tells '' daprcerts-issue libgnutls.so.30 libinih.so.1 libjansson.so.4 libyaml-0.so.2
tells nghttp2 daprcerts-issue libnghttp2.so.14
tells uv daprcerts-ca-init libuv.so.1
tells '' daprcerts-request libnghttp2.so.14 libprotobuf-c.so.1 libgnutls.so.30
tells uv daprcerts-request libuv.so.1
tells '' daprcerts-sentry libuv.so.1 libmicrohttpd.so.12 libnghttp2.so.14 libprotobuf-c.so.1
tells curl daprcerts-sentry libcurl-gnutls.so.4
tells '' daprcerts-fetch libcurl-gnutls.so.4
tells gnutls daprcerts-fetch libgnutls.so.30
tells crypto daprcerts-new libcrypto.so.3

# --- what was built -----------------------------------------------------------------------------------------------------
for program in "$TOP_BUILDDIR/daprcerts" "$TOP_BUILDDIR"/daprcerts-*; do
  name=${program##*/}
  [ -f "$program" ] && [ -x "$program" ] || continue
  if ! has_command readelf; then
    skip "$name" 'no peer: readelf'
  elif ! readelf -d "$program" >"$WORK/elf" 2>/dev/null; then
    if readelf -h "$program" >/dev/null 2>&1; then fail "$name: readelf cannot read it"; else skip "$name" 'not ELF'; fi
  else
    same '' "$(offences "$name" <"$WORK/elf")" "$name needs what it may: $(needed <"$WORK/elf" | tr '\n' ' ')"
    check "$name needs libc, so its answer was read" grep -q '(NEEDED).*libc\.' "$WORK/elf"
  fi
done
finish
