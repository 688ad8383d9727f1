// SPDX-License-Identifier: Apache-2.0

// Package interop tests a running sentry, ours or Dapr's (SENTRY_ORIGINAL=1), with other people's clients.
package interop

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"testing"

	"github.com/dapr/dapr/pkg/security"
	"github.com/spiffe/go-spiffe/v2/spiffeid"

	"daprcerts.interop/peer"
)

func server(t *testing.T) *peer.Sentry {
	t.Helper()
	s, err := peer.FromEnv()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func original() bool { return os.Getenv("SENTRY_ORIGINAL") != "" }

// The leaf that a peer shows over mutual TLS to one who checks its identity.
func servedLeaf(addr string, caller security.Handler, id spiffeid.ID) (*x509.Certificate, error) {
	ctx, cancel := context.WithTimeout(context.Background(), peer.Bound)
	defer cancel()
	conn, err := caller.NetDialerID(ctx, id, peer.Bound)("tcp", addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	over, ok := conn.(*tls.Conn)
	if !ok {
		return nil, errors.New("no TLS")
	}
	return over.ConnectionState().PeerCertificates[0], nil
}
