# SPDX-License-Identifier: Apache-2.0
"""A web server of the folder web: web.py PORT, 0 for any; prints its port when it serves."""
import functools
import http.server
import sys


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True


handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory="web")
server = Server(("127.0.0.1", int(sys.argv[1])), handler)
print(server.server_address[1], flush=True)
server.serve_forever()
