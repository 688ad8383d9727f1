# SPDX-License-Identifier: Apache-2.0
"""An HTTP server that does what it is asked to by the path. Usage: http_peer.py CERT KEY
Prints its ports on one line: plain, with TLS, with TLS 1.1 at most. Serves until it is killed."""

import http.server
import signal
import ssl
import sys
import threading
import urllib.parse

BODY = b'{"keys":[]}\n'


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", headers=(), length=True):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if length:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def redirect(self, to):
        self.answer(302, b"elsewhere\n", [("Location", to)])

    def drip(self):
        """Bytes without an end, slowly, until the client leaves."""
        self.answer(200, length=False)
        pause = threading.Event()
        while not pause.wait(0.02):
            self.wfile.write(b"x")

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qsl(url.query)
        word, _, rest = url.path.strip("/").partition("/")
        if word == "set":  # each part of the query is a header
            self.answer(200, BODY, query)
        elif word == "status":
            self.answer(int(rest), b"a page for people\n")
        elif word == "bytes":
            self.answer(200, b"x" * int(rest))
        elif word == "endless":
            self.answer(200, length=False)
            while True:
                self.wfile.write(b"x" * 65536)
        elif word == "drip":
            self.drip()
        elif word == "silent":  # until the client leaves
            self.rfile.read()
        elif word == "short":
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(BODY)
        elif word == "hops":
            self.redirect(f"/hops/{int(rest) - 1}" if int(rest) > 1 else "/set")
        elif word == "loop":
            self.redirect("/loop")
        elif word == "to":
            self.redirect(dict(query)["url"])
        elif word == "echo":
            self.answer(200, f"{self.requestline}\n{self.headers}".encode())
        else:
            self.answer(404)


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):  # clients leave in the middle: that is what is tested
        pass


def serve(context=None):
    server = Server(("127.0.0.1", 0), Handler)
    if context:
        # the handshake in the connection's own thread: one that fails must not stop the others
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def tls(old=False):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    if old:
        context.set_ciphers("DEFAULT@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


print(serve(), serve(tls()), serve(tls(old=True)), flush=True)
signal.pause()
