# SPDX-License-Identifier: Apache-2.0
"""A web server of the folder web: web.py PORT, 0 for any; prints its port when it serves. Any is one that systems do
not give away by themselves, so that nobody has it when this comes back to it."""
import errno
import functools
import http.server
import random
import sys


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True


handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory="web")
port = int(sys.argv[1])
while True:
    try:
        server = Server(("127.0.0.1", port or random.randrange(12000, 32000)), handler)
        break
    except OSError as error:
        if port or error.errno != errno.EADDRINUSE:
            raise
print(server.server_address[1], flush=True)
server.serve_forever()
