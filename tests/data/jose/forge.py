#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes forged.json: tokens that a verifier must refuse (a few it must take), made with the published private keys of
rfc.json, so with numbers that no library would sign. `forge.py < rfc.json > forged.json`"""
import base64
import hashlib
import hmac
import json
import sys

KEYS = json.load(sys.stdin)["private"]
RSA, EC, ED = (KEYS[name] for name in ("RFC 7515, A.2", "RFC 7515, A.3", "RFC 8037, A.1"))
N, D = (int.from_bytes(base64.urlsafe_b64decode(RSA[m] + "=="), "big") for m in "nd")
SIZE = 256
DIGEST_INFO = {  # AlgorithmIdentifier of the hash with NULL, and the OCTET STRING's head
    "sha1": "3021300906052b0e03021a05000414",
    "sha256": "3031300d060960864801650304020105000420",
    "sha384": "3041300d060960864801650304020205000430",
    "sha512": "3051300d060960864801650304020305000440",
}
OTHER = dict(RSA, n=base64.urlsafe_b64encode((N + 2).to_bytes(SIZE, "big")).rstrip(b"=").decode())
names = {"RSA": RSA, "EC": EC, "Ed25519": ED, "another RSA": OTHER}
out = []


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(text):
    return int.from_bytes(base64.urlsafe_b64decode(text + "=="), "big")


def signing_input(alg, **more):
    return b64(json.dumps({"alg": alg, **more}).encode()) + "." + b64(b'{"sub":"forged"}')


def add(name, key, text, signature, good=False):
    key = next(n for n in names if names[n] is key)
    out.append({"name": name, "key": key, "token": text + "." + b64(signature), "refused": not good})


# --- RSA ---------------------------------------------------------------------------------------------------------


def raw(em):
    return pow(int.from_bytes(em, "big"), D, N).to_bytes(SIZE, "big")


def pkcs1(text, name="sha256", info=None, block=b"\x00\x01", pad=b"\xff", separator=b"\x00", tail=b""):
    """EMSA-PKCS1-v1_5 (RFC 8017, 9.2), each part replaceable."""
    t = (bytes.fromhex(DIGEST_INFO[name]) if info is None else info) + hashlib.new(name, text.encode()).digest() + tail
    fill = SIZE - len(block) - len(separator) - len(t)
    return block + pad * fill + separator + t


def rsa_pkcs1():
    text = signing_input("RS256")
    good = pkcs1(text)
    number_of_good = int.from_bytes(raw(good), "big")
    digest = hashlib.sha256(text.encode()).digest()
    info = DIGEST_INFO["sha256"]
    add("RS256 as it should be", RSA, text, raw(good), True)
    forms = {
        "block type 0": pkcs1(text, block=b"\x00\x00", pad=b"\x00"),
        "block type 2": pkcs1(text, block=b"\x00\x02"),
        "a first byte that is not zero": pkcs1(text, block=b"\x01\x01"),
        "no separator": pkcs1(text, separator=b""),
        "padding of other bytes": pkcs1(text, pad=b"\xfe"),
        "one byte of padding changed": good[:100] + b"\x7f" + good[101:],
        "garbage behind the hash": b"\x00\x01" + b"\xff" * 8 + b"\x00" + bytes.fromhex(info) + digest + b"\x01" * 194,
        "one zero byte behind the hash": pkcs1(text, tail=b"\x00"),
        "no DigestInfo": pkcs1(text, info=b""),
        "DigestInfo without NULL": pkcs1(text, info=bytes.fromhex("302f300b0609608648016503040201" "0420")),
        "a long length in DigestInfo": pkcs1(text, info=bytes.fromhex("308131" + info[4:])),
        "an indefinite length in DigestInfo": pkcs1(text, info=bytes.fromhex("3080" + info[4:]), tail=b"\x00\x00"),
        "SHA-512's name on a SHA-256 hash": pkcs1(text, info=bytes.fromhex(DIGEST_INFO["sha512"])),
        "SHA-1": pkcs1(text, "sha1"),
        "SHA-512": pkcs1(text, "sha512"),
        "padding of PSS": pss(text),
    }
    for name, em in forms.items():
        add("RS256, " + name, RSA, text, raw(em))
    numbers = {
        "a zero byte in front": b"\x00" + raw(good),
        "a zero byte behind": raw(good) + b"\x00",
        "its last byte missing": raw(good)[:-1],
        "one bit changed": raw(good)[:-1] + bytes([raw(good)[-1] ^ 1]),
        "of no bytes": b"",
        "of zeros": bytes(SIZE),
        "1": (1).to_bytes(SIZE, "big"),
        "n - 1": (N - 1).to_bytes(SIZE, "big"),
        "n": N.to_bytes(SIZE, "big"),
        "plus n": (number_of_good + N).to_bytes(SIZE + 1, "big"),
        "all ones": b"\xff" * SIZE,
        "not raised to d": good,
    }
    for name, signature in numbers.items():
        add("RS256, signature " + name, RSA, text, signature)
    for alg, name in (("RS384", "sha384"), ("RS512", "sha512")):
        text = signing_input(alg)
        add(alg + " as it should be", RSA, text, raw(pkcs1(text, name)), True)
        add(alg + " with SHA-256", RSA, text, raw(pkcs1(text)))


def mgf1(seed, n, name):
    blocks = (hashlib.new(name, seed + i.to_bytes(4, "big")).digest() for i in range(n // 20 + 1))
    return b"".join(blocks)[:n]


def pss(text, name="sha256", salt=None, mask=None, trailer=b"\xbc", top=0x7F):
    """EMSA-PSS (RFC 8017, 9.1.1), each part replaceable."""
    size = hashlib.new(name).digest_size
    salt = bytes(range(size)) if salt is None else salt
    h = hashlib.new(name, bytes(8) + hashlib.new(name, text.encode()).digest() + salt).digest()
    db = bytes(SIZE - size - len(salt) - 2) + b"\x01" + salt
    masked = bytes(a ^ b for a, b in zip(db, mgf1(h, len(db), mask or name)))
    return bytes([masked[0] & top]) + masked[1:] + h + trailer


def rsa_pss():
    for alg, name in (("PS256", "sha256"), ("PS384", "sha384"), ("PS512", "sha512")):
        text = signing_input(alg)
        size = hashlib.new(name).digest_size
        add(alg + " as it should be", RSA, text, raw(pss(text, name)), True)
        add(alg + " without salt", RSA, text, raw(pss(text, name, salt=b"")))
        add(alg + ", salt a byte too short", RSA, text, raw(pss(text, name, salt=bytes(size - 1))))
        add(alg + ", salt a byte too long", RSA, text, raw(pss(text, name, salt=bytes(size + 1))))
        add(alg + ", mask by SHA-1", RSA, text, raw(pss(text, name, mask="sha1")))
        add(alg + ", another trailer", RSA, text, raw(pss(text, name, trailer=b"\xcc")))
        add(alg + ", the hash of another", RSA, text, raw(pss(text, "sha512" if name == "sha256" else "sha256")))
        add(alg + " with PKCS#1 v1.5", RSA, text, raw(pkcs1(text, name)))
        add(alg + ", signature a byte short", RSA, text, raw(pss(text, name))[:-1])
        add(alg + ", signature a byte longer", RSA, text, b"\x00" + raw(pss(text, name)))


# --- ECDSA on P-256 ------------------------------------------------------------------------------------------------

P = 2**256 - 2**224 + 2**192 + 2**96 - 1
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)


def point_add(a, b):
    if a is None or b is None:
        return a or b
    if a[0] == b[0] and (a[1] + b[1]) % P == 0:
        return None
    if a == b:
        slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, P)
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P)
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def multiply(k, point):
    total = None
    while k:
        if k & 1:
            total = point_add(total, point)
        point = point_add(point, point)
        k >>= 1
    return total


def sign(text, k):
    z = int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")
    r = multiply(k, G)[0] % ORDER
    return r, pow(k, -1, ORDER) * (z + r * number(EC["d"])) % ORDER


def pair(r, s, size=32):
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def der(r, s):
    def integer(value):
        data = value.to_bytes(value.bit_length() // 8 + 1, "big")
        return b"\x02" + bytes([len(data)]) + data

    body = integer(r) + integer(s)
    return b"\x30" + bytes([len(body)]) + body


def ecdsa():
    text = signing_input("ES256")
    r, s = sign(text, 123456789)
    short = next(k for k in range(1, 100000) if sign(text, k)[0] < 1 << 248)
    add("ES256 as it should be", EC, text, pair(r, s), True)
    add("ES256 with n - s, which ECDSA cannot tell", EC, text, pair(r, ORDER - s), True)
    add("ES256, r with a zero byte in front", EC, text, pair(*sign(text, short)), True)
    little = sign(text, short)
    add("ES256, r without its zero byte", EC, text, pair(*little)[1:])
    numbers = {
        "r = 0": (0, s), "s = 0": (r, 0), "both 0": (0, 0), "both 1": (1, 1), "r = n": (ORDER, s), "s = n": (r, ORDER),
        "both n": (ORDER, ORDER), "r = n, s = 1": (ORDER, 1), "r = 0, s = n": (0, ORDER), "r = p": (P, s),
        "r = n - 1": (ORDER - 1, s), "all ones": (2**256 - 1, 2**256 - 1), "r and s exchanged": (s, r),
    }
    for name, (a, b) in numbers.items():
        add("ES256, " + name, EC, text, pair(a, b))
    add("ES256 in DER", EC, text, der(r, s))
    add("ES256, each number a byte wider", EC, text, pair(r, s, 33))
    add("ES256, a byte missing", EC, text, pair(r, s)[:-1])
    add("ES256, a byte more", EC, text, pair(r, s) + b"\x00")
    add("ES256, of no bytes", EC, text, b"")
    add("ES256, r alone", EC, text, pair(r, s)[:32])
    for alg in ("ES384", "ES512", "ES256K", "RS256", "EdDSA"):
        text = signing_input(alg)
        add("%s named where the key is ES256's" % alg, EC, text, pair(*sign(text, 123456789)))


# --- Ed25519: the signature of RFC 8037, A.4, which is the only one here ---------------------------------------------


def ed25519():
    text = b64(b'{"alg":"EdDSA"}') + "." + b64(b"Example of Ed25519 signing")
    good = base64.urlsafe_b64decode("hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR"
                                    "4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg==")
    order = 2**252 + 27742317777372353535851937790883648493
    s = int.from_bytes(good[32:], "little")
    add("EdDSA as it should be", ED, text, good, True)
    add("EdDSA, s plus the group's order", ED, text, good[:32] + (s + order).to_bytes(32, "little"))
    add("EdDSA, a byte missing", ED, text, good[:-1])
    add("EdDSA, a byte more", ED, text, good + b"\x00")
    add("EdDSA, one bit of R changed", ED, text, bytes([good[0] ^ 1]) + good[1:])
    add("EdDSA, one bit of s changed", ED, text, good[:32] + bytes([good[32] ^ 1]) + good[33:])
    add("EdDSA, of zeros", ED, text, bytes(64))
    add("EdDSA, of no bytes", ED, text, b"")


# --- other algorithms than the key's ---------------------------------------------------------------------------------


def confusion():
    for key, secrets in ((RSA, ("n", "e")), (EC, ("x", "y")), (ED, ("x",))):
        for secret in secrets:
            for alg, name in (("HS256", "sha256"), ("HS384", "sha384"), ("HS512", "sha512")):
                text = signing_input(alg)
                value = base64.urlsafe_b64decode(key[secret] + "==")
                add("%s with the %s key's %s" % (alg, key["kty"], secret), key, text,
                    hmac.new(value, text.encode(), name).digest())
                add("%s with the text of the %s key's %s" % (alg, key["kty"], secret), key, text,
                    hmac.new(key[secret].encode(), text.encode(), name).digest())
        for alg in ("none", "None", "NONE", "nOnE", "", "HS256", "unknown"):
            add("'%s' without a signature, %s key" % (alg, key["kty"]), key, signing_input(alg), b"")
    for alg in ("rs256", "RS256 ", "RS1", "RSA", "PS256", "ES256", "EdDSA"):
        text = signing_input(alg)
        add("'%s' named where the signature is RS256's" % alg, RSA, text, raw(pkcs1(text)))
    text = signing_input("none")
    add("'none' with a signature", RSA, text, raw(pkcs1(text)))
    mine = {m: RSA[m] for m in ("kty", "n", "e")}
    text = signing_input("RS256", jwk=mine)
    add("a key of the token's own", OTHER, text, raw(pkcs1(text)))
    for name, value in (("jku", "https://localhost/jwks.json"), ("x5u", "https://localhost/x"), ("x5c", ["AA=="])):
        text = signing_input("RS256", **{name: value})
        add("%s is passed over" % name, RSA, text, raw(pkcs1(text)), True)


rsa_pkcs1()
rsa_pss()
ecdsa()
ed25519()
confusion()
keys = {n: {m: names[n][m] for m in ("kty", "crv", "x", "y", "n", "e") if m in names[n]} for n in names}
print('{"keys": %s,\n"tokens": [' % json.dumps(keys))
print(",\n".join(json.dumps(entry) for entry in out))
print("]}")
