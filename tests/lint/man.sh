#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The manual pages: no complaint of mandoc's, the sections that each must have, pages that refer to pages.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"

cd "$TOP_SRCDIR/share/man" || exit 1

lint() { mandoc -Tlint -W warning "$1"; }

# lacking PAGE: the sections that it should have and has not, and the pages of ours that it names and that are not here.
lacking() {
  for section in NAME SYNOPSIS DESCRIPTION 'EXIT STATUS' 'SEE ALSO'; do
    case $1$section in *.[2-9]SYNOPSIS | *.[2-9]'EXIT STATUS') continue ;; esac
    grep -qx "\.Sh $section" "$1" || echo "section $section"
  done
  sed -n 's/^.*\.Xr \(daprcerts[^ ]*\) \([0-9]\).*/\1.\2/p' "$1" | sort -u | while read -r page; do
    [ -e "$page" ] || echo "page $page"
  done
}

for page in *.[0-9]; do
  if has_command mandoc; then check "$page: mandoc" lint "$page"; else skip "$page: mandoc" 'no peer: mandoc'; fi
  same '' "$(lacking "$page")" "$page: sections and references"
  name=$(sed -n 's/^\.Dt //p' "$page" | tr '[:upper:] ' '[:lower:].')
  same "$page" "$name" "$page: its title is its name"
done

# the checks themselves, on a page that has it all wrong
mkdir "$WORK/man" && cp ./*.[0-9] "$WORK/man" && cd "$WORK/man" || exit 1
sed '/^\.Sh EXIT STATUS$/d; /^\.Sh SEE ALSO$/s/^/.Bl -tag -width Ds\
.It a\
/; s/\.Xr daprcerts-ca-init 1/.Xr daprcerts-none 1/' daprcerts-issue.1 >broken.1
same 'section EXIT STATUS
page daprcerts-none.1' "$(lacking broken.1)" 'a section and a page that are missing are told'
if has_command mandoc; then
  status 3 'mandoc complains of a list that does not end' lint broken.1
else
  skip 'mandoc complains of a list that does not end' 'no peer: mandoc'
fi
finish
