# SPDX-License-Identifier: Apache-2.0
"""Stands in for systemd's socket units: sockets.py [--on-connection] [--times N] [NAME=]WHAT... -- COMMAND...

Makes what it passes, writes "NAME ADDRESS" of each to the file "sockets", and runs COMMAND N times (1), one after the
other, with LISTEN_FDS, LISTEN_PID and, unless no NAME is given, LISTEN_FDNAMES; --on-connection: only when somebody
waits at a socket. The pid is in the file "child". SIGTERM goes on to COMMAND and ends this too, with its status.
WHAT: HOST:PORT, unix:PATH, narrow:HOST:PORT (the system takes but a few KiB that a peer does not read); and what is of no
use: file:PATH, udp:HOST:PORT, bound:HOST:PORT (no listen(2)), closed."""
import os
import select
import signal
import socket
import sys

FIRST = 3
LOW = 100  # what is passed is made far above the places where it is wanted


def inet(address, kind=socket.SOCK_STREAM):
    host, port = address.rsplit(":", 1)
    made = socket.socket(socket.AF_INET6 if "[" in host else socket.AF_INET, kind)
    if made.family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    made.bind((host.strip("[]"), int(port)))
    return made


def make(what):
    """A descriptor, with the address of one that is listened at."""
    kind, _, rest = what.partition(":")
    if kind == "closed":
        return None, ""
    if kind == "file":
        return os.open(rest, os.O_RDWR), ""
    if kind == "udp":
        return inet(rest, socket.SOCK_DGRAM).detach(), ""
    if kind == "bound":
        return inet(rest).detach(), ""
    if kind == "unix":
        made = socket.socket(socket.AF_UNIX)
        made.bind(rest)
        address = what
    elif kind == "narrow":
        made = inet(rest)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)  # its connections inherit it, and it stays
        address = "%s:%d" % (rest.rsplit(":", 1)[0], made.getsockname()[1])
    else:
        made = inet(what)
        address = "%s:%d" % (what.rsplit(":", 1)[0], made.getsockname()[1])
    made.listen(64)
    return made.detach(), address


def run(command, fds, names):
    child = os.fork()
    if child:
        return child
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
    for number, fd in enumerate(fds):
        if fd is not None:
            os.dup2(fd, FIRST + number)  # inheritable
    os.environ["LISTEN_FDS"] = str(len(fds))
    os.environ["LISTEN_PID"] = str(os.getpid())
    if any(names):
        os.environ["LISTEN_FDNAMES"] = ":".join(names)
    os.execv(command[0], command)


def main():
    args = sys.argv[1:]
    on_connection = args[0] == "--on-connection" and bool(args.pop(0))
    times = int((args.pop(0), args.pop(0))[1]) if args[0] == "--times" else 1
    split = args.index("--")
    named = [what.rpartition("=")[::2] for what in args[:split]]
    fds = []
    with open("sockets.new", "w") as told:
        for name, what in named:
            fd, address = make(what)
            if fd is not None:
                os.dup2(fd, LOW + len(fds), inheritable=False)
                os.close(fd)
                fd = LOW + len(fds)
            fds.append(fd)
            told.write("%s %s\n" % (name or "grpc", address))
    os.rename("sockets.new", "sockets")
    child, ended = 0, False

    def end(_number, _frame):
        nonlocal ended
        ended = True
        if child:
            os.kill(child, signal.SIGTERM)
        else:
            sys.exit(0)

    signal.signal(signal.SIGTERM, end)
    status = 0
    for _ in range(times):
        if on_connection:
            select.select(fds, [], [])
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])  # until it is known to whom it goes on
        child = run(args[split + 1 :], fds, [name for name, _ in named])
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
        with open("child.new", "w") as told:
            told.write(str(child))
        os.rename("child.new", "child")
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        child = 0
        if ended:
            break
    sys.exit(status if status >= 0 else 128 - status)


main()
