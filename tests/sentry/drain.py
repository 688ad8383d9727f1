# SPDX-License-Identifier: Apache-2.0
"""Peers of a server that is told to end: drain.py CASE ADDRESS CSR PID SIGNAL [ARGUMENT...] sends the signal itself, in
the middle of something, and prints what became of that."""
import os
import signal
import ssl
import sys
import threading
import time

import limits
import peer
import wire
from wire import ACK, DATA, END_STREAM, GOAWAY, PING, WINDOW_UPDATE, Wire, frame

LAST_ANY = 0x7FFFFFFF


class Case:
    def __init__(self, address, csr, pid, name):
        self.address, self.csr, self.body = address, csr, peer.frame(csr)
        self.pid, self.number = int(pid), getattr(signal, "SIG" + name)

    def end(self):
        os.kill(self.pid, self.number)

    def served(self, **how):
        """A connection that the server has taken, though it be impatient."""
        def attempt():
            it = Wire(self.address, **how)
            it.ping()
            return it
        return peer.prompt(attempt)

    @staticmethod
    def told(it):
        """Reads the first GOAWAY, which allows everything still, and the PING behind it, which waits for its answer."""
        assert int.from_bytes(it.wait(GOAWAY)[3][:4], "big") == LAST_ANY
        return it.wait(PING)[3]

    @staticmethod
    def last(it):
        return int.from_bytes(it.wait(GOAWAY)[3][:4], "big")

    def refused(self):
        """A new connection is refused; one that the kernel took before the server knew is served and told."""
        while True:
            try:
                Wire(self.address).end()
            except ConnectionRefusedError:
                return "refused"
            except (ConnectionError, ssl.SSLError, peer.Closed):
                pass

    def under_way(self):
        """A half-sent call is finished after the GOAWAY; one that is sent before the peer has heard is answered; an
        idle connection ends; a handshake under way ends well and its call is answered; nobody new gets in."""
        half, idle = Wire(self.address), Wire(self.address)
        half.send(half.headers(1), frame(DATA, 0, 1, self.body[:20]))
        half.ping()
        idle.ping()
        shaking = peer.tcp(self.address)  # accepted, or by the system alone: both are served
        self.end()
        ping, idle_ping = self.told(half), self.told(idle)
        new = self.refused()
        half.send(half.call_frames(3, self.body))
        late = half.result(3)
        half.send(frame(PING, ACK, 0, ping))
        last = self.last(half)
        half.send(frame(DATA, END_STREAM, 1, self.body[20:]))
        begun = half.result(1)
        idle.send(frame(PING, ACK, 0, idle_ping))
        idle_last = self.last(idle)
        shaken = Wire(self.address, connected=shaking)
        shaken.send(shaken.call_frames(1, self.body))
        return ", ".join(["last %d" % last, begun, late, half.end(), "idle last %d %s" % (idle_last, idle.end()),
                          "shaken " + shaken.result(1), "new " + new])

    def load(self, count):
        """COUNT clients call without a pause, eight calls at once each, until their connection is to end. Every call up
        to the last GOAWAY's number must be answered."""
        clients = [Client(self) for _ in range(int(count))]
        for client in clients:
            client.start()
        while sum(client.answered for client in clients) < 300 and any(client.is_alive() for client in clients):
            time.sleep(0.01)
        self.end()
        for client in clients:
            client.join()
        lost = [client.lost for client in clients if client.lost]
        return "lost: %s" % lost if lost else "none lost"

    def crowd(self, count):
        """COUNT connections at once, a call on each, and all of them closed; no signal: the process' size and its
        descriptors, polled until they are small again."""
        def descriptors():
            return len(os.listdir("/proc/%d/fd" % self.pid))
        before = descriptors()
        peers = [Wire(self.address) for _ in range(int(count))]
        for it in peers:
            it.send(it.call_frames(1, self.body))
        results = {it.result(1) for it in peers}
        most = descriptors() - before
        for it in peers:
            it.close()
        for _ in range(10 * peer.BOUND):
            time.sleep(0.1)
            left, size = descriptors() - before, limits.resident(self.pid)
            if left == 0 and size < 8 << 20:
                break
        return "%s, %d more descriptors, then %d more, %s" % (
            ", ".join(results), most, left, "below 8 MB" if size < 8 << 20 else "%d bytes" % size)

    def held(self):
        """A call that is never finished: cut when the time is over, which it may be before the PING is answered."""
        it = Wire(self.address)
        it.send(it.headers(1))
        it.ping()
        self.end()
        it.try_send(frame(PING, ACK, 0, self.told(it)))
        it.end()
        return "cut"

    def twice(self):
        it = Wire(self.address)
        it.send(it.headers(1))
        it.ping()
        self.end()
        it.send(frame(PING, ACK, 0, self.told(it)))
        self.last(it)
        self.end()
        return it.end()

    def unanswered(self):
        """An idle peer, and one whose call ends, that never answer the PING: the server does not wait for ever."""
        idle, calling = self.served(), self.served()
        calling.send(calling.headers(1))
        calling.ping()
        self.end()
        self.told(idle)
        self.told(calling)
        calling.send(frame(DATA, END_STREAM, 1, self.body))
        return ", ".join([calling.result(1), calling.end(), idle.end()])

    def small(self):
        """A peer with little room, which may be sent all the answers, and its streams: the server makes their answers
        at once, a narrow system (sockets.py) has no room for them behind the answers to two thousand PINGs."""
        it = self.served(small=True)
        it.send(frame(WINDOW_UPDATE, 0, 0, (1 << 20).to_bytes(4, "big")))
        return it, [it.new_stream() for _ in range(33)]

    def unread(self, filling):
        """A peer that reads its answers late, and the GOAWAY behind them."""
        it, streams = self.small()
        it.ping()
        it.send(wire.ASKING * int(filling))
        it.send(b"".join(it.call_frames(stream, self.body) for stream in streams))
        self.end()
        time.sleep(4)
        return ", ".join(sorted({it.result(stream) for stream in streams}))

    def slow(self, filling, then=b""):
        """The last answers wait for a slow reader, who sends THEN before it reads: in the system, or, when that has no
        room left, in the server."""
        it, streams = self.small()
        for stream in streams:
            it.send(it.headers(stream), frame(DATA, 0, stream, self.body))
        it.ping()
        self.end()
        it.send(frame(PING, ACK, 0, self.told(it)))
        self.last(it)
        it.send(wire.ASKING * int(filling))
        it.send(b"".join(frame(DATA, END_STREAM, stream) for stream in streams))
        time.sleep(4)
        it.send(then)
        return ", ".join(sorted({it.result(stream) for stream in streams}))


    def pausing(self, filling):
        """A peer that does nothing for longer than --handshake-timeout, then asks before it reads: a server that had
        closed would have reset what its system still held."""
        return self.slow(filling, wire.ASKING)


