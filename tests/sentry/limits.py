# SPDX-License-Identifier: Apache-2.0
"""Peers that cost more than they may: limits.py CASE ADDRESS CSR [ARGUMENT...] prints how the server ended it.

A case is a generator: at each yield, while its hostile peer is there, a good peer connects and makes a call, which must
be signed."""
import os
import random
import select
import signal
import ssl
import struct
import sys
import time

import peer
import wire
from wire import (ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PING, RST_STREAM, SETTINGS,
                  WINDOW_UPDATE, Wire, frame, setting)

MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_HEADER_LIST_SIZE = 3, 4, 6


def resident(pid):
    """Bytes of memory that the process has."""
    with open("/proc/%s/status" % pid) as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmRSS:"))


class Case:
    def __init__(self, address, csr):
        self.address, self.body = address, peer.frame(csr)
        self.csr = csr

    def wire(self, **how):
        return peer.prompt(Wire, self.address, **how)

    def served(self):
        """A connection that the server has taken, for servers that are impatient."""
        it = Wire(self.address)
        it.ping()
        return it

    def good(self):
        """What the good peer does."""
        it = peer.Peer(self.address)
        kind, status, body = it.call(self.csr)
        assert (kind, status) == ("status", "0"), "the good peer got %s %s" % (kind, status)
        assert peer.workload_certificate(body).startswith(b"-----BEGIN CERTIFICATE-----")
        it.close()

    def message(self, size):
        """A call's body whose message has SIZE bytes."""
        for padding in range(size - len(self.body) - 8, size - len(self.body) + 8):
            body = peer.frame(self.csr, padding=padding)
            if len(body) == size + 5:
                return body
        raise ValueError(size)

    def ended(self, sock):
        """Whatever the server still says, then how it closes."""
        try:
            while sock.recv(65536):
                pass
        except (ConnectionError, ssl.SSLError):
            pass
        return "closed"

    # --- what it announces ------------------------------------------------------------------------------------------

    @staticmethod
    def settings_of(it):
        settings = it.wait(SETTINGS)[3]
        return dict(struct.unpack_from(">HI", settings, at) for at in range(0, len(settings), 6))

    def announced_as_begun(self, conf):
        """Who came before the limits were changed, in the file CONF, and shakes hands afterwards."""
        before = peer.tcp(self.address)
        yield  # who came later is served: the server has the first one too
        with open(conf, "w", encoding="ascii") as file:
            file.write("[sentry]\nmax-streams = 60\n")
        while self.settings_of(self.wire())[MAX_CONCURRENT_STREAMS] != 60:
            time.sleep(0.05)
        return "streams %d" % self.settings_of(self.wire(connected=before))[MAX_CONCURRENT_STREAMS]

    def announced(self):
        """SETTINGS and the connection's window."""
        it = self.wire()
        values = self.settings_of(it)
        it.send(frame(PING, payload=bytes(8)))
        window = 65535
        while True:
            kind, _, stream, payload = it.read()
            if kind == WINDOW_UPDATE and stream == 0:
                window += int.from_bytes(payload, "big")
            if kind == PING:
                break
        yield
        return "streams %d headers %d window %d" % (
            values[MAX_CONCURRENT_STREAMS], values[MAX_HEADER_LIST_SIZE], window)

    # --- headers ----------------------------------------------------------------------------------------------------

    def refused_headers(self, *blocks):
        """Each block of headers on a stream of its own; then a call on the same connection."""
        it, results = self.wire(), []
        for block in blocks:
            stream = it.new_stream()
            it.send(it.headers(stream, block), frame(DATA, END_STREAM, stream, self.body))
            results.append(it.result(stream))
            yield
        return ", ".join(results + [it.call(self.body)])

    def headers_at(self, limit):
        """Exactly the limit, and one byte more."""
        room = int(limit) - wire.header_bytes(wire.CALL) - wire.header_bytes([("x", "")])
        return (yield from self.refused_headers([("x", "v" * room)], [("x", "v" * (room + 1))]))

    def headers_many(self):
        """Small ones, each of which costs more than its bytes."""
        return (yield from self.refused_headers([("a%d" % i, "") for i in range(1000)]))

    def headers_bomb(self):
        """One entry of the dynamic table, named again and again by one byte."""
        it, stream = self.wire(), 1
        it.next_stream = 3
        block = it.encoder.encode(wire.CALL + [("x", "v" * 3900)]) + b"\xbe" * 12000
        it.send(frame(HEADERS, END_HEADERS, stream, block), frame(DATA, END_STREAM, stream, self.body))
        result = it.result(stream)
        yield
        return "%s, %s" % (result, it.call(self.body))

    def unending_headers(self):
        """A connection amid headers; SETTINGS are settled before, since nothing else may come between those."""
        it = self.wire()
        it.ping()
        it.send(it.headers(1, flags=0))
        return it

    def continuation_flood(self):
        it = self.unending_headers()
        yield
        return it.flood(lambda: frame(CONTINUATION, 0, 1, b"\x00\x01a\x0a0123456789" * 100))

    def continuation_empty(self):
        """Frames that bring nothing, so that no header is too large."""
        it = self.unending_headers()
        yield
        return it.flood(lambda: frame(CONTINUATION, 0, 1))

    def headers_in_parts(self):
        """A block that comes slowly is not late before its time: two sweeps pass between its frames."""
        it = self.wire()
        block = it.encoder.encode(wire.CALL)
        it.send(frame(HEADERS, 0, 1, block[:10]))
        time.sleep(2.5)
        yield
        it.send(frame(CONTINUATION, END_HEADERS, 1, block[10:]), frame(DATA, END_STREAM, 1, self.body))
        return it.result(1)

    # --- messages ---------------------------------------------------------------------------------------------------

    def message_at(self, limit):
        """Of exactly the limit, and one byte more."""
        it = peer.Peer(self.address)
        results = []
        for size in int(limit), int(limit) + 1:
            stream = it.begin()
            it.send(stream, self.message(size), end=True)
            results.append("%s %s" % it.result(stream)[:2])
            yield
        return ", ".join(results)

    def declared(self):
        """A length alone, nothing behind it: refused before the bytes come; and the connection goes on."""
        it = self.wire()
        it.send(it.headers(1), frame(DATA, 0, 1, b"\0" + (1 << 30).to_bytes(4, "big")))
        result = it.result(1)
        reset = it.wait(RST_STREAM, 1)[3]
        yield
        it.next_stream = 3
        return "%s, reset %d, %s" % (result, reset[3], it.call(self.body))

    def lying(self):
        """A message shorter than it says, and one longer than it says."""
        it, results = self.wire(), []
        for body in b"\0\0\0\x03\xe8" + b"x" * 999, b"\0\0\0\0\x0a" + b"x" * 1000:
            results.append(it.call(body))
            yield
        return "; ".join(results)

    def longer(self):
        """A body that goes on behind its message until nobody takes it any more."""
        it = peer.Peer(self.address)
        stream = it.begin()
        yield
        it.send(stream, b"\0\0\0\0\x0a" + b"x" * (1 << 20))
        return "%s %s" % it.result(stream)[:2]

    def windows_return(self):
        """Bytes of calls that were refused, reset, padded or cancelled count no more: twenty times a window."""
        it = peer.Peer(self.address)
        for i in range(200):
            stream = it.begin()
            if i % 3 == 0:
                it.send(stream, b"\0\0\x10\0\0" + b"x" * 30000)
                it.h2.reset_stream(stream)
            elif i % 3 == 1:
                it.send(stream, b"\0\0\0\0\x0a" + b"x" * 30000, end=True)
                it.result(stream)
            else:
                for _ in range(100):
                    it.h2.send_data(stream, b"", pad_length=255)
                    it.flush()
                it.send(stream, self.body, end=True)
                assert it.result(stream)[1] == "0"
            it.ping()
        yield
        return "%s %s" % it.call(self.csr)[:2]

    # --- streams ----------------------------------------------------------------------------------------------------

    def streams(self, limit):
        """As many as are announced, all of them answered; one more ends the connection."""
        it = self.wire()
        it.ping()
        ids = [it.new_stream() for _ in range(int(limit))]
        it.send(*[it.headers(stream) for stream in ids])
        it.ping()
        yield
        it.send(frame(DATA, END_STREAM, ids[-1], self.body))
        result = it.result(ids[-1])
        it.send(it.headers(it.new_stream()))
        it.ping()
        it.try_send(it.headers(it.new_stream()))
        yield
        return "%s, %s" % (result, it.end())

    def streams_unknowing(self, limit):
        """One more from a peer that has not acknowledged the SETTINGS is refused, the others go on."""
        it = self.wire(acknowledge=False)
        ids = [it.new_stream() for _ in range(int(limit))]
        it.send(*[it.headers(stream) for stream in ids])
        more = it.new_stream()
        it.send(it.headers(more))
        refused = it.result(more)
        yield
        it.send(frame(DATA, END_STREAM, ids[0], self.body))
        return "%s, %s" % (refused, it.result(ids[0]))

    def unfinished(self):
        """Headers, a body that never ends, headers that never end: each is reset, the connection serves on."""
        it = peer.prompt(self.served)
        it.send(it.headers(1), it.headers(3), frame(DATA, 0, 3, self.body[:20]))
        yield
        results = [it.result(1), it.result(3)]
        it.next_stream = 5
        return ", ".join(results + [it.call(self.body)])

    def trickle(self):
        """A byte of the body now and then does not make a call younger."""
        it = self.wire()
        it.send(it.headers(1))
        yield
        while not it.readable() or it.read()[:3:2] != (RST_STREAM, 1):
            it.send(frame(DATA, 0, 1, self.body[:1]))
            time.sleep(0.05)
        return "reset"

    def headers_never(self):
        it = self.unending_headers()
        yield
        return it.result(1)

    # --- readers ----------------------------------------------------------------------------------------------------

    def window_zero(self):
        """A call whose answer may not be sent."""
        it = self.wire(settings=setting(INITIAL_WINDOW_SIZE, 0))
        it.send(it.call_frames(1, self.body))
        yield
        result = it.result(1)
        it.send(frame(SETTINGS, payload=setting(INITIAL_WINDOW_SIZE, 65535)))
        it.next_stream = 3
        return "%s, %s" % (result, it.call(self.body))

    def window_used(self):
        """Answers until the connection's window is full."""
        it, ids = self.wire(open_window=False), []
        for _ in range(60):
            ids.append(it.new_stream())
            it.send(it.call_frames(ids[-1], self.body))
        yield
        ended = 0
        while True:
            kind, flags, stream, payload = it.read()
            if kind == RST_STREAM:
                break
            ended += kind == HEADERS and flags & END_STREAM
        it.send(frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 1 << 20)))
        call = it.call(self.body)
        return "%s answers, reset %d, %s" % ("some" if ended else "no", payload[3], call)

    def deaf(self, pid=""):
        """Sends and never reads: the server reads no more when its own words do not get through, then it goes. Twenty
        of them may cost five megabytes (of process PID)."""
        before = resident(pid) if pid else 0
        peers = [self.wire(small=True) for _ in range(20)]
        for it in peers:
            it.socket.settimeout(0.05)
        full = [self.fill(it) for it in peers]
        yield
        cost = resident(pid) - before if pid else 0
        for it in peers:
            while self.fill(it):
                pass
        return "%s %s" % ("full" if all(full) else "never full", "closed" if cost < 5 << 20 else cost)

    @staticmethod
    def fill(it):
        """Sends until nothing goes any more; False when the server has closed."""
        try:
            while it.try_send(wire.ASKING * 100):
                pass
            return False
        except TimeoutError:
            return True

    # --- floods -----------------------------------------------------------------------------------------------------

    def rapid_reset(self):
        it = self.wire()
        yield
        return it.flood(lambda: self.and_reset(it, it.headers(it.next_stream)))

    def rapid_calls(self):
        """Whole calls, each reset before its answer."""
        it = self.wire()
        yield
        return it.flood(lambda: self.and_reset(it, it.call_frames(it.next_stream, self.body)))

    @staticmethod
    def and_reset(it, frames):
        return frames + frame(RST_STREAM, 0, it.new_stream(), struct.pack(">I", 8))

    def cancelling(self):
        """Half of the calls cancelled, the others answered: a client with a short patience, and no attack."""
        it = self.wire()
        for _ in range(500):
            it.send(self.and_reset(it, it.headers(it.next_stream)))
            result = it.call(self.body)
        yield
        return result

    def cancelling_all(self, limit):
        """All that may be open cancelled, and again on a second try: who lost patience, and no attack."""
        it = self.wire()
        it.ping()
        for _ in range(2):
            ids = [it.new_stream() for _ in range(int(limit))]
            it.send(*[it.headers(stream) for stream in ids])
            it.send(*[frame(RST_STREAM, 0, stream, struct.pack(">I", 8)) for stream in ids])
            it.ping()
        yield
        return it.call(self.body)

    def pings(self):
        it = self.wire()
        yield
        return it.flood(lambda: frame(PING, payload=bytes(8)) * 2000)

    def settings(self):
        it = self.wire()
        yield
        return it.flood(lambda: frame(SETTINGS, payload=setting(INITIAL_WINDOW_SIZE, 70000)) * 2000)

    def polite_pings(self):
        it = self.wire()
        for _ in range(2000):
            it.ping()
        yield
        return it.call(self.body)

    def window_overflow(self):
        """A stream's ends the stream, the connection's the connection."""
        it = self.wire()
        add = struct.pack(">I", 0x7FFFFFFF)
        it.send(it.headers(1), frame(WINDOW_UPDATE, 0, 1, add))
        result = it.result(1)
        yield
        it.send(frame(WINDOW_UPDATE, 0, 0, add))
        return "%s, %s" % (result, it.end())

    def too_large_frame(self):
        it = self.wire()
        it.send(it.headers(1), frame(DATA, 0, 1, bytes(16385)))
        yield
        return it.end()

    def even_stream(self):
        it = self.wire()
        it.send(it.headers(2))
        yield
        return it.end()

    def http1(self):
        """HTTP/1.1 by a peer that has agreed on HTTP/2."""
        it = self.wire(greet=False)
        it.send(b"POST / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        yield
        return it.end()

    # --- TLS --------------------------------------------------------------------------------------------------------

    def garbage(self):
        noise, socks = random.Random(1), [peer.tcp(self.address) for _ in range(20)]
        for sock in socks:
            sock.sendall(noise.randbytes(2000))
        yield
        return " ".join({self.ended(sock) for sock in socks})

    def plain(self, what):
        sock = peer.tcp(self.address)
        sock.sendall({"h2": wire.PREFACE + frame(SETTINGS), "http1": b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"}[what])
        yield
        return self.ended(sock)

    def old_tls(self, version):
        context = peer.tls_context()
        context.set_ciphers("DEFAULT@SECLEVEL=0")
        context.options &= ~(ssl.OP_NO_TLSv1 | ssl.OP_NO_TLSv1_1)
        context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
        yield
        try:
            context.wrap_socket(peer.tcp(self.address))
            return "served"
        except ssl.SSLError as error:
            return error.reason

    def hello(self):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = peer.tls_context().wrap_bio(incoming, outgoing, server_hostname="cluster.local")
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            return outgoing.read()

    def handshake_never(self):
        sock = peer.tcp(self.address)
        yield
        return self.ended(sock)

    def handshake_half(self):
        """A ClientHello without its end, and one whose answer is left unanswered."""
        hello = self.hello()
        half, whole = peer.tcp(self.address), peer.tcp(self.address)
        half.sendall(hello[:100])
        whole.sendall(hello)
        yield
        return "%s, %s" % (self.ended(half), self.ended(whole))

    def handshake_trickle(self):
        hello = self.hello()
        sock = peer.tcp(self.address)
        sock.settimeout(0.05)
        yield
        for byte in hello:
            try:
                sock.sendall(bytes([byte]))
                if not sock.recv(1):
                    return "closed"
            except TimeoutError:
                continue
            except ConnectionError:
                return "closed"
        return "never ended"

    # --- idle -------------------------------------------------------------------------------------------------------

    def idle(self):
        """A peer that knows the protocol is told, and told again when it has heard: PING comes behind GOAWAY."""
        it = self.wire()
        first = it.wait(GOAWAY)[3]
        ping = it.wait(PING)[3]
        it.send(it.call_frames(1, self.body))  # was on its way
        call = it.result(1)
        it.send(frame(PING, ACK, 0, ping))
        last = it.wait(GOAWAY)[3]
        yield
        return "goaway %x, %s, goaway %d, %s" % (
            int.from_bytes(first[:4], "big"), call, int.from_bytes(last[:4], "big"), it.end())

    def idle_silent(self):
        """A peer that sends nothing: told, then closed."""
        it = self.wire(greet=False, acknowledge=False)
        yield
        return it.end()

    def idle_stalled(self, pid):
        """A server that stood still for longer than both time-outs tells a peer all the same before it closes."""
        it = peer.prompt(self.served)
        os.kill(int(pid), signal.SIGSTOP)
        time.sleep(3)
        os.kill(int(pid), signal.SIGCONT)
        yield
        return it.end()

    def idle_pings(self):
        """PINGs are no calls."""
        it = self.wire()
        yield
        while not it.readable() or it.read()[0] != GOAWAY:
            it.send(frame(PING, payload=bytes(8)))
            time.sleep(0.05)
        return "goaway"

    # --- connections ------------------------------------------------------------------------------------------------

    def connections(self, limit):
        """The limit's number of idle ones; one more takes the place of the oldest."""
        kept = []
        for _ in range(int(limit)):
            kept.append(self.wire())
            kept[-1].ping()
            time.sleep(0.01)  # the server's clock must tell which is older
        kept[0].call(self.body)  # no longer the oldest: the second is
        more = self.wire()
        more.ping()
        out = kept.pop(1).end()
        results = [it.call(self.body) for it in kept + [more]]
        yield
        return "%s, %s" % (out, ", ".join(sorted(set(results))))

    def connections_busy(self, limit):
        """None of them idle: one more is turned away; they are not disturbed; the next one is served again."""
        busy = []
        for _ in range(int(limit)):
            busy.append(self.wire())
            busy[-1].send(busy[-1].headers(1))
            busy[-1].ping()
        turned = "served" if self.serves() else "turned away"
        results = []
        for it in busy:
            it.send(frame(DATA, END_STREAM, 1, self.body))
            results.append(it.result(1))
        yield
        return "%s, %s" % (turned, ", ".join(sorted(set(results))))

    def connections_elsewhere(self):
        """Two loops with one connection each, of which the first is busy: one more takes the place of the other."""
        busy = self.wire()
        busy.send(busy.headers(1))
        busy.ping()
        idle = self.wire()
        idle.ping()
        more = "served" if self.serves() else "turned away"
        out = idle.end()
        yield
        busy.send(frame(DATA, END_STREAM, 1, self.body))
        return "%s, %s, %s" % (more, out, busy.result(1))

    def connections_shaking(self, limit):
        """Connections that never begin TLS hold no place against one that does."""
        held = [peer.tcp(self.address) for _ in range(3 * int(limit))]
        yield
        for sock in held:
            sock.close()
        return "served"

    def descriptors(self):
        """More connections than descriptors: says how many were turned away until there are enough again."""
        held = [peer.tcp(self.address) for _ in range(100)]
        self.ended(held[-1])
        turned = len(select.select(held, [], [], 0)[0])
        for sock in held:
            sock.close()
        while not self.serves():
            turned += 1
        yield
        return "%d turned away" % turned

    def serves(self):
        try:
            self.served()
            return True
        except (ConnectionError, ssl.SSLError, peer.Closed):
            return False


def main():
    name, address, csr = sys.argv[1:4]
    with open(csr, "rb") as file:
        case = Case(address, file.read())
    steps = getattr(case, name)(*sys.argv[4:])
    try:
        while True:
            next(steps)
            peer.prompt(case.good)
    except StopIteration as end:
        print(end.value)


if __name__ == "__main__":
    main()
