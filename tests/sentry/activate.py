# SPDX-License-Identifier: Apache-2.0
"""A service manager: activate.py NAME=WHERE,... PROGRAM ARGUMENT...: binds, passes the sockets, becomes the program.

WHERE is an IPv4 address, any free port of it, or unix:PATH; with ":deaf" behind an address the socket does not listen.
What the program should say of them in its ready file goes to the file "passed".
"""
import os
import socket
import sys

bound, told = [], {}
for passed in sys.argv[1].split(","):
    name, where = passed.split("=")
    if where.startswith("unix:"):
        one = socket.socket(socket.AF_UNIX)
        one.bind(where[5:])
        address = where
    else:
        one = socket.socket()
        one.bind((where.split(":")[0], 0))
        address = "%s:%d" % one.getsockname()
    if not where.endswith(":deaf"):
        one.listen()
    bound.append((name, os.dup(one.fileno())))
    told[name if name in ("healthz", "metrics") else "grpc"] = address
with open("passed", "w") as out:
    for name in ("grpc", "healthz", "metrics"):
        if name in told:
            print(name, told[name], file=out)
high = [os.dup2(fd, 64 + place) for place, (name, fd) in enumerate(bound)]  # out of the way of their places
for place, fd in enumerate(high):
    os.dup2(fd, 3 + place)
    os.close(fd)
os.environ.update(LISTEN_FDS=str(len(bound)), LISTEN_FDNAMES=":".join(name for name, _ in bound),
                  LISTEN_PID=str(os.getpid()))
os.execvp(sys.argv[2], sys.argv[2:])
