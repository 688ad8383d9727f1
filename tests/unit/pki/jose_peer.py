# SPDX-License-Identifier: Apache-2.0
"""PyJWT at the other end of tests/unit/pki/jws: `verify FILE` reads a JWK Set and tokens, one a line; `sign` writes
them."""
import json
import sys

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

NAMES = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]


def make(name):
    if name[:2] in ("RS", "PS"):
        return rsa.generate_private_key(65537, 2048)
    curves = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}
    return ec.generate_private_key(curves[name]) if name in curves else ed25519.Ed25519PrivateKey.generate()


def b64(value, size):
    return jwt.utils.base64url_encode(value.to_bytes(size, "big")).decode()


def public(key, name):
    """Not by PyJWT 2.6, which cannot write EC keys."""
    if name[:2] in ("RS", "PS"):
        numbers = key.public_key().public_numbers()
        jwk = {"kty": "RSA", "n": b64(numbers.n, 256), "e": b64(numbers.e, 3)}
    elif name[:2] == "ES":
        numbers = key.public_key().public_numbers()
        size = (key.curve.key_size + 7) // 8
        crv = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}[name]
        jwk = {"kty": "EC", "crv": crv, "x": b64(numbers.x, size), "y": b64(numbers.y, size)}
    else:
        jwk = json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(key.public_key()))
    return {**jwk, "kid": name, "use": "sig"}


def verify(path):
    lines = open(path).read().splitlines()
    keys = jwt.PyJWKSet.from_json(lines[0])
    for token in lines[1:]:
        header = jwt.get_unverified_header(token)
        key = next(k for k in keys.keys if k.key_id == header["kid"])
        claims = jwt.decode(token, key.key, algorithms=[header["kid"]])
        if claims == {"sub": "it"} and header == {"alg": header["kid"], "kid": header["kid"], "typ": "JWT"}:
            print("verified", header["kid"])


def sign():
    made = {name: make(name) for name in NAMES}
    print(json.dumps({"keys": [public(made[name], name) for name in NAMES]}))
    for name in NAMES:
        print(jwt.encode({"sub": "it"}, made[name], algorithm=name, headers={"kid": name}))


verify(sys.argv[2]) if sys.argv[1] == "verify" else sign()
