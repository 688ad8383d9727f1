# SPDX-License-Identifier: Apache-2.0
"""Asks a sentry for JWTs by grpcio and judges them by PyJWT with its JWKS:
jwt_peer.py STUBS ADDRESS ANCHORS CSR JWKS [AUDIENCE...]. Prints what was found, as JSON. Exit status: gRPC's code."""
import json
import sys

import grpc
import jwt

stubs, address, anchors, csr, jwks = sys.argv[1:6]
audiences = sys.argv[6:]
sys.path.insert(0, stubs)
import sentry_pb2  # noqa: E402
import sentry_pb2_grpc  # noqa: E402

with open(anchors, "rb") as file:
    creds = grpc.ssl_channel_credentials(root_certificates=file.read())
with open(csr, "rb") as file:
    request = sentry_pb2.SignCertificateRequest(id="myapp", namespace="default", jwt_audiences=audiences,
                                                certificate_signing_request=file.read())
channel = grpc.secure_channel(address, creds, options=[("grpc.ssl_target_name_override", "cluster.local")])
try:
    answer = sentry_pb2_grpc.CAStub(channel).SignCertificate(request, timeout=60)
except grpc.RpcError as error:
    print(error.details(), file=sys.stderr)
    sys.exit(error.code().value[0])
if not answer.HasField("jwt"):
    assert not answer.per_audience_jwts
    print(json.dumps({}))
    sys.exit(0)
with open(jwks, encoding="utf-8") as file:
    keys = jwt.PyJWKSet.from_dict(json.load(file))


def verify(token, audience):
    """The token's header and claims, when the key that its kid names signed it for this audience."""
    header = jwt.get_unverified_header(token)
    key = next(key for key in keys.keys if key.key_id == header["kid"])
    return header, jwt.decode(token, key.key, algorithms=[header["alg"]], audience=audience,
                              options={"require": ["exp", "iat", "nbf", "sub", "jti", "aud"]})


header, claims = verify(answer.jwt.value, "public")
each = {name: verify(token.value, name)[1] for name, token in answer.per_audience_jwts.items()}
ids = {claims["jti"]} | {one["jti"] for one in each.values()}
assert len(ids) == 1 + len(each), "a jti came twice"
for one in each.values():
    assert one["sub"] == claims["sub"] and one.get("iss") == claims.get("iss")
try:
    verify(answer.jwt.value, "another")
    sys.exit("PyJWT takes the token for an audience that it does not name")
except jwt.InvalidAudienceError:
    pass
print(json.dumps({"header": header, "claims": claims, "each": {name: one["aud"] for name, one in each.items()},
                  "lives": claims["exp"] - claims["iat"], "skew": claims["iat"] - claims["nbf"]}))
