// SPDX-License-Identifier: Apache-2.0

// Package peer holds what every Go client of the tests needs: where the server is, connections as Dapr's sidecars make
// them (grpc-go with go-spiffe), certificate requests as each version of them writes them.
package peer

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"time"

	sentryv1pb "github.com/dapr/dapr/pkg/proto/sentry/v1"
	"github.com/spiffe/go-spiffe/v2/bundle/x509bundle"
	"github.com/spiffe/go-spiffe/v2/spiffegrpc/grpccredentials"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/spiffetls/tlsconfig"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
)

// Bound is how long what must come may take, on a machine with much else to do; longer means that it does not come.
const Bound = time.Minute

// Sentry is a running server: its address, its credentials' directory, its own names.
type Sentry struct {
	Addr, Dir, TrustDomain, Namespace string
}

// FromEnv reads SENTRY_ADDR, SENTRY_DIR, SENTRY_TRUST_DOMAIN, SENTRY_NAMESPACE.
func FromEnv() (*Sentry, error) {
	or := func(name, standard string) string {
		if value := os.Getenv(name); value != "" {
			return value
		}
		return standard
	}
	s := &Sentry{os.Getenv("SENTRY_ADDR"), os.Getenv("SENTRY_DIR"), or("SENTRY_TRUST_DOMAIN", "localhost"),
		or("SENTRY_NAMESPACE", "default")}
	if s.Addr == "" || s.Dir == "" {
		return nil, fmt.Errorf("SENTRY_ADDR and SENTRY_DIR name a running server")
	}
	return s, nil
}

// Anchors is ca.crt.
func (s *Sentry) Anchors() []byte {
	bytes, err := os.ReadFile(filepath.Join(s.Dir, "ca.crt"))
	if err != nil {
		panic(err)
	}
	return bytes
}

// Pool is ca.crt as Go's verifier takes it.
func (s *Sentry) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(s.Anchors()) {
		panic("ca.crt holds no certificate")
	}
	return pool
}

// Bundle is ca.crt as go-spiffe takes it: whatever the trust domain, these are its anchors.
func (s *Sentry) Bundle() x509bundle.Source {
	certs, err := ParseChain(s.Anchors())
	if err != nil {
		panic(err)
	}
	return anyDomain{certs}
}

type anyDomain struct{ certs []*x509.Certificate }

func (a anyDomain) GetX509BundleForTrustDomain(td spiffeid.TrustDomain) (*x509bundle.Bundle, error) {
	return x509bundle.FromX509Authorities(td, a.certs), nil
}

// ID is the server's SPIFFE ID.
func (s *Sentry) ID() spiffeid.ID {
	return spiffeid.RequireFromString("spiffe://" + s.TrustDomain + "/ns/" + s.Namespace + "/dapr-sentry")
}

// Dial connects as a sidecar since 1.12 does: the server's chain leads to the anchors, its SPIFFE ID is sentry's.
func (s *Sentry) Dial(options ...grpc.DialOption) (*grpc.ClientConn, error) {
	creds := grpccredentials.TLSClientCredentials(s.Bundle(), tlsconfig.AuthorizeID(s.ID()))
	patience := grpc.ConnectParams{Backoff: backoff.DefaultConfig, MinConnectTimeout: Bound}
	return grpc.NewClient("passthrough:///"+s.Addr,
		append(options, grpc.WithTransportCredentials(creds), grpc.WithConnectParams(patience))...)
}

// Sign makes one call on a connection of its own.
func (s *Sentry) Sign(ctx context.Context, req *sentryv1pb.SignCertificateRequest,
	options ...grpc.CallOption) (*sentryv1pb.SignCertificateResponse, error) {
	conn, err := s.Dial()
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(ctx, Bound)
	defer cancel()
	return sentryv1pb.NewCAClient(conn).SignCertificate(ctx, req, options...)
}

// Key kinds.
const (
	P256    = "P-256"
	P384    = "P-384"
	P521    = "P-521"
	P224    = "P-224"
	Ed25519 = "Ed25519"
	RSA2048 = "RSA-2048"
	RSA4096 = "RSA-4096"
	RSA1024 = "RSA-1024"
)

// NewKey makes a key of a kind above.
func NewKey(kind string) crypto.Signer {
	var key crypto.Signer
	var err error
	switch kind {
	case P224:
		key, err = ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	case P256:
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case P384:
		key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case P521:
		key, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case Ed25519:
		_, key, err = ed25519.GenerateKey(rand.Reader)
	case RSA1024:
		key, err = rsa.GenerateKey(rand.Reader, 1024)
	case RSA2048:
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	case RSA4096:
		key, err = rsa.GenerateKey(rand.Reader, 4096)
	default:
		panic(kind)
	}
	if err != nil {
		panic(err)
	}
	return key
}

// CSR makes a request. Sidecars since 1.14 leave name empty; those before put the app id in the common name and a DNS
// name, and those up to 1.11 label the block CERTIFICATE.
func CSR(key crypto.Signer, name, label string) []byte {
	template := &x509.CertificateRequest{}
	if name != "" {
		template.Subject = pkix.Name{CommonName: name}
		template.DNSNames = []string{name}
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, template, key)
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der})
}

// Labels of a request's PEM block.
const (
	NewLabel = "CERTIFICATE REQUEST"
	OldLabel = "CERTIFICATE"
)

// ParseChain decodes PEM certificates, which must stand back to back with nothing behind them.
func ParseChain(text []byte) ([]*x509.Certificate, error) {
	var certs []*x509.Certificate
	for len(text) > 0 {
		block, rest := pem.Decode(text)
		if block == nil {
			return nil, fmt.Errorf("%d bytes behind the last certificate", len(text))
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		certs = append(certs, cert)
		text = rest
	}
	if len(certs) == 0 {
		return nil, fmt.Errorf("no certificate")
	}
	return certs, nil
}
