// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"
	"time"

	sentryv1pb "github.com/dapr/dapr/pkg/proto/sentry/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"daprcerts.interop/peer"
)

// What daprd up to 1.11 does: it knows sentry by the DNS name cluster.local, offers the pair from DAPR_CERT_CHAIN and
// DAPR_CERT_KEY, asks with CN and DNS = app id, and takes the answer's trust chain for its pool of peers.
type oldSidecar struct {
	cert tls.Certificate
	pool *x509.CertPool
}

func newOldSidecar(t *testing.T, s *peer.Sentry, id, label string) *oldSidecar {
	t.Helper()
	config := &tls.Config{RootCAs: s.Pool(), ServerName: "cluster.local"}
	pair, err := tls.LoadX509KeyPair(filepath.Join(s.Dir, "client.crt"), filepath.Join(s.Dir, "client.key"))
	if err == nil {
		config.Certificates = []tls.Certificate{pair}
	} else if !os.IsNotExist(err) {
		t.Fatal(err)
	}
	conn, err := grpc.NewClient("passthrough:///"+s.Addr, grpc.WithTransportCredentials(credentials.NewTLS(config)))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	key := peer.NewKey(peer.P256)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	resp, err := sentryv1pb.NewCAClient(conn).SignCertificate(ctx, &sentryv1pb.SignCertificateRequest{
		Id: id, Namespace: "default", TrustDomain: "public", CertificateSigningRequest: peer.CSR(key, id, label)})
	if err != nil {
		t.Fatal(err)
	}
	sidecar := &oldSidecar{pool: x509.NewCertPool()}
	chain, err := peer.ParseChain(resp.GetWorkloadCertificate())
	if err != nil {
		t.Fatal(err)
	}
	for _, cert := range chain {
		sidecar.cert.Certificate = append(sidecar.cert.Certificate, cert.Raw)
	}
	sidecar.cert.PrivateKey = key
	for _, entry := range resp.GetTrustChainCertificates() {
		if !sidecar.pool.AppendCertsFromPEM(entry) {
			t.Fatalf("a trust chain entry that is no certificate: %q", entry)
		}
	}
	return sidecar
}

func TestOldSidecarsCallEachOther(t *testing.T) {
	s := server(t)
	if original() {
		t.Skip("no release of the original serves these sidecars and new ones")
	}
	for name, label := range map[string]string{"up to 1.11": peer.OldLabel, "1.12 and 1.13": peer.NewLabel} {
		t.Run(name, func(t *testing.T) {
			a, b := newOldSidecar(t, s, "app-a", label), newOldSidecar(t, s, "app-b", label)
			listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{b.cert},
				ClientCAs: b.pool, ClientAuth: tls.RequireAndVerifyClientCert})
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			go func() {
				for {
					conn, err := listener.Accept()
					if err != nil {
						return
					}
					_, _ = conn.Write([]byte("hello"))
					conn.Close()
				}
			}()
			dial := func(serverName string) error {
				conn, err := tls.Dial("tcp", listener.Addr().String(), &tls.Config{Certificates: []tls.Certificate{a.cert},
					RootCAs: a.pool, ServerName: serverName})
				if err != nil {
					return err
				}
				defer conn.Close()
				_, err = conn.Read(make([]byte, 5))
				return err
			}
			if err := dial("app-b.default.svc.cluster.local"); err != nil {
				t.Fatal(err)
			}
			if err := dial("app-c.default.svc.cluster.local"); err == nil {
				t.Fatal("app-b passes for app-c")
			}
		})
	}
}
