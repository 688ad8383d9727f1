# SPDX-License-Identifier: Apache-2.0
# CAs that other programs make, by openssl alone. Sourced by tests.

# pair_fits CRT KEY: the key is the certificate's.
pair_fits() {
  openssl x509 -in "$1" -noout -pubkey >"$WORK/pair.crt" 2>/dev/null &&
    openssl pkey -in "$2" -pubout >"$WORK/pair.key" 2>/dev/null && cmp -s "$WORK/pair.crt" "$WORK/pair.key"
}

# guide_conf DIR: root.conf and issuer.conf, the configurations of Dapr's guide.
guide_conf() {
  mkdir -p "$1"
  cat >"$1/root.conf" <<'CONF'
[req]
distinguished_name = req_distinguished_name
x509_extensions = v3_req
prompt = no
[req_distinguished_name]
C = US
ST = VA
L = Daprville
O = dapr.io/sentry
OU = dapr.io/sentry
CN = cluster.local
[v3_req]
basicConstraints = critical, CA:true
keyUsage = critical, digitalSignature, cRLSign, keyCertSign
extendedKeyUsage = serverAuth, clientAuth
subjectAltName = @alt_names
[alt_names]
DNS.1 = cluster.local
CONF
  sed 's/CA:true/CA:true, pathlen:0/' "$1/root.conf" >"$1/issuer.conf"
}

# guide_ca DIR: the openssl recipe of that guide.
guide_ca() {
  guide_conf "$1/work"
  {
    openssl ecparam -genkey -name prime256v1 | openssl ec -out "$1/ca.key"
    openssl req -new -nodes -sha256 -key "$1/ca.key" -out "$1/work/root.csr" -config "$1/work/root.conf" \
      -extensions v3_req
    openssl x509 -req -sha256 -days 365 -in "$1/work/root.csr" -signkey "$1/ca.key" -outform PEM -out "$1/ca.crt" \
      -extfile "$1/work/root.conf" -extensions v3_req
    openssl ecparam -genkey -name prime256v1 | openssl ec -out "$1/issuer.key"
    openssl req -new -sha256 -key "$1/issuer.key" -out "$1/work/issuer.csr" -config "$1/work/issuer.conf" \
      -extensions v3_req
    openssl x509 -req -in "$1/work/issuer.csr" -CA "$1/ca.crt" -CAkey "$1/ca.key" -CAcreateserial \
      -CAserial "$1/work/serial" -outform PEM -out "$1/issuer.crt" -days 365 -sha256 -extfile "$1/work/issuer.conf" \
      -extensions v3_req
  } >"$1/work/log" 2>&1
  rm -r "$1/work"
}

# step_ca DIR: as `step certificate create cluster.local` makes root and intermediate: one subject for both, and an
# issuer without authority key identifier, which openssl itself cannot verify and Dapr accepts.
step_ca() {
  mkdir -p "$1/work"
  printf '%s\n' '[req]' 'distinguished_name = name' '[name]' >"$1/work/req.conf"
  printf '%s\n' 'basicConstraints = critical, CA:true, pathlen:1' 'keyUsage = critical, keyCertSign, cRLSign' \
    'subjectKeyIdentifier = hash' 'authorityKeyIdentifier = none' >"$1/work/root.ext"
  sed 's/pathlen:1/pathlen:0/' "$1/work/root.ext" >"$1/work/issuer.ext"
  {
    for key in ca issuer; do
      openssl ecparam -genkey -name prime256v1 -noout -out "$1/$key.key"
      openssl req -new -key "$1/$key.key" -subj /CN=cluster.local -config "$1/work/req.conf" -out "$1/work/$key.csr"
    done
    openssl x509 -req -in "$1/work/ca.csr" -signkey "$1/ca.key" -days 3650 -extfile "$1/work/root.ext" -out "$1/ca.crt"
    openssl x509 -req -in "$1/work/issuer.csr" -CA "$1/ca.crt" -CAkey "$1/ca.key" -CAcreateserial \
      -CAserial "$1/work/serial" -days 365 -extfile "$1/work/issuer.ext" -out "$1/issuer.crt"
  } >"$1/work/log" 2>&1
  rm -r "$1/work"
}

