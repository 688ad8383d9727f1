# SPDX-License-Identifier: Apache-2.0
"""HTTP/2 without its rules: frames go out as they are given and come in as they are (ssl and python3-hpack alone)."""
import select
import ssl
import struct

import hpack

import peer

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM = ACK = 1
END_HEADERS = 4
PADDED = 8

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
CALL = [(":method", "POST"), (":scheme", "https"), (":path", peer.PATH), (":authority", "localhost"),
        ("content-type", "application/grpc"), ("te", "trailers")]


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def setting(number, value):
    return struct.pack(">HI", number, value)


def header_bytes(headers):
    """As RFC 7541 section 4.1 counts them."""
    return sum(len(name) + len(value) + 32 for name, value in headers)

# Something to answer among much that is passed over (nobody knows this frame type: RFC 9113 section 4.1): many of them
# make many answers, and are no flood of PINGs.
ASKING = frame(PING, payload=bytes(8)) + frame(0xFA, payload=bytes(200))


class Wire:
    """GREET: the preface and SETTINGS are sent. ACKNOWLEDGE: SETTINGS are, when they are read. OPEN: the connection's
    window is given back. SMALL: see peer.tcp."""

    def __init__(self, address, greet=True, settings=b"", acknowledge=True, open_window=True, small=False,
                 connected=None):
        self.socket = peer.tls_context().wrap_socket(connected or peer.tcp(address, small),
                                                     server_hostname="cluster.local")
        self.encoder, self.decoder = hpack.Encoder(), hpack.Decoder()
        self.bytes, self.next_stream = b"", 1
        self.fields, self.ends = {}, {}  # of each stream: what came, and how it ended
        self.acknowledge, self.open_window = acknowledge, open_window
        if greet:
            self.send(PREFACE, frame(SETTINGS, payload=settings))

    def send(self, *frames):
        try:
            self.socket.sendall(b"".join(frames))
        except (ConnectionError, ssl.SSLError) as error:
            raise peer.Closed from error

    def try_send(self, *frames):
        """False when the server has closed: what it said before that may still be read."""
        try:
            self.send(*frames)
            return True
        except peer.Closed:
            return False

    def fetch(self, count):
        """Waits for that many bytes."""
        while len(self.bytes) < count:
            try:
                more = self.socket.recv(65536)
            except (ConnectionError, ssl.SSLError) as error:
                raise peer.Closed from error
            if not more:
                raise peer.Closed
            self.bytes += more

    def take(self, count):
        self.fetch(count)
        head, self.bytes = self.bytes[:count], self.bytes[count:]
        return head

    def read(self):
        """The next frame: kind, flags, stream, payload. Header blocks are decoded, to (name, value) pairs."""
        head = self.take(9)
        kind, flags, stream = head[3], head[4], struct.unpack(">I", head[5:])[0]
        payload = self.take(int.from_bytes(head[:3], "big"))
        if kind == HEADERS:
            payload = self.decoder.decode(payload)
            self.fields.setdefault(stream, {}).update(payload)
        if kind in (HEADERS, DATA) and flags & END_STREAM:
            fields = self.fields.get(stream, {})
            self.ends.setdefault(
                stream, ("status %s %s" % (fields.get("grpc-status"), fields.get("grpc-message", ""))).strip())
        if kind == RST_STREAM:
            self.ends.setdefault(stream, "reset %d" % int.from_bytes(payload, "big"))
        if kind == SETTINGS and not flags & ACK and self.acknowledge:
            self.try_send(frame(SETTINGS, ACK))
        if kind == DATA and payload and self.open_window:
            self.try_send(frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", len(payload))))
        return kind, flags, stream, payload

    def wait(self, kind, stream=None):
        """The next frame of this kind (and stream)."""
        while True:
            got = self.read()
            if got[0] == kind and (stream is None or got[2] == stream):
                return got

    def readable(self):
        return bool(self.bytes or self.socket.pending() or select.select([self.socket], [], [], 0)[0])

    def flood(self, make):
        """Sends what MAKE makes until the connection ends, reading what comes, and says how it ended."""
        said = "closed"
        while self.try_send(make()):
            while self.readable():
                try:
                    kind, _, _, payload = self.read()
                except peer.Closed:
                    return said
                if kind == GOAWAY:
                    said = "goaway %d" % int.from_bytes(payload[4:8], "big")
        return said if said != "closed" else self.end()

    def end(self):
        """How the connection ends: "goaway CODE" of the last GOAWAY, or "closed"."""
        said = "closed"
        try:
            while True:
                kind, _, _, payload = self.read()
                if kind == GOAWAY:
                    said = "goaway %d" % int.from_bytes(payload[4:8], "big")
        except peer.Closed:
            return said

    def new_stream(self):
        self.next_stream += 2
        return self.next_stream - 2

    def headers(self, stream, more=(), flags=END_HEADERS):
        return frame(HEADERS, flags, stream, self.encoder.encode(CALL + list(more)))

    def call_frames(self, stream, body):
        return self.headers(stream) + frame(DATA, END_STREAM, stream, body)

    def result(self, stream):
        """How a stream ended: "status N text" or "reset CODE"."""
        while stream not in self.ends:
            self.read()
        return self.ends[stream]

    def call(self, body):
        stream = self.new_stream()
        self.send(self.call_frames(stream, body))
        return self.result(stream)

    def ping(self):
        """Returns when everything sent before has been read by the server."""
        self.send(frame(PING, payload=b"whatever"))
        while True:
            got = self.wait(PING)
            if got[1] & ACK and got[3] == b"whatever":
                return

    def close(self):
        self.socket.close()
