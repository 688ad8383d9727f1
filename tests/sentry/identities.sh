#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Who may be whom: the list in daprcerts.conf, and the DNS names of old sidecars. Certificates are read by openssl.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/interop/server.sh"
cd "$WORK" || exit 1
make_ca

asks() { "$DAPRCERTS" issue "$1" --sentry "$SENTRY_ADDR" --namespace "${2:-default}" --force; }
names() { openssl x509 -in "$1.crt" -noout -ext subjectAltName | sed -n 's/^ *\(URI.*\|DNS.*\)/\1/p'; }

# --- the list -----------------------------------------------------------------------------------------------------------
cp ca/daprcerts.conf plain.conf
printf '\n[allow]\ndefault = web, shop\nopen = *\n' >>ca/daprcerts.conf
start_sentry
status 0 'a listed app id' asks shop
status 0 'any in a namespace that is open' asks whoever open
status 1 'one that is not listed' asks wbe
has "$WORK/err" "app id 'wbe' in namespace 'default' is none that may be asked for" 'is told so'
has "$WORK/err" 'PERMISSION_DENIED' 'as PERMISSION_DENIED'
status 1 'a namespace that is not listed' asks web prod
stop_sentry
for bad in 'default =' 'default = a/b' 'a/b = web'; do
  { cat plain.conf; printf '\n[allow]\n%s\n' "$bad"; } >ca/daprcerts.conf
  status 1 "a bad line ends the start: $bad" "$DAPRCERTS" sentry --port 0
  has "$WORK/err" "daprcerts.conf' line $(wc -l <ca/daprcerts.conf): [allow]" 'with file and line'
done
cp plain.conf ca/daprcerts.conf

start_sentry
status 0 'the port as it is' asks web
wrapped=$((${SENTRY_ADDR##*:} + 65536))
status 1 'the port and 65536' "$DAPRCERTS" issue web --sentry "${SENTRY_ADDR%:*}:$wrapped" --force
has "$WORK/err" 'is no address' 'is none'
stop_sentry

# --- DNS names ------------------------------------------------------------------------------------------------------------
# Who asks as sidecars of today do gets one under `always` alone; the old ones' forms are tested in tests/interop.
for when in auto always never; do
  start_sentry --legacy-dns-sans "$when"
  asks web >/dev/null 2>&1
  want='URI:spiffe://public/ns/default/web'
  [ "$when" != always ] || want="$want, DNS:web.default.svc.cluster.local"
  same "$want" "$(names web)" "--legacy-dns-sans $when"
  stop_sentry
done
status 2 'a word that is none' "$DAPRCERTS" sentry --port 0 --legacy-dns-sans sometimes
finish
