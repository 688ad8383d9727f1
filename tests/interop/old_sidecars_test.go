// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/dapr/dapr/pkg/security"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"daprcerts.interop/peer"
)

// A sidecar of some version: how it serves others, and how it calls an app of the namespace default.
type sidecar interface {
	serverOption() grpc.ServerOption
	dialOption(app string) grpc.DialOption
}

const (
	upTo111  = "1.6 to 1.11"
	from112  = "1.12 and 1.13"
	since114 = "1.14 and later"
)

var versions = []string{upTo111, from112, since114}

func newSidecar(t *testing.T, s *peer.Sentry, version, app string) sidecar {
	t.Helper()
	switch version {
	case upTo111:
		return newDNSSidecar(t, s, app, issuerPair(t, s))
	case from112:
		return newEitherSidecar(t, s, app)
	default:
		return daprSidecar{startSidecar(t, s, app)}
	}
}

// Since 1.14: Dapr's own code.
type daprSidecar struct{ security.Handler }

func (d daprSidecar) serverOption() grpc.ServerOption { return d.GRPCServerOptionMTLS() }
func (d daprSidecar) dialOption(app string) grpc.DialOption {
	return d.GRPCDialOptionMTLSUnknownTrustDomain("default", app)
}

func askAsOld(t *testing.T, s *peer.Sentry, app, label string, config *tls.Config) *peer.Answer {
	t.Helper()
	answer, err := s.AskAsOld(app, label, config)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// What DAPR_CERT_CHAIN and DAPR_CERT_KEY give a sidecar: the issuer's own.
func issuerPair(t *testing.T, s *peer.Sentry) tls.Certificate {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(filepath.Join(s.Dir, "issuer.crt"), filepath.Join(s.Dir, "issuer.key"))
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

// Up to 1.11: knows sentry by the DNS name cluster.local, offers it a client certificate, takes the answer's trust
// chain for its pool of peers, callers and callees, and knows callees by <app>.<namespace>.svc.cluster.local.
type dnsSidecar struct {
	cert tls.Certificate
	pool *x509.CertPool
}

func newDNSSidecar(t *testing.T, s *peer.Sentry, app string, offered ...tls.Certificate) *dnsSidecar {
	t.Helper()
	got := askAsOld(t, s, app, peer.OldLabel,
		&tls.Config{RootCAs: s.Pool(), ServerName: "cluster.local", Certificates: offered})
	pool, err := got.TrustPool()
	if err != nil {
		t.Fatal(err)
	}
	return &dnsSidecar{got.Cert, pool}
}

func (d *dnsSidecar) serverOption() grpc.ServerOption {
	return grpc.Creds(credentials.NewTLS(&tls.Config{Certificates: []tls.Certificate{d.cert}, ClientCAs: d.pool,
		ClientAuth: tls.RequireAndVerifyClientCert}))
}

func (d *dnsSidecar) dialOption(app string) grpc.DialOption {
	return grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{Certificates: []tls.Certificate{d.cert},
		RootCAs: d.pool, ServerName: app + ".default.svc.cluster.local"}))
}

// 1.12 and 1.13.
type eitherSidecar struct {
	s    *peer.Sentry
	svid *x509svid.SVID
}

func newEitherSidecar(t *testing.T, s *peer.Sentry, app string) *eitherSidecar {
	t.Helper()
	svid, err := s.AskAsEither(app)
	if err != nil {
		t.Fatal(err)
	}
	return &eitherSidecar{s, svid}
}

func (e *eitherSidecar) serverOption() grpc.ServerOption { return e.s.EitherServerOption(e.svid) }
func (e *eitherSidecar) dialOption(app string) grpc.DialOption {
	return e.s.EitherDialOption(e.svid, app)
}

// Whom a sidecar up to 1.11 can call: whoever has a DNS name by the server's --legacy-dns-sans (SENTRY_LEGACY_DNS).
func reachableByDNS(t *testing.T) map[string]bool {
	t.Helper()
	switch when := os.Getenv("SENTRY_LEGACY_DNS"); when {
	case "", "auto":
		return map[string]bool{upTo111: true, from112: true}
	case "always":
		return map[string]bool{upTo111: true, from112: true, since114: true}
	case "never":
		return map[string]bool{}
	default:
		t.Fatalf("SENTRY_LEGACY_DNS=%s", when)
		return nil
	}
}

// Every version calls every version over mutual TLS, as far as the server's setting lets them; nobody passes for
// another.
func TestSidecarsOfAllVersionsCallEachOther(t *testing.T) {
	s := server(t)
	if original() {
		t.Skip("no release of the original serves these sidecars and new ones")
	}
	byDNS := reachableByDNS(t)
	callers := map[string]sidecar{}
	for _, version := range versions {
		callers[version] = newSidecar(t, s, version, "app-a")
	}
	for _, to := range versions {
		addr := serveHealth(t, newSidecar(t, s, to, "app-b").serverOption())
		for _, from := range versions {
			t.Run(strings.ReplaceAll(from+" calls "+to, " ", "_"), func(t *testing.T) {
				err := callHealth(addr, callers[from].dialOption("app-b"))
				if from == upTo111 && !byDNS[to] {
					if err == nil || !strings.Contains(err.Error(), "certificate is not valid for any names") {
						t.Fatalf("not refused for its want of a name: %v", err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if err := callHealth(addr, callers[from].dialOption("app-c")); err == nil {
					t.Fatal("app-b passes for app-c")
				}
			})
		}
	}
}

// Which of them are given the DNS name.
func TestLegacyNames(t *testing.T) {
	s := server(t)
	if original() {
		t.Skip("the original gives no DNS name")
	}
	byDNS := reachableByDNS(t)
	requests := map[string][]byte{
		upTo111:  peer.CSR(peer.NewKey(peer.P256), "myapp", peer.OldLabel),
		from112:  peer.CSR(peer.NewKey(peer.P256), "myapp", peer.NewLabel),
		since114: peer.CSR(peer.NewKey(peer.Ed25519), "", peer.NewLabel),
	}
	for version, csr := range requests {
		want := []string{"spiffe://public/ns/default/myapp"}
		if byDNS[version] {
			want = append(want, "myapp.default.svc.cluster.local")
		}
		chain, _, _ := signed(t, s, func(r *request) { r.CertificateSigningRequest = csr })
		if got := names(chain[0]); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, not %v", version, got, want)
		}
	}
}

// The certificate that a sidecar up to 1.13 holds ready for sentry, whatever it is, changes nothing.
func TestOfferedClientCertificate(t *testing.T) {
	s := server(t)
	if original() {
		t.Skip("the original's serving certificate has no DNS name")
	}
	key := peer.NewKey(peer.P256)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "stranger"},
		NotAfter: time.Now().Add(-time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	for name, offered := range map[string][]tls.Certificate{
		"none":                    nil,
		"the_issuer's":            {issuerPair(t, s)},
		"a_stranger's_long_ended": {{Certificate: [][]byte{der}, PrivateKey: key}},
	} {
		t.Run(name, func(t *testing.T) { newDNSSidecar(t, s, "app-a", offered...) })
	}
}
