# SPDX-License-Identifier: Apache-2.0
"""Mutual TLS by python's ssl, in memory and over a socket, for verifiers.sh.

verifiers.py pairs ANCHORS,... LEAF,...: each leaf calls each, both with each of the anchors; LEAF.crt holds a chain,
LEAF.key its key. Prints each handshake that fails; exit status 1 when one did.
verifiers.py serve ANCHORS LEAF: serves HTTP with mutual TLS; prints its port.
"""
import http.server
import itertools
import ssl
import sys

NAME = "web.test"


def context(side, anchors, leaf, strict):
    ctx = ssl.SSLContext(side)
    ctx.check_hostname = side == ssl.PROTOCOL_TLS_CLIENT
    ctx.verify_mode = ssl.CERT_REQUIRED
    if strict:
        ctx.verify_flags |= ssl.VERIFY_X509_STRICT  # what python verifies by since 3.13
    ctx.load_verify_locations(anchors)
    ctx.load_cert_chain(leaf + ".crt", leaf + ".key")
    return ctx


def handshake(client_ctx, server_ctx):
    """Alternates until neither has anything more to say: client and server have then verified each other."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_ctx.wrap_bio(to_client, to_server, server_hostname=NAME)
    server = server_ctx.wrap_bio(to_server, to_client, server_side=True)
    waiting = [client, server]
    while waiting:
        for side in list(waiting):
            try:
                side.do_handshake()
                waiting.remove(side)
            except ssl.SSLWantReadError:
                pass
    server.write(b"hello")
    return client.read(5) == b"hello"


def pairs(anchors, leaves):
    failed = 0
    for strict, knows, shows in itertools.product((False, True), itertools.product(anchors, repeat=2),
                                                  itertools.product(leaves, repeat=2)):
        client = context(ssl.PROTOCOL_TLS_CLIENT, knows[0], shows[0], strict)
        server = context(ssl.PROTOCOL_TLS_SERVER, knows[1], shows[1], strict)
        for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
            client.minimum_version = client.maximum_version = version
            try:
                assert handshake(client, server)
            except (ssl.SSLError, AssertionError) as error:
                failed += 1
                print(f"{shows[0]} knowing {knows[0]} calls {shows[1]} knowing {knows[1]}, {version.name}, "
                      f"strict {strict}: {error}")
    return failed


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def serve(anchors, leaf):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    server.socket = context(ssl.PROTOCOL_TLS_SERVER, anchors, leaf, False).wrap_socket(server.socket, server_side=True)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if sys.argv[1] == "pairs":
    sys.exit(pairs(sys.argv[2].split(","), sys.argv[3].split(",")) > 0)
serve(sys.argv[2], sys.argv[3])