# expired_ca DIR: a root that lives, and an issuer whose time ended in 2001.
expired_ca() { dated_ca "$1" 20000101000000Z 20010101000000Z; }

# dated_ca DIR BEGIN END: a root that lives, and an issuer of that time (YYYYMMDDhhmmssZ).
dated_ca() {
  step_ca "$1"
  mkdir "$1/work"
  : >"$1/work/index"
  echo 01 >"$1/work/serial"
  printf '%s\n' '[ca]' 'default_ca = this' '[this]' "database = $1/work/index" "serial = $1/work/serial" \
    "new_certs_dir = $1/work" 'default_md = sha256' 'policy = any' 'x509_extensions = issuer' 'unique_subject = no' \
    '[any]' 'commonName = supplied' \
    '[issuer]' 'basicConstraints = critical, CA:true, pathlen:0' 'keyUsage = critical, keyCertSign, cRLSign' \
    'subjectKeyIdentifier = hash' '[req]' 'distinguished_name = name' '[name]' >"$1/work/conf"
  {
    openssl req -new -key "$1/issuer.key" -subj /CN=cluster.local -config "$1/work/conf" -out "$1/work/csr"
    openssl ca -batch -config "$1/work/conf" -cert "$1/ca.crt" -keyfile "$1/ca.key" -startdate "$2" \
      -enddate "$3" -in "$1/work/csr" -notext -out "$1/issuer.crt"
  } >"$1/work/log" 2>&1
  rm -r "$1/work"
}

# dapr_ca DIR: as Dapr's sentry makes one for itself: neither has a path length, and the root's key is thrown away.
dapr_ca() {
  mkdir -p "$1/work"
  printf '%s\n' '[req]' 'distinguished_name = name' '[name]' >"$1/work/req.conf"
  printf '%s\n' 'basicConstraints = critical, CA:true' 'keyUsage = critical, keyCertSign' \
    'subjectKeyIdentifier = hash' 'authorityKeyIdentifier = keyid' >"$1/work/ext"
  {
    for key in ca issuer; do
      openssl ecparam -genkey -name prime256v1 -noout -out "$1/$key.key"
      openssl req -new -key "$1/$key.key" -subj "/O=$key of $1" -config "$1/work/req.conf" -out "$1/work/$key.csr"
    done
    openssl x509 -req -in "$1/work/ca.csr" -signkey "$1/ca.key" -days 365 -extfile "$1/work/ext" -out "$1/ca.crt"
    openssl x509 -req -in "$1/work/issuer.csr" -CA "$1/ca.crt" -CAkey "$1/ca.key" -set_serial 2 -days 365 \
      -extfile "$1/work/ext" -out "$1/issuer.crt"
  } >"$1/work/log" 2>&1
  rm -r "$1/work" "$1/ca.key"
}

# cross_ca DIR NEW OLD SIGNER: a rotation from OLD's root to NEW's: NEW's issuer serves, whose root is signed by OLD's
# SIGNER (ca or issuer) too, and both roots are anchors.
cross_ca() {
  mkdir -p "$1"
  key_id=$(openssl x509 -in "$2/ca.crt" -noout -ext subjectKeyIdentifier | sed -n 's/^ *\([0-9A-F:]*\)$/\1/p')
  printf '%s\n' 'basicConstraints = critical, CA:true' 'keyUsage = critical, keyCertSign, cRLSign' \
    "subjectKeyIdentifier = $key_id" 'authorityKeyIdentifier = keyid' >"$1/ext"
  openssl x509 -in "$2/ca.crt" -clrext -CA "$3/$4.crt" -CAkey "$3/$4.key" -set_serial 3 -days 300 -extfile "$1/ext" \
    -out "$1/cross.crt" >/dev/null 2>&1
  cat "$2/issuer.crt" "$1/cross.crt" >"$1/issuer.crt"
  [ "$4" = ca ] || cat "$3/issuer.crt" >>"$1/issuer.crt"
  cat "$2/ca.crt" "$3/ca.crt" >"$1/ca.crt"
  cp "$2/issuer.key" "$1"
  rm "$1/ext"
}
# crossed_cas: in old and dapr a CA with and without its root's key, in old-new and dapr-new a rotation from each to new's.
crossed_cas() {
  "$DAPRCERTS" ca-init --dir old >/dev/null 2>&1
  "$DAPRCERTS" ca-init --dir new >/dev/null 2>&1
  dapr_ca dapr
  cross_ca old-new new old ca
  cross_ca dapr-new new dapr issuer
}

