# SPDX-License-Identifier: Apache-2.0
"""Asks a sentry for a certificate by grpcio: client.py STUBS ADDRESS ANCHORS CSR OUT [APP]. Exit status: gRPC's code."""
import sys

import grpc

stubs, address, anchors, csr, out = sys.argv[1:6]
app = sys.argv[6] if len(sys.argv) > 6 else "myapp"
sys.path.insert(0, stubs)
import sentry_pb2  # noqa: E402
import sentry_pb2_grpc  # noqa: E402

with open(anchors, "rb") as file:
    creds = grpc.ssl_channel_credentials(root_certificates=file.read())
with open(csr, "rb") as file:
    request = sentry_pb2.SignCertificateRequest(id=app, namespace="default", certificate_signing_request=file.read())
# grpcio checks host names, and sentry's certificate bears the one that sidecars up to 1.13 look for
channel = grpc.secure_channel(address, creds, options=[("grpc.ssl_target_name_override", "cluster.local")])
try:
    answer = sentry_pb2_grpc.CAStub(channel).SignCertificate(request, timeout=60)
except grpc.RpcError as error:
    print(error.details(), file=sys.stderr)
    sys.exit(error.code().value[0])
with open(out, "wb") as file:
    file.write(answer.workload_certificate)
assert answer.HasField("valid_until") and len(answer.trust_chain_certificates) == 1
assert not answer.HasField("jwt")
print(app, answer.valid_until.ToJsonString())
