#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The recipes of Dapr's guide to mTLS, as its readers type them: once with openssl or step making the files and our
# sentry serving, once the other way round, with openssl, step and the package of Dapr's own sentry taking ours.
. "${TOP_SRCDIR:?}/tests/interop/go-home.sh"
. "$TOP_SRCDIR/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/interop/server.sh"
. "$TOP_SRCDIR/tests/interop/go-env.sh"
. "$TOP_SRCDIR/tests/cli/openssl-ca.sh"
cd "$WORK" || exit 1
PATH=$PATH:${XDG_CACHE_HOME:-$HOME_OF_USER/.cache}/daprcerts # step, where fetch-peers.sh has built it
go_builds sidecar && go_builds traffic
certs=$HOME/.dapr/certs

# What people call it, and ports that are free.
cat >sentry <<END
#!/bin/sh
exec '$DAPRCERTS' sentry --port 0 --healthz-port 0 --metrics-port 0 --ready-file '$WORK/ready' "\$@"
END
chmod +x sentry
# run_sentry OPTION...: as it is started by the guide
run_sentry() {
  rm -f ready
  ./sentry "$@" >sentry.log 2>&1 &
  SENTRY_PID=$!
  awaited [ -s ready ]
  SENTRY_ADDR=$(at grpc)
}

# serves WHAT: what runs with the files of $certs serves sidecars.
serves() {
  check "$1: the server's certificate leads to ca.crt" serves_tls
  rm -f web.*
  # shellcheck disable=SC2016  # for that shell; the trust domain is what the guide leaves out, and sidecars since 1.14 need
  check "$1: a workload gets a certificate" sh -c 'eval $("$DAPRCERTS" env-export --no-cert --control-plane-trust-domain cluster.local) && "$DAPRCERTS" issue web --sentry "$0" --out "$1" --force' \
    "$SENTRY_ADDR" "$WORK"
  same 'URI:spiffe://public/ns/default/web' "$(openssl x509 -in web.crt -noout -ext subjectAltName | tr ', ' '\n\n' | grep spiffe)" "$1: with its name"
  if [ -x sidecar ]; then
    check "$1: sidecars speak mutual TLS" env SENTRY_ADDR="$SENTRY_ADDR" SENTRY_DIR="$certs" SENTRY_TRUST_DOMAIN=cluster.local ./sidecar
  else
    skip "$1: sidecars speak mutual TLS" "$NO_GO_PEER"
  fi
}
# Not openssl's judgement: it does not follow step's chain.
serves_tls() { "$DAPRCERTS" inspect --roots "$certs/ca.crt" --servername cluster.local "$SENTRY_ADDR"; }

# taken WHAT: the files of the folder made are taken by the others.
taken() {
  check "$1: openssl verifies the issuer" openssl verify -x509_strict -CAfile made/ca.crt made/issuer.crt
  check "$1: the key is the issuer's" pair_fits made/issuer.crt made/issuer.key
  if has_command step; then
    check "$1: step verifies the issuer" step certificate verify made/issuer.crt --roots made/ca.crt
    check "$1: step signs with it" step certificate create web made/web.crt made/web.key --ca made/issuer.crt \
      --ca-key made/issuer.key --bundle --no-password --insecure --force
    check "$1: and verifies what it has signed" step certificate verify made/web.crt --roots made/ca.crt --host web
  else
    skip "$1: step" 'no peer: step (tests/interop/fetch-peers.sh builds it)'
  fi
  if [ -x traffic ]; then
    check "$1: Dapr's sentry takes the directory" env TMPDIR="$WORK" ./traffic take made
  else
    skip "$1: Dapr's sentry takes the directory" "$NO_GO_PEER"
  fi
}