# lived_ca DIR BEGIN ROOT_END ISSUER_END [NAME VALUE]...: root and issuer of these times (YYYYMMDDhhmmssZ), in the form that
# Dapr's sentry makes, but that ca.key stays. NAMEs: root, issuer (what basicConstraints have beside
# CA:true), aki (authorityKeyIdentifier of the issuer).
lived_ca() {
  lived=$1 lived_begin=$2 lived_root_end=$3 lived_issuer_end=$4
  lived_root='' lived_issuer='' lived_aki=keyid
  shift 4
  while [ $# -gt 1 ]; do
    case $1 in root) lived_root=", $2" ;; issuer) lived_issuer=", $2" ;; aki) lived_aki=$2 ;; esac
    shift 2
  done
  mkdir -p "$lived/work"
  : >"$lived/work/index"
  printf '%s\n' '[ca]' 'default_ca = this' '[this]' "database = $lived/work/index" 'rand_serial = yes' \
    "new_certs_dir = $lived/work" 'default_md = sha256' 'policy = any' 'unique_subject = no' \
    '[any]' 'organizationName = supplied' \
    '[root]' "basicConstraints = critical, CA:true$lived_root" \
    'keyUsage = critical, digitalSignature, keyCertSign, cRLSign' 'subjectKeyIdentifier = hash' \
    '[issuer]' "basicConstraints = critical, CA:true$lived_issuer" \
    'keyUsage = critical, digitalSignature, keyCertSign, cRLSign' 'subjectKeyIdentifier = hash' \
    "authorityKeyIdentifier = $lived_aki" '[req]' 'distinguished_name = name' '[name]' >"$lived/work/conf"
  {
    for key in ca issuer; do
      openssl ecparam -genkey -name prime256v1 -noout -out "$lived/$key.key"
    done
    openssl req -new -key "$lived/ca.key" -subj /O=cluster.local -config "$lived/work/conf" -out "$lived/work/ca.csr"
    openssl req -new -key "$lived/issuer.key" -subj "/O=spiffe:\/\/cluster.local\/ns\/default\/dapr-sentry" \
      -config "$lived/work/conf" -out "$lived/work/issuer.csr"
    openssl ca -batch -selfsign -config "$lived/work/conf" -keyfile "$lived/ca.key" -extensions root \
      -startdate "$lived_begin" -enddate "$lived_root_end" -in "$lived/work/ca.csr" -notext -out "$lived/ca.crt"
    openssl ca -batch -config "$lived/work/conf" -cert "$lived/ca.crt" -keyfile "$lived/ca.key" -extensions issuer \
      -startdate "$lived_begin" -enddate "$lived_issuer_end" -in "$lived/work/issuer.csr" -notext \
      -out "$lived/issuer.crt"
  } >"$lived/work/log" 2>&1
  chmod 600 "$lived"/*.key
  rm -r "$lived/work"
}

# days N: that many days from now, for lived_ca. (date -d is GNU's and busybox's own; python knows the same everywhere.)
days() { "${PYTHON:-python3}" -c 'import sys, time
print(time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + float(sys.argv[1]) * 86400)))' "$1"; }