class Client(threading.Thread):
    def __init__(self, case):
        super().__init__()
        self.case, self.wire = case, Wire(case.address)
        self.answered, self.lost, self.last = 0, "never ended", None

    def run(self):
        going = set()
        try:
            while True:
                while len(going) < 8 and self.last is None:
                    going.add(self.wire.new_stream())
                    self.wire.send(self.wire.call_frames(max(going), self.case.body))
                self.read()
                self.answered += len(going & self.wire.ends.keys())
                going -= self.wire.ends.keys()
        except peer.Closed:
            due = range(1, min(self.last or 0, self.wire.next_stream - 2) + 1, 2)
            self.lost = [stream for stream in due if self.wire.ends.get(stream) != "status 0"]
            if self.last in (None, LAST_ANY):
                self.lost = "no last GOAWAY"

    def read(self):
        """Calls go on between the two GOAWAYs, as those of a client that has not read the first one yet."""
        kind, flags, _, payload = self.wire.read()
        if kind == PING and not flags & ACK:
            self.wire.send(frame(PING, ACK, 0, payload))
        if kind == GOAWAY:
            last = int.from_bytes(payload[:4], "big")
            self.last = None if last == LAST_ANY else last


def main():
    name, address, csr, pid, number = sys.argv[1:6]
    with open(csr, "rb") as file:
        case = Case(address, file.read(), pid, number)
    print(getattr(case, name)(*sys.argv[6:]))


if __name__ == "__main__":
    main()
