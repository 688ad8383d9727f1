// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/spiffe/go-spiffe/v2/spiffetls/tlsconfig"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"

	"daprcerts.interop/peer"
)

var (
	oidKeyUsage = asn1.ObjectIdentifier{2, 5, 29, 15}
	oidSAN      = asn1.ObjectIdentifier{2, 5, 29, 17}
	oidBasic    = asn1.ObjectIdentifier{2, 5, 29, 19}
	oidSKI      = asn1.ObjectIdentifier{2, 5, 29, 14}
	oidAKI      = asn1.ObjectIdentifier{2, 5, 29, 35}
)

func extension(cert *x509.Certificate, oid asn1.ObjectIdentifier) (found, critical bool) {
	for _, e := range cert.Extensions {
		if e.Id.Equal(oid) {
			return true, e.Critical
		}
	}
	return false, false
}

func checkLeafProfile(t *testing.T, leaf *x509.Certificate, issuer *x509.Certificate) {
	t.Helper()
	if leaf.Version != 3 || leaf.IsCA || len(leaf.Subject.Names) != 0 {
		t.Errorf("version %d, CA %v, subject %q", leaf.Version, leaf.IsCA, leaf.Subject)
	}
	if leaf.SerialNumber.Sign() <= 0 || leaf.SerialNumber.BitLen() > 128 || leaf.SerialNumber.BitLen() < 64 {
		t.Errorf("serial %v", leaf.SerialNumber)
	}
	if leaf.KeyUsage != x509.KeyUsageDigitalSignature {
		t.Errorf("key usage %b", leaf.KeyUsage)
	}
	usages := map[x509.ExtKeyUsage]bool{}
	for _, usage := range leaf.ExtKeyUsage {
		usages[usage] = true
	}
	if len(leaf.ExtKeyUsage) != 2 || !usages[x509.ExtKeyUsageServerAuth] || !usages[x509.ExtKeyUsageClientAuth] {
		t.Errorf("extended key usage %v", leaf.ExtKeyUsage)
	}
	for _, row := range []struct {
		name            string
		oid             asn1.ObjectIdentifier
		there, critical bool
	}{{"keyUsage", oidKeyUsage, true, true}, {"subjectAltName", oidSAN, true, true}, {"basicConstraints", oidBasic, false, false},
		{"subjectKeyIdentifier", oidSKI, false, false}, {"authorityKeyIdentifier", oidAKI, len(issuer.SubjectKeyId) > 0, false}} {
		if row.name == "basicConstraints" && original() {
			continue // Go writes an empty one into it
		}
		there, critical := extension(leaf, row.oid)
		if there != row.there || critical != row.critical {
			t.Errorf("%s: there %v, critical %v", row.name, there, critical)
		}
	}
	if len(issuer.SubjectKeyId) > 0 && !reflect.DeepEqual(leaf.AuthorityKeyId, issuer.SubjectKeyId) {
		t.Errorf("authority key id %x, issuer's %x", leaf.AuthorityKeyId, issuer.SubjectKeyId)
	}
}

func names(cert *x509.Certificate) (all []string) {
	for _, uri := range cert.URIs {
		all = append(all, uri.String())
	}
	return append(append(all, cert.DNSNames...), cert.EmailAddresses...)
}

func signed(t *testing.T, s *peer.Sentry, change func(*request)) ([]*x509.Certificate, time.Time, [][]byte) {
	t.Helper()
	resp, err := s.Sign(context.Background(), with(change))
	if err != nil {
		t.Fatal(err)
	}
	chain, err := peer.ParseChain(resp.GetWorkloadCertificate())
	if err != nil {
		t.Fatal(err)
	}
	return chain, resp.GetValidUntil().AsTime(), resp.GetTrustChainCertificates()
}

func TestWorkloadCertificate(t *testing.T) {
	s := server(t)
	before := time.Now()
	chain, until, anchors := signed(t, s, func(*request) {})
	leaf := chain[0]
	if len(chain) < 2 {
		t.Fatal("the chain has no issuer")
	}
	checkLeafProfile(t, leaf, chain[1])
	if got, want := names(leaf), []string{"spiffe://public/ns/default/myapp"}; !reflect.DeepEqual(got, want) {
		t.Errorf("names %v, not %v", got, want)
	}
	if !until.Equal(leaf.NotAfter) {
		t.Errorf("valid_until %v, NotAfter %v", until, leaf.NotAfter)
	}
	if skew := before.Sub(leaf.NotBefore); skew < 14*time.Minute || skew > 16*time.Minute {
		t.Errorf("NotBefore is %v ago", skew)
	}
	if len(anchors) != 1 {
		t.Fatalf("%d trust chain entries", len(anchors))
	}
	if _, err := peer.ParseChain(anchors[0]); err != nil {
		t.Errorf("trust chain: %v", err)
	}
	for _, cert := range chain {
		if cert.CheckSignatureFrom(cert) == nil {
			t.Error("the chain holds a root")
		}
	}
	id, _, err := x509svid.Verify(chain, s.Bundle())
	if err != nil || id.String() != "spiffe://public/ns/default/myapp" {
		t.Errorf("go-spiffe: %v %v", id, err)
	}
}

