#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Configurations of openssl's, each given to openssl and to us: a certificate comes out with the same subject and the
same extensions, byte for byte, or both refuse. Where we alone refuse, the table says why. TAP.

usage: openssl_conf.py DAPRCERTS FOLDER
"""
import hashlib
import os
import re
import subprocess
import sys

DAPRCERTS, FOLDER = sys.argv[1:3]
URI = "spiffe://public/ns/default/web"

# --- the table ------------------------------------------------------------------------------------------------------

NAME = "C = US\nO = dapr.io/sentry\nCN = cluster.local\n"
CA = "basicConstraints = critical, CA:true\nkeyUsage = critical, digitalSignature, cRLSign, keyCertSign\n"
LEAF = "keyUsage = critical, digitalSignature\nextendedKeyUsage = serverAuth, clientAuth\n"
BITS = "keyUsage = critical, keyCertSign\n"


def conf(ext=CA, name=NAME, req="prompt = no\n", more=""):
    head = "[req]\ndistinguished_name = dn\nx509_extensions = ext\n"
    return f"{head}{req}[dn]\n{name}[ext]\n{ext}{more}".encode("latin-1")


def guide(bc="critical, CA:true"):
    return f"""[req]
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
basicConstraints = {bc}
keyUsage = critical, digitalSignature, cRLSign, keyCertSign
extendedKeyUsage = serverAuth, clientAuth
subjectAltName = @alt_names
[alt_names]
DNS.1 = cluster.local
""".encode()


def san(value, more=""):
    return conf(CA + f"subjectAltName = {value}\n", more=more)


# A certificate, the same from both. Each is made a root, by `req -x509`, and an issuer, by `x509 -req -extfile`; a
# third column says where it can be one of them alone, or is a workload's.
SAME = [
    ("the guide's root.conf", guide()),
    ("the guide's issuer.conf", guide("critical, CA:true, pathlen:0"), "issuer"),
    ("the guide's files with CRLF and a byte order mark", b"\xef\xbb\xbf" + guide().replace(b"\n", b"\r\n")),
    ("a path length", conf("basicConstraints = CA:TRUE,pathlen:3\n" + BITS)),
    ("pathlen: with a space", conf("basicConstraints = critical, CA:true, pathlen: 1\n" + BITS)),
    ("pathlen:0", conf("basicConstraints = critical, CA:true, pathlen:0\n" + BITS), "issuer"),
    ("CA:yes", conf("basicConstraints = critical,CA:yes\n" + BITS)),
    ("CA : Y, spaces around the colon", conf("basicConstraints = CA : Y\n" + BITS)),
    ("basicConstraints in a section",
     conf("basicConstraints = critical, @bc\n" + BITS, more="[bc]\nCA = true\npathlen = 2\n")),
    ("basicConstraints that are not critical", conf("basicConstraints = CA:true\n" + BITS)),
    ("a keyUsage that is not critical", conf("basicConstraints = CA:true\nkeyUsage = keyCertSign,cRLSign\n")),
    ("long names of key usages",
     conf("basicConstraints = CA:true\nkeyUsage = Certificate Sign, CRL Sign, Digital Signature\n")),
    ("each key usage", conf("basicConstraints = CA:true\nkeyUsage = digitalSignature, nonRepudiation, keyEncipherment, "
                            "dataEncipherment, keyAgreement, keyCertSign, cRLSign, encipherOnly, decipherOnly\n")),
    ("one that is in the second octet alone, beside keyCertSign",
     conf("basicConstraints = CA:true\nkeyUsage = keyCertSign, decipherOnly\n")),
    ("no keyUsage", conf("basicConstraints = CA:true\n")),
    ("usages by short and long name and by OID",
     conf(CA + "extendedKeyUsage = critical, serverAuth, TLS Web Client Authentication, codeSigning, "
               "1.2.3.4, 2.999.4294967295\n")),
    ("every usage that has a name",
     conf(CA + "extendedKeyUsage = serverAuth, clientAuth, codeSigning, emailProtection, ipsecEndSystem, ipsecTunnel, "
               "ipsecUser, timeStamping, OCSPSigning, ipsecIKE, anyExtendedKeyUsage, msSGC, nsSGC\n")),
    ("usages in a section", conf(CA + "extendedKeyUsage = @use\n", more="[use]\n1 = serverAuth\n2 = clientAuth\n")),
    ("names inline", san("DNS:a.test, DNS : b.test,URI:urn:x:y,email:me@a.test,IP:10.0.0.1,IP:fe80::1,RID:1.2.3.4")),
    ("names in a section", san("critical,@alt", "[alt]\nDNS.1 = a.test\nDNS.2 = b.test\nIP.1 = 127.0.0.1\nIP.2 = ::1\n"
                "URI.1 = https://a.test/?x,y\nemail.1 = me@a.test\nRID.1 = 1.2.840.113549\n")),
    ("a directory name", san("dirName:dir", "[dir]\nC = US\nCN = somebody\n")),
    ("a directory name in a section", san("@alt", "[alt]\ndirName.1 = dir\n[dir]\nO = x\n0.OU = a\n1.OU = b\n")),
    ("another name", san("otherName:1.2.3.4;UTF8:some text")),
    ("another name in a section, IA5", san("@alt", "[alt]\notherName.1 = 1.2.3.4;IA5STRING:text\n")),
    ("email:copy", conf(CA + "subjectAltName = email:copy,DNS:a.test\n", NAME + "emailAddress = me@a.test\n")),
    ("email:copy in a section of names",
     conf(CA + "subjectAltName = @alt\n", NAME + "0.emailAddress = me@a.test\n1.emailAddress = you@a.test\n",
                                              more="[alt]\nemail = copy\n")),
    ("a key identifier by hash", conf(CA + "subjectKeyIdentifier = hash\n")),
    ("a key identifier of one's own", conf(CA + "subjectKeyIdentifier = 01:02:0aFF\n")),
    ("no key identifier", conf(CA + "subjectKeyIdentifier = none\n")),
    ("authorityKeyIdentifier keyid", conf(CA + "authorityKeyIdentifier = keyid\n")),
    ("authorityKeyIdentifier keyid:always", conf(CA + "authorityKeyIdentifier = keyid:always\n")),
    ("authorityKeyIdentifier keyid, issuer", conf(CA + "authorityKeyIdentifier=keyid,issuer\n"), "issuer"),
    ("authorityKeyIdentifier keyid:always,issuer before the key's own",
     conf("authorityKeyIdentifier=keyid:always,issuer\nsubjectKeyIdentifier=hash\n" + CA)),
    ("authorityKeyIdentifier issuer", conf(CA + "authorityKeyIdentifier = issuer\n"), "issuer"),
    ("authorityKeyIdentifier keyid, issuer:always",
     conf(CA + "authorityKeyIdentifier = keyid, issuer:always\n"), "issuer"),
    ("authorityKeyIdentifier none", conf(CA + "authorityKeyIdentifier = none\n")),
    ("name constraints", conf(CA + "nameConstraints = critical, permitted;DNS:cluster.local, excluded;DNS:.evil.test, "
                                   "permitted;email:.a.test\n")),
    ("name constraints in a section, with networks",
     conf(CA + "nameConstraints = @nc\n",
          more="[nc]\npermitted;IP.1 = 10.0.0.0/255.0.0.0\nexcluded;IP.2 = fe80::/ffff::\n"
                "permitted;dirName.1 = dir\n[dir]\nO = x\n")),
    ("a comment and a type of Netscape's",
     conf(CA + 'nsComment = "made by openssl, #1"\nnsCertType = sslCA, emailCA, S/MIME\n')),
    ("the other texts of Netscape's", conf(CA + "nsBaseUrl = https://a/\nnsRevocationUrl = b\nnsCaRevocationUrl = c\n"
                "nsRenewalUrl = d\nnsCaPolicyUrl = e\nnsSslServerName = f\n")),
    ("policies", conf(CA + "certificatePolicies = 1.2.3.4, anyPolicy\n")),
    ("points of revocation", conf(CA + "crlDistributionPoints = URI:http://a.test/crl, URI:http://b.test/crl\n")),
    ("points of revocation in a section",
     conf(CA + "crlDistributionPoints = @crl\n", more="[crl]\nURI.0 = http://a.test/crl\n")),
    ("access to information", conf(CA + "authorityInfoAccess = OCSP;URI:http://a.test/, caIssuers;URI:http://a.test/ca,"
                                        "1.2.3.4;DNS:a.test\n")),
    ("an extension of any kind", conf(CA + "1.2.3.4 = DER:04:02:ab:Cd\n")),
    ("one that is known by name, as bytes", conf("basicConstraints = critical,DER:30:03:01:01:FF\n" + BITS)),
    ("the extensions in another order", conf("subjectKeyIdentifier = hash\nsubjectAltName = DNS:a.test\n" + CA)),
    ("an extension that is there twice: the last one, at its place",
     conf("basicConstraints = CA:true\nkeyUsage = cRLSign\nnsComment = x\nkeyUsage = keyCertSign\n")),
    ("long names of attributes", conf(name="countryName = DE\nstateOrProvinceName = Bayern\nlocalityName = M\n"
                                           "organizationName = o\norganizationalUnitName = ou\ncommonName = cn\n")),
    ("attributes that are there more than once",
     conf(name="0.organizationName = one\n1.organizationName = two\nA.OU = x\n1.OU = y\n")),
    ("an attribute that is set again: the last one, at its place", conf(name="O = one\nCN = x\nO = two\n")),
    ("attributes of each type of string",
     conf(name="C = US\nserialNumber = 12\nDC = test\nUID = u\nemailAddress = me@a.test\n"
                "dnQualifier = q\nSN = s\nGN = g\ninitials = i\ntitle = t\nname = n\n"
                "street = s 1\npostalCode = 1\nbusinessCategory = b\ndescription = d\n"
                "pseudonym = p\ngenerationQualifier = IV\nmail = me@a.test\n"
                "unstructuredName = un\n")),
    ("an attribute by its OID", conf(name="0.2.5.4.3 = by number\n1.1.2.3.4 = of one's own\n")),
    ("UTF-8",
     conf(name="O = M\xc3\xbcller\nCN = \xe2\x82\xac\n", req="prompt = no\nutf8 = yes\nstring_mask = utf8only\n")),
    ("Latin-1", conf(name="O = M\xfcller\n")),
    ("quotes, escapes, comments, variables",
     conf(name="O = 'a, # b' \"\\\"c\\\"\" # comment\nOU = x\\#y\\\\z ; no comment\nCN = $dn::O-${OU}\n")),
    ("the environment", conf(name="CN = $ENV::DC_TEST_NAME\n")),
    ("continued lines", conf("basicConstraints = critical, \\\n  CA:true\nkeyUsage = \\\nkeyCertSign\n")),
    ("values in [default]",
     b"name = cluster.local\nprompt = no\ndistinguished_name = d n\nx509_extensions = e x t\n[ req ]\n"
                            b"[ d n ]\nCN = $name\n[ e x t ]\nbasicConstraints = CA:true\n"),
    ("what [req] says of keys", conf(req="prompt = no\ndefault_bits = 2048\ndefault_md = sha256\nencrypt_key = no\n"
                                         "default_keyfile = x.key\nattributes = a\n", more="[a]\n")),
    ("req_extensions alone", conf().replace(b"x509_extensions", b"req_extensions"), "issuer"),
    ("sections and values that nobody asks for", conf(more="[other]\nx = y\n[CA_default]\ndefault_days = 3\n")),
    ("a long line",
     conf(CA + "subjectAltName = " + ", ".join(f"DNS:host-{i}.example.test" for i in range(200)) + "\n")),
    ("a workload", conf(LEAF + f"subjectAltName = URI:{URI}, DNS:web.test\n"), "leaf"),
    ("a workload with CA:false", conf("basicConstraints = critical, CA:false\n" + LEAF + f"subjectAltName = @n\n",
                                      more=f"[n]\nURI.1 = {URI}\nIP.1 = 10.0.0.1\n"), "leaf"),
    ("a workload with CA:FALSE,pathlen:0",
     conf("basicConstraints = CA:FALSE,pathlen:0\n" + LEAF + f"subjectAltName = URI:{URI}\n"), "leaf"),
    ("a workload with a critical name and authorityKeyIdentifier",
     conf(f"subjectAltName = critical,URI:{URI}\nauthorityKeyIdentifier = keyid,issuer:always\n" + LEAF), "leaf"),
    ("a workload without usages", conf(f"subjectAltName = URI:{URI}\n"), "leaf"),
]

# Nobody makes a certificate.
REFUSED = [
    ("critical ,CA:true", conf("basicConstraints = critical ,CA:true\n" + BITS)),
    ("CRITICAL", conf("basicConstraints = CRITICAL, CA:true\n" + BITS)),
    ("critical alone", conf("basicConstraints = critical\n" + BITS)),
    ("ca:true", conf("basicConstraints = ca:true\n" + BITS)),
    ("CA:1", conf("basicConstraints = CA:1\n" + BITS)),
    ("CA:True", conf("basicConstraints = CA:True\n" + BITS)),
    ("CA alone", conf("basicConstraints = CA\n" + BITS)),
    ("CA:true pathlen:0", conf("basicConstraints = CA:true pathlen:0\n" + BITS)),
    ("pathlen:x", conf("basicConstraints = CA:true,pathlen:x\n" + BITS)),
    ("PathLen:0", conf("basicConstraints = CA:true,PathLen:0\n" + BITS)),
    ("an empty value", conf("basicConstraints =\n" + BITS)),
    ("a comma too many", conf("basicConstraints = CA:true,\n" + BITS)),
    ("crlSign", conf("basicConstraints = CA:true\nkeyUsage = keyCertSign, crlSign\n")),
    ("DigitalSignature", conf("basicConstraints = CA:true\nkeyUsage = DigitalSignature, keyCertSign\n")),
    ("usages with spaces between", conf("basicConstraints = CA:true\nkeyUsage = keyCertSign cRLSign\n")),
    ("an extended usage that is none", conf(CA + "extendedKeyUsage = serverAuth, tlsAuth\n")),
    ("an extended usage in lower case", conf(CA + "extendedKeyUsage = serverauth\n")),
    ("dns:", san("dns:a.test")),
    ("IP Address:", san("IP Address:10.0.0.1")),
    ("IP: of no address", san("IP:10.0.0.256")),
    ("IP: with a mask", san("IP:10.0.0.0/255.0.0.0")),
    ("a name without a kind", san("a.test")),
    ("a name without a value", san("DNS:")),
    ("@section, DNS:x", san("@alt, DNS:x", "[alt]\nDNS.1 = a\n")),
    ("DNS:x, @section", san("DNS:x, @alt", "[alt]\nDNS.1 = a\n")),
    ("a section that is not there", san("@nope")),
    ("an empty section", san("@alt", "[alt]\n")),
    ("a directory name without its section", san("dirName:nope")),
    ("RID: of no OID", san("RID:x.y")),
    ("otherName without a type", san("otherName:1.2.3.4;text")),
    ("an extension that is none", conf(CA + "basicConstraint = CA:true\n")),
    ("an extension in lower case", conf(CA + "subjectaltname = DNS:x\n")),
    ("an extension by a long name", conf(CA + "X509v3 = x\n")),
    ("a key identifier that is none", conf(CA + "subjectKeyIdentifier = hashed\n")),
    ("authorityKeyIdentifier of another kind", conf(CA + "authorityKeyIdentifier = key\n")),
    ("authorityKeyIdentifier keyid, none", conf(CA + "authorityKeyIdentifier = keyid, none\n")),
    ("constraints of no kind", conf(CA + "nameConstraints = allowed;DNS:x\n")),
    ("constraints with an address without its mask", conf(CA + "nameConstraints = permitted;IP:10.0.0.1\n")),
    ("a type of Netscape's that is none", conf(CA + "nsCertType = ca\n")),
    ("policies that are no OIDs", conf(CA + "certificatePolicies = strict\n")),
    ("access without a method", conf(CA + "authorityInfoAccess = URI:http://x\n")),
    ("DER: without hexadecimal", conf(CA + "1.2.3.4 = DER:zz\n")),
    ("a country of three letters", conf(name="C = USA\n")),
    ("a country with an umlaut", conf(name="C = \xfc1\n")),
    ("a serialNumber with an @", conf(name="serialNumber = a@b\n")),
    ("an emailAddress that is not ASCII", conf(name="emailAddress = \xfc@x\n")),
    ("a common name of 65 characters", conf(name=f"CN = {'x' * 65}\n")),
    ("an empty common name", conf(name="CN =\n")),
    ("an attribute that is none", conf(name="commonname = x\n")),
    ("an attribute by its OID without a number before", conf(name="2.5.4.3 = x\n")),
    ("UTF-8 that is none", conf(name="O = \xff\n", req="prompt = no\nutf8 = yes\n")),
    ("a subject without attributes", conf(name="")),
    ("no [req]", b"[dn]\nCN = x\n[ext]\nbasicConstraints = CA:true\n"),
    ("no distinguished_name", b"[req]\nprompt = no\nx509_extensions = ext\n[ext]\nbasicConstraints = CA:true\n"),
    ("distinguished_name without its section",
     b"[req]\nprompt = no\ndistinguished_name = nope\nx509_extensions = ext\n[ext]\nbasicConstraints = CA:true\n"),
    ("x509_extensions without its section",
     conf().replace(b"x509_extensions = ext", b"x509_extensions = nope"), "root"),
    ("a variable without a value", conf(name="CN = $nope\n")),
    ("an environment without it", conf(name="CN = $ENV::DC_TEST_NOPE\n")),
    ("a brace that is not closed", conf(name="CN = ${x\n")),
    ("a line that is no pair", conf(more="x\n")),
    ("; for a comment", conf(more="; x\n")),
    ("a bracket that is not closed", conf(more="[x\n")),
]

# What openssl takes and we do not: why, and what the message says.
STRICTER = [
    ("the root is no certificate authority, which no sidecar would believe",
     conf("basicConstraints = CA:false\n"), "CA:TRUE is missing"),
    ("and so here", conf("nsComment = x\n"), "CA:TRUE is missing"),
    ("a root that allows no issuer below it", conf("basicConstraints = CA:true,pathlen:0\n" + BITS), "path length 0"),
    ("authorityKeyIdentifier keyid:never, which later ones refuse",
     conf(CA + "authorityKeyIdentifier = keyid:never\n"), "authorityKeyIdentifier: 'keyid:never'"),
    ("authorityKeyIdentifier keyid twice, which later ones refuse",
     conf(CA + "authorityKeyIdentifier = keyid, keyid\n"), "authorityKeyIdentifier: 'keyid'"),
    ("it may not sign certificates", conf("basicConstraints = CA:true\nkeyUsage = cRLSign\n"), "keyCertSign"),
    ("its names exclude sentry's own, below it",
     conf(CA + "nameConstraints = permitted;DNS:a.test\n"), "cluster.local"),
    ("a path length below zero is none",
     conf("basicConstraints = CA:true,pathlen:-1\n" + BITS), "line 10: basicConstraints: 'pathlen:-1'"),
    ("a space in a DNS name matches nothing", san("DNS:a b"), "line 12: subjectAltName: 'a b' holds a space"),
    ("an empty name matches nothing", san("@alt", "[alt]\nDNS.1 =\n"), "line 14: DNS.1: 'DNS.1' has no value"),
    ("an empty attribute names nothing", conf(name="title =\nCN = x\n"), "line 6: title: empty"),
    ("email:move would change the subject",
     conf(CA + "subjectAltName = email:move\n", "emailAddress = me@a.test\nCN = x\n"), "subjectAltName: 'email:move'"),
    ("a root's own name and serial in authorityKeyIdentifier are rare",
     conf(CA + "authorityKeyIdentifier = issuer:always\n"), "authorityKeyIdentifier: 'issuer:always'", "root"),
    ("policies with qualifiers are rare",
     conf(CA + "certificatePolicies = @pol\n",
          more="[pol]\npolicyIdentifier = 1.2.3\n"), "line 14: policyIdentifier: policies with qualifiers"),
    ("points in sections of their own are rare",
     conf(CA + "crlDistributionPoints = point\n",
          more="[point]\nfullname = URI:http://x\n"), "crlDistributionPoints: 'point'"),
    ("ASN1: is a language of its own", conf(CA + "1.2.3.4 = ASN1:UTF8String:x\n"), "1.2.3.4: 'ASN1:'"),
    ("extensions of other kinds",
     conf(CA + "tlsfeature = status_request\n"), "line 12: tlsfeature: no extension that is known here"),
    ("a usage of another kind by name", conf(CA + "extendedKeyUsage = msCodeInd\n"), "extendedKeyUsage: 'msCodeInd'"),
    ("an attribute of another kind by name",
     conf(name="CN = x\nfavouriteDrink = tea\n"), "favouriteDrink: 'favouriteDrink'"),
    ("several attributes at one place", conf(name="O = x\n+CN = y\n"), "line 7: +CN: several attributes"),
    ("other string types", conf(req="prompt = no\nstring_mask = nombstr\n"), "line 5: string_mask"),
    ("names for OIDs",
     conf(req="prompt = no\noid_section = oids\n", more="[oids]\nmine = 1.2.3\n"), "line 5: oid_section"),
    (".include would leave the folder", conf(more=".include nope.cnf\n"), "line 12: .include"),
    (".pragma changes the language", conf(more=".pragma = dollarid:off\n"), "line 12: .pragma"),
    ("what stands behind a section's name would be lost",
     conf(more="[x] y = z\n"), "line 12: a setting goes on a line of its own"),
    ("a value without a name would be lost", conf(more="[x]\n = z\n"), "line 13: a value without a name"),
    ("nothing is asked for here", conf(req=""), "'prompt = no'"),
    ("and 'prompt = no' is in lower case", conf(req="prompt = NO\n"), "'prompt = no'"),
    ("without extensions there is no certificate authority",
     b"[req]\ndistinguished_name = dn\nprompt = no\n[dn]\nCN = x\n", "names no extensions", "root"),
    ("a workload is no certificate authority",
     conf("basicConstraints = CA:true\n" + LEAF + f"subjectAltName = URI:{URI}\n"), "CA:true", "leaf"),
    ("a workload needs digitalSignature",
     conf(f"keyUsage = keyEncipherment\nsubjectAltName = URI:{URI}\n"), "digitalSignature", "leaf"),
    ("a workload is a server or a client",
     conf(f"extendedKeyUsage = codeSigning\nsubjectAltName = URI:{URI}\n"), "neither serverAuth nor clientAuth",
     "leaf"),
    ("a workload has one URI", conf(LEAF + "subjectAltName = URI:https://a.test\n"), "exactly one URI", "leaf"),
    ("a critical extension that nobody knows",
     conf(LEAF + f"subjectAltName = URI:{URI}\n1.2.3.4 = critical,DER:0500\n"), "critical extension", "leaf"),
]

# A root's own name and serial number as its authorityKeyIdentifier: openssl 3.0 writes them, later ones do
# not, and so we.
SUPPRESSED = [
    ("authorityKeyIdentifier keyid, issuer", conf(CA + "authorityKeyIdentifier = keyid, issuer\n")),
    ("authorityKeyIdentifier issuer", conf(CA + "authorityKeyIdentifier = issuer\n")),
]
AUTHORITY_KEY_ID = "551d23"

# --- certificates ---------------------------------------------------------------------------------------------------


def elements(data):
    """The elements of a DER content: (tag, content, all of it)."""
    at = 0
    while at < len(data):
        n, head = data[at + 1], 2
        if n & 0x80:
            head += n & 0x7F
            n = int.from_bytes(data[at + 2 : at + head], "big")
        yield data[at], data[at + head : at + head + n], data[at : at + head + n]
        at += head + n


class Cert:
    def __init__(self, der):
        fields = list(elements(next(elements(next(elements(der))[1]))[1]))
        if fields[0][0] != 0xA0:  # version 1
            fields.insert(0, None)
        self.serial, self.issuer, self.subject = fields[1][1], fields[3][2], fields[5][2]
        self.key_id = hashlib.sha1(list(elements(fields[6][1]))[1][1][1:]).digest()
        self.extensions = []
        for tag, content, _ in fields[7:]:
            for _, extension, _ in elements(next(elements(content))[1]):
                parts = list(elements(extension))
                self.extensions.append((parts[0][1], len(parts) == 3, parts[-1][1]))


def described(cert, signer):
    """Subject and extensions; what differs by the keys, or by who made the signer, replaced by a word."""
    rows = [("subject", cert.subject.hex())]
    for oid, critical, value in cert.extensions:
        for what, word in ((cert.key_id, b"<own id>"), (signer.key_id, b"<signer's id>"),
                           (signer.serial, b"<signer's serial>")):
            value = value.replace(what, word)
        rows.append((oid.hex(), critical, value))
    return rows


def first_of(pem):
    match = re.search(rb"-----BEGIN CERTIFICATE-----(.*?)-----END", pem, re.S)
    return Cert(__import__("base64").b64decode(match.group(1)))


# --- both sides -----------------------------------------------------------------------------------------------------

HOME = os.path.join(FOLDER, "home")
ENVIRONMENT = dict(os.environ, DC_TEST_NAME="from outside", HOME=HOME, OPENSSL_CONF=os.devnull)


def run(*args):
    return subprocess.run(args, cwd=FOLDER, env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)


def need(*args):
    done = run(*args)
    if done.returncode:
        sys.exit(f"Bail out! {args}: {done.stderr.decode()}")
    return done


def path(name):
    return os.path.join(FOLDER, name)


def section_of(text):
    match = re.search(rb"(?:x509|req)_extensions = (.*?)\r?\n", text)
    return match.group(1).decode() if match else "none"


def openssl(role, text):
    """A certificate, or None and what it said."""
    if role == "root":
        done = run("openssl", "req", "-x509", "-new", "-key", "key", "-config", "conf", "-days", "9", "-out", "out.pem")
    else:
        done = run("openssl", "req", "-new", "-key", "key", "-config", "conf", "-out", "csr")
        if done.returncode == 0:
            by = ("signer.crt", "signer.key") if role == "issuer" else ("ca/issuer.crt", "ca/issuer.key")
            done = run("openssl", "x509", "-req", "-in", "csr", "-CA", by[0], "-CAkey", by[1], "-set_serial", "7",
                       "-days", "9", "-extfile", "conf", "-extensions", section_of(text), "-out", "out.pem")
    if done.returncode:
        return None, done.stderr.decode(errors="replace")
    with open(path("out.pem"), "rb") as file:
        return first_of(file.read()), ""


def ours(role):
    made = path("made")
    subprocess.run(["rm", "-rf", made], check=True)
    if role == "leaf":
        done = run(DAPRCERTS, "issue", "web", "--dir", "ca", "--conf", "conf", "--stdout")
        return (first_of(done.stdout) if done.returncode == 0 else None), done
    if role == "root":
        done = run(DAPRCERTS, "ca-init", "--dir", "made", "--conf", "conf")
    else:
        done = run(DAPRCERTS, "ca-init", "--dir", "made", "--root-cert", "signer.crt", "--root-key", "signer.key",
                   "--issuer-conf", "conf")
    if done.returncode:
        if os.path.exists(made):
            done.stderr += b"(and left something behind)"
        return None, done
    with open(os.path.join(made, "ca.crt" if role == "root" else "issuer.crt"), "rb") as file:
        return first_of(file.read()), done


count = failed = 0


def ok(good, what, *notes):
    global count, failed
    count += 1
    failed += not good
    print(f"{'' if good else 'not '}ok {count} - {what}")
    for note in () if good else notes:
        print("# " + str(note).replace("\n", "\n# "))


def both(role, text, ask_openssl=True):
    with open(path("conf"), "wb") as file:
        file.write(text)
    return openssl(role, text) if ask_openssl else (None, ""), ours(role)


def main():
    os.makedirs(HOME, exist_ok=True)
    for key in ("key", "signer.key"):
        need("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
    with open(path("signer.conf"), "wb") as file:
        file.write(guide())
    need("openssl", "req", "-x509", "-new", "-key", "signer.key", "-config", "signer.conf", "-days", "99",
         "-out", "signer.crt")
    need(DAPRCERTS, "ca-init", "--dir", "ca")
    with open(path("signer.crt"), "rb") as file:
        root = first_of(file.read())
    with open(path("ca/issuer.crt"), "rb") as file:
        issuer = first_of(file.read())

    for what, text, *roles in SAME:
        for role in roles or ("root", "issuer"):
            (theirs, said), (mine, done) = both(role, text)
            if not theirs or not mine:
                ok(False, f"{role}: {what}: both make a certificate", said, done.stderr.decode(errors="replace"))
                continue
            signers = {"root": (theirs, mine), "issuer": (root, root), "leaf": (issuer, issuer)}[role]
            want, got = described(theirs, signers[0]), described(mine, signers[1])
            if what.endswith("before the key's own"):  # OpenSSL 3.5 puts it behind
                want, got = sorted(want, key=repr), sorted(got, key=repr)
            ok(want == got, f"{role}: {what}: the same subject and extensions", f"openssl {want}", f"ours    {got}")
    for what, text in SUPPRESSED:
        (theirs, said), (mine, done) = both("root", text)
        want, got = (described(cert, cert) for cert in (theirs, mine))
        ok(got == [row for row in want if row[0] != AUTHORITY_KEY_ID], f"root: {what}: the same but for that",
           want, got)
    for what, text, *roles in REFUSED:
        for role in roles or ("root", "issuer"):
            (theirs, said), (mine, done) = both(role, text)
            message = done.stderr.decode(errors="replace")
            ok(not theirs, f"{role}: {what}: openssl refuses")
            ok(not mine and done.returncode == 1 and "'conf'" in message and "behind)" not in message,
               f"{role}: {what}: and so do we, with the file's name, and nothing is left", message)
    for why, text, message, *roles in STRICTER:
        for role in roles or ("root",):
            asks = "prompt" in message
            (theirs, said), (mine, done) = both(role, text, not asks)
            told = done.stderr.decode(errors="replace")
            if not asks and "later ones" not in why:
                ok(theirs, f"{role}: {why}: openssl does not mind", said)
            ok(not mine and done.returncode == 1 and message in told and "behind)" not in told,
               f"{role}: {why}: we say \"{message}\"", told)
    print(f"1..{count}")
    return failed > 0


sys.exit(main())
