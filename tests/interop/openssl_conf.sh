#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# openssl's configuration files, as openssl takes them and as we do.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"
find_python hashlib
if [ -z "$PYTHON" ] || ! has_command openssl; then
  skip "openssl's configurations" 'no peer: openssl and python3'
  finish
fi
case $(openssl version) in
'OpenSSL 3.'*) ;;
*)
  skip "openssl's configurations" 'no peer: openssl 3, which adds key identifiers by itself'
  finish
  ;;
esac
"$PYTHON" "$TOP_SRCDIR/tests/interop/openssl_conf.py" "$DAPRCERTS" "$WORK"