// What the names become for each kind of request.
func TestNames(t *testing.T) {
	s := server(t)
	old := "myapp.default.svc.cluster.local"
	uri := "spiffe://public/ns/default/myapp"
	ns := s.Namespace
	control := func(id string) func(*request) {
		return func(r *request) { r.Id, r.Namespace, r.TrustDomain = id, ns, s.TrustDomain }
	}
	controlURI := "spiffe://" + s.TrustDomain + "/ns/" + ns + "/"
	csr := func(kind, name, label string) func(*request) {
		return func(r *request) { r.CertificateSigningRequest = peer.CSR(peer.NewKey(kind), name, label) }
	}
	for _, row := range []struct {
		name   string
		change func(*request)
		want   []string
		ours   bool
	}{
		{"a sidecar since 1.14", csr(peer.Ed25519, "", peer.NewLabel), []string{uri}, false},
		{"one up to 1.11", csr(peer.P256, "myapp", peer.OldLabel), []string{uri, old}, true},
		{"the old label alone", csr(peer.Ed25519, "", peer.OldLabel), []string{uri, old}, true},
		{"1.12 and 1.13", csr(peer.P256, "myapp", peer.NewLabel), []string{uri, old}, true},
		{"a name in an Ed25519 request", csr(peer.Ed25519, "myapp", peer.NewLabel), []string{uri}, false},
		{"another app's name in the request", csr(peer.Ed25519, "other", peer.NewLabel), []string{uri}, false},
		{"a trust domain", func(r *request) { r.TrustDomain = "foo.bar" }, []string{"spiffe://foo.bar/ns/default/myapp"}, false},
		{"a trust domain as an ID", func(r *request) { r.TrustDomain = "spiffe://foo.bar/x" },
			[]string{"spiffe://foo.bar/ns/default/myapp"}, false},
		{"the injector", control("dapr-injector"), []string{controlURI + "dapr-injector", "dapr-sidecar-injector." + ns + ".svc"}, false},
		{"the operator", control("dapr-operator"), []string{controlURI + "dapr-operator", "dapr-webhook." + ns + ".svc"}, false},
		{"the scheduler", control("dapr-scheduler"), []string{controlURI + "dapr-scheduler",
			"dapr-scheduler-server-0.dapr-scheduler-server." + ns + ".svc." + s.TrustDomain,
			"dapr-scheduler-server-1.dapr-scheduler-server." + ns + ".svc." + s.TrustDomain,
			"dapr-scheduler-server-2.dapr-scheduler-server." + ns + ".svc." + s.TrustDomain}, false},
		{"placement", control("dapr-placement"), []string{controlURI + "dapr-placement"}, false},
		{"an operator elsewhere", func(r *request) { r.Id, r.Namespace = "dapr-operator", "elsewhere" },
			[]string{"spiffe://public/ns/elsewhere/dapr-operator"}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			if row.ours && original() {
				t.Skip("the original gives no DNS name")
			}
			chain, _, _ := signed(t, s, row.change)
			if got := names(chain[0]); !reflect.DeepEqual(got, row.want) {
				t.Errorf("%v, not %v", got, row.want)
			}
		})
	}
}

func TestServingCertificate(t *testing.T) {
	s := server(t)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, protocols := range [][]string{{"h2"}, nil} {
			conn, err := tls.Dial("tcp", s.Addr, &tls.Config{InsecureSkipVerify: true, NextProtos: protocols,
				MinVersion: version, MaxVersion: version})
			if err != nil {
				t.Fatalf("TLS %x, ALPN %v: %v", version, protocols, err)
			}
			chain := conn.ConnectionState().PeerCertificates
			conn.Close()
			checkLeafProfile(t, chain[0], chain[1])
			if age := time.Since(chain[0].NotBefore); age < 15*time.Minute {
				t.Errorf("NotBefore is %v ago: clocks may differ by 15 minutes", age)
			}
			if _, ok := chain[0].PublicKey.(ed25519.PublicKey); !ok {
				t.Errorf("the key is %T", chain[0].PublicKey)
			}
			want := []string{s.ID().String()}
			if !original() {
				want = append(want, "cluster.local")
			}
			if got := names(chain[0]); !reflect.DeepEqual(got, want) {
				t.Errorf("names %v, not %v", got, want)
			}
			if _, _, err := x509svid.Verify(chain, s.Bundle()); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestOlderTLSIsRefused(t *testing.T) {
	conn, err := tls.Dial("tcp", server(t).Addr, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"},
		MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
	if err == nil {
		conn.Close()
		t.Fatal("TLS 1.1 is accepted")
	}
	if !strings.Contains(err.Error(), "protocol version") {
		t.Fatal(err)
	}
}

// Two workloads with what they were given, by go-spiffe alone.
func TestWorkloadsSpeakMutualTLS(t *testing.T) {
	s := server(t)
	identity := func(id, kind string) *x509svid.SVID {
		key := peer.NewKey(kind)
		chain, _, _ := signed(t, s, func(r *request) {
			r.Id, r.CertificateSigningRequest = id, peer.CSR(key, "", peer.NewLabel)
		})
		uri, err := x509svid.IDFromCert(chain[0])
		if err != nil {
			t.Fatal(err)
		}
		return &x509svid.SVID{ID: uri, Certificates: chain, PrivateKey: key}
	}
	for _, kind := range []string{peer.P256, peer.P384, peer.Ed25519, peer.RSA2048} {
		a, b := identity("app-a", kind), identity("app-b", kind)
		listener, err := tls.Listen("tcp", "127.0.0.1:0",
			tlsconfig.MTLSServerConfig(b, s.Bundle(), tlsconfig.AuthorizeID(a.ID)))
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			conn, err := listener.Accept()
			if err == nil {
				_, _ = conn.Write([]byte("hello"))
				conn.Close()
			}
		}()
		conn, err := tls.Dial("tcp", listener.Addr().String(),
			tlsconfig.MTLSClientConfig(a, s.Bundle(), tlsconfig.AuthorizeID(b.ID)))
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		got := make([]byte, 5)
		if _, err := conn.Read(got); err != nil || string(got) != "hello" {
			t.Fatalf("%s: %q %v", kind, got, err)
		}
		conn.Close()
		listener.Close()
	}
}
