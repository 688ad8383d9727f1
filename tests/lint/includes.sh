#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Who may include whom (src/README.md), and which library is known where.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"

# offences SRC: a line for each #include in SRC that breaks a rule.
offences() {
  (cd "$1" && find . -name '*.[ch]' ! -name '*.pb-c.[ch]' -exec awk '
    BEGIN {
      below["base"] = " "
      below["pki"] = below["store"] = below["config"] = below["format"] = " base "
      below["rpc"] = below["ca"] = " pki store config format base "
      below["client"] = below["sentry"] = " rpc ca pki store config format base "
      below["tools"] = below["daprcerts.c"] = " sentry client rpc ca pki store config format base "
      # where a library may be seen: files, or whole directories with their slash
      known["gnutls"] = " pki/ rpc/tls.c rpc/tls.h "
      known["nghttp2"] = " rpc/h2.c "
      known["protobuf-c"] = " "
      known["uv.h"] = known["microhttpd.h"] = " sentry/ "
      known["jansson.h"] = " tools/ pki/ sentry/ format/k8s.c "
      known["yaml.h"] = " base/yaml.h "
      known["ini.h"] = " config/settings.c config/state.c "
      known["curl"] = " tools/ "
      split("sys netinet net arpa", system_dirs)
      for (i in system_dirs) known[system_dirs[i]] = "everywhere"
    }
    FNR == 1 { file = substr(FILENAME, 3); own = file; sub("/.*", "", own) }
    !/^[ \t]*#[ \t]*include/ { next }
    {
      target = $0
      sub(/^[^"<]*/, "", target)
      quoted = substr(target, 1, 1) == "\""
      target = substr(target, 2)
      sub(/[">].*/, "", target)
      level = target
      is_path = sub("/.*", "", level)
      if (target == "config.h") next
      if (target == "proto/sentry.pb-c.h") {
        if (file != "rpc/messages.c") tell("only rpc/messages.c knows the generated messages")
      } else if (quoted) {
        if (!(own in below)) tell("no rule for \"" own "\"")
        else if (!is_path) tell("without its directory")
        else if (level != own && (own != "daprcerts.c" || level != "tools") && !index(below[own], " " level " "))
          tell(own " may not know " level)
        else if ((getline line <("./" target)) < 0) tell("no such file")
        close("./" target)
      } else if (level in known) {
        if (known[level] != "everywhere" && !index(known[level], " " own "/ ") && !index(known[level], " " file " "))
          tell("that library belongs to" known[level] "alone")
      } else if (is_path) tell("a library without a rule")
    }
    function tell(why) { print file ":" FNR ": " target ": " why }
  ' {} +)
}

same '' "$(offences "$TOP_SRCDIR/src")" 'the sources'
levels=$(cd "$TOP_SRCDIR/src" && find . -name '*.c' | wc -l)
check 'and they were read' test "$levels" -gt 40

# --- each rule, broken in a tree of its own ---------------------------------------------------------------------------
# tells FILE INCLUDE WORDS: this include in this file is one offence, told in these words.
tells() {
  rm -rf "$WORK/src"
  for level in base pki store config format rpc ca client sentry tools; do
    mkdir -p "$WORK/src/$level"
    printf '#include <sys/types.h>\n#include "config.h"\n' >"$WORK/src/$level/$level.h"
  done
  printf '/* %s */\n#include %s\n' "$2" "$2" >"$WORK/src/$1"
  offences "$WORK/src" >"$WORK/told"
  same "$1:2: $(echo "$2" | tr -d '<>"'): $3" "$(cat "$WORK/told")" "$1 with $2"
}

tells base/new.c '"pki/pki.h"' 'base may not know pki'
tells base/new.h '"store/store.h"' 'base may not know store'
tells pki/new.c '"store/store.h"' 'pki may not know store'
tells store/new.c '"config/config.h"' 'store may not know config'
tells format/new.c '"ca/ca.h"' 'format may not know ca'
tells rpc/new.c '"ca/ca.h"' 'rpc may not know ca'
tells ca/new.c '"rpc/rpc.h"' 'ca may not know rpc'
tells ca/new.c '"sentry/sentry.h"' 'ca may not know sentry'
tells client/new.c '"sentry/sentry.h"' 'client may not know sentry'
tells sentry/new.c '"tools/tools.h"' 'sentry may not know tools'
tells tools/new.c '"base/none.h"' 'no such file'
tells tools/new.c '"tools.h"' 'without its directory'
tells tools/new.c '"../base/base.h"' 'tools may not know ..'
tells newlevel.c '"base/base.h"' 'no rule for "newlevel.c"'
tells ca/new.c '<gnutls/gnutls.h>' 'that library belongs to pki/ rpc/tls.c rpc/tls.h alone'
tells rpc/new.c '<gnutls/x509.h>' 'that library belongs to pki/ rpc/tls.c rpc/tls.h alone'
tells rpc/new.c '<nghttp2/nghttp2.h>' 'that library belongs to rpc/h2.c alone'
tells client/new.c '<uv.h>' 'that library belongs to sentry/ alone'
tells tools/new.c '<uv.h>' 'that library belongs to sentry/ alone'
tells rpc/new.c '<jansson.h>' 'that library belongs to tools/ pki/ sentry/ format/k8s.c alone'
tells config/new.c '<yaml.h>' 'that library belongs to base/yaml.h alone'
tells tools/new.c '<ini.h>' 'that library belongs to config/settings.c config/state.c alone'
tells sentry/new.c '<curl/curl.h>' 'that library belongs to tools/ alone'
tells client/new.c '"proto/sentry.pb-c.h"' 'only rpc/messages.c knows the generated messages'
tells pki/new.c '<openssl/evp.h>' 'a library without a rule'

# what is allowed, all of it in one tree
rm "$WORK/src/pki/new.c"
printf '#include "tools/tools.h"\n#include "base/base.h"\n' >"$WORK/src/daprcerts.c"
printf '#include "sentry/sentry.h"\n#include "client/client.h"\n#include <jansson.h>\n' >"$WORK/src/tools/new.c"
printf '#include "ca/ca.h"\n#include "rpc/rpc.h"\n#include <uv.h>\n#include <netinet/in.h>\n' >"$WORK/src/sentry/new.c"
printf '#include "pki/pki.h"\n#include "config/config.h"\n' >"$WORK/src/ca/new.c"
printf '#include "pki/pki.h"\n#include <gnutls/gnutls.h>\n' >"$WORK/src/rpc/tls.c"
printf '  #  include "base/base.h"\n#include <string.h>\n' >"$WORK/src/store/new.c"
same '' "$(offences "$WORK/src")" 'what is allowed is not told of'
finish
