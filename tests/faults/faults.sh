#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a publication leaves when it is killed, refused by the system, cut off from its power, met by another one or by
# links, at each call: tests/faults/faults.py has the table of commands and says what is right, openssl what a whole set is.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"
: "${TOP_BUILDDIR:?}"
cd "$WORK" || exit 1

what='publications under faults'
find_python json
if [ -z "$PYTHON" ]; then
  skip "$what" 'no peer: python3'
  finish
elif ! has_command openssl; then
  skip "$what" 'no peer: openssl'
  finish
elif [ "$(uname)" != Linux ]; then
  skip "$what" 'no preloading of our shim on this system'
  finish
elif grep -q '^SAN_FLAGS = .*fsanitize' "$TOP_BUILDDIR/Makefile"; then
  skip "$what" 'a sanitizer takes the calls that the shim takes'
  finish
fi

PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
faults() { "$PYTHON" "$TOP_SRCDIR/tests/faults/faults.py" "$@"; }

faults >list || exit 1
check 'there is a list of them' test -s list
while read -r way command; do
  check "$command: $way" faults "$way" "$command"
  sed -n 's/^[0-9]* points/# &/p' check.out
done <list
finish
