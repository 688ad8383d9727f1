// SPDX-License-Identifier: Apache-2.0

// sidecar shows the main job: two workloads obtain identities from a sentry by Dapr's gRPC protocol, as sidecars do,
// and speak mutual TLS to each other.
package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"os"
	"time"

	sentryv1pb "github.com/dapr/dapr/pkg/proto/sentry/v1"
	"github.com/spiffe/go-spiffe/v2/spiffetls/tlsconfig"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"

	"daprcerts.interop/peer"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "sidecar:", err)
		os.Exit(1)
	}
}

func obtain(s *peer.Sentry, app string) (*x509svid.SVID, error) {
	key := peer.NewKey(peer.Ed25519)
	resp, err := s.Sign(context.Background(), &sentryv1pb.SignCertificateRequest{Id: app, Namespace: "default",
		CertificateSigningRequest: peer.CSR(key, "", peer.NewLabel)})
	if err != nil {
		return nil, err
	}
	chain, err := peer.ParseChain(resp.GetWorkloadCertificate())
	if err != nil {
		return nil, err
	}
	id, _, err := x509svid.Verify(chain, s.Bundle())
	if err != nil {
		return nil, err
	}
	fmt.Printf("%s is %s until %s\n", app, id, chain[0].NotAfter.Format(time.RFC3339))
	return &x509svid.SVID{ID: id, Certificates: chain, PrivateKey: key}, nil
}

func run() error {
	s, err := peer.FromEnv()
	if err != nil {
		return err
	}
	a, err := obtain(s, "app-a")
	if err != nil {
		return err
	}
	b, err := obtain(s, "app-b")
	if err != nil {
		return err
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", tlsconfig.MTLSServerConfig(b, s.Bundle(), tlsconfig.AuthorizeID(a.ID)))
	if err != nil {
		return err
	}
	defer listener.Close()
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		over := conn.(*tls.Conn)
		if over.Handshake() == nil {
			fmt.Fprintf(conn, "hello %s\n", over.ConnectionState().PeerCertificates[0].URIs[0])
		}
	}()
	conn, err := tls.Dial("tcp", listener.Addr().String(), tlsconfig.MTLSClientConfig(a, s.Bundle(), tlsconfig.AuthorizeID(b.ID)))
	if err != nil {
		return err
	}
	defer conn.Close()
	text := make([]byte, 256)
	n, err := conn.Read(text)
	if err != nil {
		return err
	}
	fmt.Printf("app-a calls app-b over mutual TLS: %s says: %s", conn.ConnectionState().PeerCertificates[0].URIs[0], text[:n])
	return nil
}
