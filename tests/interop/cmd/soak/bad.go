// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"time"

	sentryv1pb "github.com/dapr/dapr/pkg/proto/sentry/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
)

// trickle writes a few bytes at a time.
type trickle struct {
	*net.TCPConn
	size int
}

func (t *trickle) Write(bytes []byte) (int, error) {
	for at := 0; at < len(bytes); at += t.size {
		if _, err := t.TCPConn.Write(bytes[at:min(at+t.size, len(bytes))]); err != nil {
			return at, err
		}
		time.Sleep(500 * time.Microsecond)
	}
	return len(bytes), nil
}

// cut ends the connection behind a number of bytes, wherever in the handshake or the request that is.
type cut struct {
	*net.TCPConn
	left, how int
}

func (c *cut) Write(bytes []byte) (int, error) {
	n, err := c.TCPConn.Write(bytes[:min(len(bytes), c.left)])
	c.left -= n
	if err != nil || n == len(bytes) {
		return n, err
	}
	switch c.how {
	case 0:
		err = c.TCPConn.CloseWrite() // a FIN; what the server still says is read
	case 1:
		err = c.TCPConn.SetLinger(0) // an RST
	}
	if c.how != 0 {
		c.TCPConn.Close()
	}
	if err == nil {
		err = net.ErrClosed
	}
	return n, err
}

// malformed calls, each by its place; nil: it was refused as it should be.
var malformed = []func(l *load, i int, r *rand.Rand) error{
	func(l *load, i int, r *rand.Rand) error {
		return wrap("noise without TLS", func() error {
			conn, err := net.Dial("tcp", l.s.Addr)
			if err != nil {
				return err
			}
			return makeNoise(conn, r)
		})
	},
	func(l *load, i int, r *rand.Rand) error {
		return wrap("noise in TLS", func() error {
			conn, err := l.dialTLS()
			if err != nil {
				return err
			}
			return makeNoise(conn, r)
		})
	},
	func(l *load, i int, r *rand.Rand) error {
		return l.refused("no protobuf", codes.Internal, framed(noise(r, 1+r.IntN(500))))
	},
	func(l *load, i int, r *rand.Rand) error {
		return l.refused("a message that is too large", codes.ResourceExhausted, framed(noise(r, 300000)))
	},
	func(l *load, i int, r *rand.Rand) error {
		body := framed(l.message(noise(r, 100)))
		return l.refused("a message that is shorter than it says", codes.Internal, body[:len(body)-1-r.IntN(50)])
	},
	func(l *load, i int, r *rand.Rand) error {
		return l.refused("noise for a request", codes.InvalidArgument, framed(l.message(noise(r, 1+r.IntN(1000)))))
	},
	func(l *load, i int, r *rand.Rand) error {
		csr := bytes.Clone(l.requests[i%len(l.requests)].csr)
		copy(csr[40+r.IntN(20):], "AAAAAAAA")
		return l.refused("a request that was damaged", codes.InvalidArgument, framed(l.message(csr)))
	},
}

func wrap(what string, do func() error) error {
	if err := do(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func noise(r *rand.Rand, n int) []byte {
	bytes := make([]byte, n)
	for i := range bytes {
		bytes[i] = byte(r.Uint32())
	}
	bytes[0] = 0xff // no protobuf begins so, and no frame of HTTP/2 or TLS
	return bytes
}

// makeNoise waits for the server to end the connection; how, is its affair.
func makeNoise(conn net.Conn, r *rand.Rand) error {
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(2 * giveUp)); err != nil {
		return err
	}
	_, _ = conn.Write(noise(r, 24+r.IntN(2000)))
	_, err := io.Copy(io.Discard, conn)
	if late, ok := err.(net.Error); ok && late.Timeout() {
		return err
	}
	return nil
}

func (l *load) dialTLS() (*tls.Conn, error) {
	return tls.Dial("tcp", l.s.Addr, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
}

func (l *load) message(csr []byte) []byte {
	bytes, err := proto.Marshal(&sentryv1pb.SignCertificateRequest{Id: "app", Namespace: "default",
		CertificateSigningRequest: csr})
	must(err)
	return bytes
}

// framed is a message with gRPC's prefix.
func framed(message []byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message))), message...)
}

// refused posts a body over HTTP/2, on a connection of its own, and wants this status of gRPC.
func (l *load) refused(what string, want codes.Code, body []byte) error {
	return wrap(what, func() error {
		conn, err := l.dialTLS()
		if err != nil {
			return err
		}
		defer conn.Close()
		client := &http.Client{Timeout: 2 * giveUp, Transport: &http.Transport{ForceAttemptHTTP2: true,
			DialTLSContext: func(context.Context, string, string) (net.Conn, error) { return conn, nil }}}
		post, err := http.NewRequest("POST", "https://"+l.s.Addr+sentryv1pb.CA_SignCertificate_FullMethodName,
			bytes.NewReader(body))
		if err != nil {
			return err
		}
		post.Header.Set("Content-Type", "application/grpc")
		post.Header.Set("TE", "trailers")
		resp, err := client.Do(post)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			return err
		}
		got := resp.Header.Get("Grpc-Status") + resp.Trailer.Get("Grpc-Status") // one of them
		if got != strconv.Itoa(int(want)) {
			return fmt.Errorf("status %q, not %d", got, want)
		}
		return nil
	})
}
