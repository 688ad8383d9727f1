// SPDX-License-Identifier: Apache-2.0

package peer

import (
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"time"

	sentryv1pb "github.com/dapr/dapr/pkg/proto/sentry/v1"
	"github.com/spiffe/go-spiffe/v2/spiffetls/tlsconfig"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

// Answer is what a sidecar up to 1.13 has of sentry's answer: its key, its chain, and the trust chain as it came.
type Answer struct {
	Cert  tls.Certificate
	Chain []*x509.Certificate
	Trust [][]byte
}

// AskAsOld asks as all do up to 1.13: with CN and DNS = app id and an ECDSA key, over TLS that CONFIG describes.
func (s *Sentry) AskAsOld(app, label string, config *tls.Config) (*Answer, error) {
	conn, err := grpc.NewClient("passthrough:///"+s.Addr, grpc.WithTransportCredentials(credentials.NewTLS(config)))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	key := NewKey(P256)
	ctx, cancel := context.WithTimeout(context.Background(), Bound)
	defer cancel()
	resp, err := sentryv1pb.NewCAClient(conn).SignCertificate(ctx, &sentryv1pb.SignCertificateRequest{
		Id: app, Namespace: "default", TrustDomain: "public", CertificateSigningRequest: CSR(key, app, label)})
	if err != nil {
		return nil, err
	}
	if !resp.GetValidUntil().AsTime().After(time.Now()) {
		return nil, fmt.Errorf("valid until %v", resp.GetValidUntil().AsTime())
	}
	chain, err := ParseChain(resp.GetWorkloadCertificate())
	if err != nil {
		return nil, err
	}
	return &Answer{pairOf(chain, key), chain, resp.GetTrustChainCertificates()}, nil
}

func pairOf(chain []*x509.Certificate, key crypto.PrivateKey) tls.Certificate {
	pair := tls.Certificate{PrivateKey: key}
	for _, cert := range chain {
		pair.Certificate = append(pair.Certificate, cert.Raw)
	}
	return pair
}

// TrustPool is the pool of peers that a sidecar up to 1.11 makes of the answer's trust chain.
func (a *Answer) TrustPool() (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	for _, entry := range a.Trust {
		if !pool.AppendCertsFromPEM(entry) {
			return nil, fmt.Errorf("a trust chain entry that is no certificate: %q", entry)
		}
	}
	return pool, nil
}

// VerifyEither checks a peer as 1.12 and 1.13 do: by SPIFFE ID or, failing that, by the DNS name cluster.local, which
// was the control plane's before.
func (s *Sentry) VerifyEither(authorizer tlsconfig.Authorizer) func([][]byte, [][]*x509.Certificate) error {
	bySPIFFE := tlsconfig.VerifyPeerCertificate(s.Bundle(), authorizer)
	pool := s.Pool()
	return func(raw [][]byte, _ [][]*x509.Certificate) error {
		err := bySPIFFE(raw, nil)
		if err == nil {
			return nil
		}
		leaf, parseErr := x509.ParseCertificate(raw[0])
		if parseErr != nil {
			return parseErr
		}
		between := x509.NewCertPool()
		for _, der := range raw[1:] {
			cert, parseErr := x509.ParseCertificate(der)
			if parseErr != nil {
				return parseErr
			}
			between.AddCert(cert)
		}
		options := x509.VerifyOptions{DNSName: "cluster.local", Intermediates: between, Roots: pool}
		if _, byDNS := leaf.Verify(options); byDNS == nil {
			return nil
		}
		return err
	}
}
