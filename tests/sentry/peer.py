# SPDX-License-Identifier: Apache-2.0
"""A peer that speaks HTTP/2 frame by frame (python3-h2 over ssl), for what no polite client does.

As a program it keeps one connection open: peer.py ADDRESS CSR says "open", then makes one call for each line that it
reads: the line is the name of a file for the certificates; its answer is the call's gRPC status. At the line "half" a
call is begun, of which half is sent; the next line ends it."""
import socket
import ssl
import sys
import time

import h2.config
import h2.connection
import h2.events
import h2.exceptions

BOUND = 60  # seconds: how long an event may take that must come; longer means that it does not come
PROMPT = 0.8  # seconds: less than any time-out that a server is given

PATH = "/dapr.proto.sentry.v1.CA/SignCertificate"


def varint(number):
    out = b""
    while number > 127:
        out += bytes([number % 128 + 128])
        number //= 128
    return out + bytes([number])


def field(number, value):
    return bytes([number * 8 + 2]) + varint(len(value)) + value


def frame(csr, app=b"myapp", padding=0):
    """A SignCertificateRequest behind gRPC's prefix; PADDING bytes are put into a field that nobody knows."""
    message = field(1, app) + field(4, b"default") + field(5, csr)
    if padding:
        message += field(15, b"x" * padding)
    return b"\0" + len(message).to_bytes(4, "big") + message


def workload_certificate(body):
    """The first field of a SignCertificateResponse."""
    assert body[5] == 8 + 2, body[:16]
    at, length, shift = 6, 0, 0
    while True:
        length |= (body[at] & 127) << shift
        shift += 7
        at += 1
        if body[at - 1] < 128:
            return body[at : at + length]


def tcp(address, small=False):
    """SMALL: little fits between the two ends, so that what is sent waits for its reader."""
    host, port = address.rsplit(":", 1)
    connected = socket.socket(socket.AF_INET6 if "[" in host else socket.AF_INET)
    connected.settimeout(BOUND)
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if small:
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
    connected.connect((host.strip("[]"), int(port)))
    return connected


def tls_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # who is served is looked at elsewhere
    context.set_alpn_protocols(["h2"])
    return context


class Closed(Exception):
    """The server has closed the connection."""


def prompt(attempt, *args, **named):
    """What ATTEMPT returns. One that fails is a failure when it was prompt; else the machine may have stood still for
    longer than the server has patience, and it is made again."""
    end = time.monotonic() + BOUND
    while True:
        begun = time.monotonic()
        try:
            return attempt(*args, **named)
        except (AssertionError, Closed, ConnectionError, ssl.SSLError):
            if not begun + PROMPT < time.monotonic() < end:
                raise


class Peer:
    def __init__(self, address):
        self.socket = tls_context().wrap_socket(tcp(address), server_hostname="cluster.local")
        config = h2.config.H2Configuration(header_encoding="utf-8", validate_outbound_headers=False)
        self.h2 = h2.connection.H2Connection(config)
        self.h2.initiate_connection()
        self.flush()
        self.seen = []  # every event so far
        self.wait(lambda event: isinstance(event, h2.events.RemoteSettingsChanged))

    def flush(self):
        try:
            self.socket.sendall(self.h2.data_to_send())
        except (ConnectionError, ssl.SSLError):
            pass  # reading tells how it ended

    def wait(self, wanted):
        """The first event that is WANTED, one that has come already included. Closed where it cannot come any more."""
        at = 0
        while True:
            for event in self.seen[at:]:
                if wanted(event):
                    return event
            at = len(self.seen)
            try:
                data = self.socket.recv(65536)
            except (ConnectionError, ssl.SSLError) as error:
                raise Closed from error
            if not data:
                raise Closed
            self.seen += self.h2.receive_data(data)
            for event in self.seen[at:]:
                if isinstance(event, h2.events.DataReceived):
                    self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            self.flush()

    def wait_closed(self):
        try:
            self.wait(lambda event: False)
        except Closed:
            return

    def begin(self, more=()):
        """A call's headers; returns its stream."""
        stream = self.h2.get_next_available_stream_id()
        headers = [(":method", "POST"), (":scheme", "https"), (":path", PATH), (":authority", "localhost"),
                   ("content-type", "application/grpc"), ("te", "trailers")]
        self.h2.send_headers(stream, headers + list(more))
        self.flush()
        return stream

    def send(self, stream, data, end=False):
        """DATA as the server's windows let it through; where the answer comes first and ends the stream the rest is
        kept back."""
        try:
            while data:
                room = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size, len(data))
                if room == 0:
                    self.wait_for_room(stream)
                    continue
                self.h2.send_data(stream, data[:room])
                data = data[room:]
                self.flush()
            if end:
                self.h2.end_stream(stream)
            self.flush()
        except h2.exceptions.StreamClosedError:
            pass

    def wait_for_room(self, stream):
        at = len(self.seen)
        event = self.wait(
            lambda event: (isinstance(event, h2.events.WindowUpdated) and event in self.seen[at:]) or
            (isinstance(event, h2.events.StreamReset) and event.stream_id == stream))
        if isinstance(event, h2.events.StreamReset):
            raise h2.exceptions.StreamClosedError(stream)

    def ping(self):
        """Returns when everything sent before has been read by the server."""
        self.pings = getattr(self, "pings", 0) + 1
        data = self.pings.to_bytes(8, "big")
        self.h2.ping(data)
        self.flush()
        self.wait(lambda event: isinstance(event, h2.events.PingAckReceived) and event.ping_data == data)

    def result(self, stream):
        """How a stream ended: ("status", "0", body) or ("reset", code, b"")."""
        ends = (h2.events.StreamEnded, h2.events.StreamReset)
        end = self.wait(lambda event: isinstance(event, ends) and event.stream_id == stream)
        if isinstance(end, h2.events.StreamReset):
            return "reset", int(end.error_code), b""
        fields, body = {}, b""
        for event in self.seen:
            if getattr(event, "stream_id", None) != stream:
                continue
            if isinstance(event, (h2.events.ResponseReceived, h2.events.TrailersReceived)):
                fields.update(event.headers)
            if isinstance(event, h2.events.DataReceived):
                body += event.data
        return "status", fields.get("grpc-status"), body

    def call(self, csr):
        stream = self.begin()
        self.send(stream, frame(csr), end=True)
        return self.result(stream)

    def close(self):
        self.socket.close()


def main():
    address, csr = sys.argv[1:3]
    with open(csr, "rb") as file:
        request = file.read()
    peer = Peer(address)
    print("open", flush=True)
    half, message = None, frame(request)
    for line in sys.stdin:
        if line == "half\n":
            half = peer.begin()
            peer.send(half, message[: len(message) // 2])
            peer.ping()
            print("half", flush=True)
            continue
        stream = half or peer.begin()
        peer.send(stream, message[len(message) // 2 :] if half else message, end=True)
        _, status, body = peer.result(stream)
        half = None
        if status == "0":
            with open(line.strip(), "wb") as file:
                file.write(workload_certificate(body))
        print(status, flush=True)


if __name__ == "__main__":
    main()