# --- sentry makes its own ---------------------------------------------------------------------------------------------
mkdir -p "$HOME/.dapr/certs"
run_sentry --issuer-credentials "$HOME/.dapr/certs" --trust-domain cluster.local
check 'sentry makes a CA' test -s "$certs/ca.crt" -a -s "$certs/issuer.crt" -a -s "$certs/issuer.key"
serves 'its own'
stop_sentry
mkdir made
cp "$certs"/* made 2>/dev/null
taken 'its own'
cp "$certs/ca.crt" first.crt
rm -rf "$certs" made
mkdir -p "$HOME/.dapr/certs"

# --- the sidecar's environment -------------------------------------------------------------------------------------------
run_sentry --issuer-credentials "$HOME/.dapr/certs" --trust-domain cluster.local
check 'deleted and started again it makes another' sh -c "! cmp -s first.crt '$certs/ca.crt'"
# shellcheck disable=SC2006,SC2155,SC2046  # the guide's lines
(
  export DAPR_TRUST_ANCHORS=`cat $HOME/.dapr/certs/ca.crt`
  export DAPR_CERT_CHAIN=`cat $HOME/.dapr/certs/issuer.crt`
  export DAPR_CERT_KEY=`cat $HOME/.dapr/certs/issuer.key`
  export NAMESPACE=default
  printf '%s\n' "$DAPR_TRUST_ANCHORS" "$DAPR_CERT_CHAIN" "$DAPR_CERT_KEY" "$NAMESPACE" >guide.env
)
# shellcheck disable=SC2046
(
  eval $("$DAPRCERTS" env-export --issuer-as-client)
  printf '%s\n' "$DAPR_TRUST_ANCHORS" "$DAPR_CERT_CHAIN" "$DAPR_CERT_KEY" "$NAMESPACE" >ours.env
)
check 'env-export has the same values' cmp guide.env ours.env
stop_sentry

# --- its configuration --------------------------------------------------------------------------------------------------
cat >config.yaml <<'END'
apiVersion: dapr.io/v1alpha1
kind: Configuration
metadata:
  name: daprsystem
  namespace: default
spec:
  mtls:
    enabled: true
    workloadCertTTL: "25s"
END
run_sentry --issuer-credentials "$HOME/.dapr/certs" --trust-domain cluster.local --config=./config.yaml
check 'with its configuration a workload gets a certificate' "$DAPRCERTS" issue web --sentry "$SENTRY_ADDR" --out . --force \
  --control-plane-trust-domain cluster.local
check 'that lives' openssl x509 -in web.crt -noout -checkend 0
status 1 'for 25 seconds' openssl x509 -in web.crt -noout -checkend 26
stop_sentry
rm -rf "$certs"

# --- certificates by openssl ----------------------------------------------------------------------------------------------
guide_ca "$certs"
run_sentry --issuer-credentials "$HOME/.dapr/certs" --trust-domain cluster.local
serves "openssl's"
stop_sentry
guide_conf made
check 'ours, by the same configuration' "$DAPRCERTS" ca-init --dir made --conf made/root.conf --issuer-conf made/issuer.conf
taken "ours, by openssl's configuration"
for what in subject issuer; do
  same "$(openssl x509 -in "$certs/issuer.crt" -noout -$what)" "$(openssl x509 -in made/issuer.crt -noout -$what)" "the same $what"
done
rm -rf "$certs" made

# --- certificates by step ---------------------------------------------------------------------------------------------------
if has_command step; then
  mkdir step
  check 'step makes a root' sh -c 'cd step && step certificate create cluster.local ca.crt ca.key --profile root-ca --no-password --insecure'
  check 'and an issuer' sh -c 'cd step && step certificate create cluster.local issuer.crt issuer.key --ca ca.crt --ca-key ca.key --profile intermediate-ca --not-after 8760h --no-password --insecure'
  mkdir -p "$certs"
  cp step/ca.crt step/issuer.crt step/issuer.key "$certs"
  run_sentry --issuer-credentials "$HOME/.dapr/certs" --trust-domain cluster.local
  serves "step's"
  stop_sentry
  rm -rf "$certs"
else
  skip "step's" 'no peer: step (tests/interop/fetch-peers.sh builds it)'
fi
check 'ours' "$DAPRCERTS" ca-init --dir made --trust-domain cluster.local
taken 'ours'

# --- Kubernetes ------------------------------------------------------------------------------------------------------------------
find_python yaml
if [ -n "$PYTHON" ]; then
  cat >clear-trust-bundle.yaml <<'END'
apiVersion: v1
kind: Secret
metadata:
  name: dapr-trust-bundle
  labels:
    app: dapr-sentry
data:
END
  "$DAPRCERTS" kube-export --clear --namespace '' >cleared.yaml
  check 'the Secret that clears the bundle is the same' "$PYTHON" -c 'import yaml
a, b = (yaml.safe_load(open(name)) for name in ("clear-trust-bundle.yaml", "cleared.yaml"))
a["data"] = a["data"] or {}; b["data"] = b.get("data") or {}
assert a == b, (a, b)'
else
  skip 'the Secret that clears the bundle is the same' 'no peer: python3-yaml'
fi
finish
