// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"context"
	"crypto/x509"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/dapr/dapr/pkg/healthz"
	"github.com/dapr/dapr/pkg/modes"
	"github.com/dapr/dapr/pkg/security"
	"github.com/dapr/dapr/pkg/sentry/config"
	"github.com/dapr/dapr/pkg/sentry/server/ca"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"

	"daprcerts.interop/peer"
)

// A sidecar by Dapr's own client code, as daprd sets it up in self-hosted mode.
func startSidecar(t *testing.T, s *peer.Sentry, appID string, audiences ...string) security.Handler {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	provider, err := security.New(ctx, security.Options{
		SentryAddress:           s.Addr,
		ControlPlaneTrustDomain: s.TrustDomain,
		ControlPlaneNamespace:   s.Namespace,
		TrustAnchors:            s.Anchors(),
		AppID:                   appID,
		JwtAudiences:            audiences,
		MTLSEnabled:             true,
		Mode:                    modes.StandaloneMode,
		Healthz:                 healthz.New(),
	})
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- provider.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("%s: %v", appID, err)
		}
	})
	wait, stop := context.WithTimeout(ctx, peer.Bound)
	defer stop()
	handler, err := provider.Handler(wait)
	if err != nil {
		t.Fatalf("%s obtained no identity: %v", appID, err)
	}
	return handler
}

func serveHealth(t *testing.T, option grpc.ServerOption) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(option)
	grpc_health_v1.RegisterHealthServer(server, health.NewServer())
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return listener.Addr().String()
}

func callHealth(addr string, option grpc.DialOption) error {
	conn, err := grpc.NewClient("passthrough:///"+addr, option)
	if err != nil {
		return err
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), peer.Bound)
	defer cancel()
	_, err = grpc_health_v1.NewHealthClient(conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{})
	return err
}

func TestDaprSidecarsCallEachOther(t *testing.T) {
	s := server(t)
	callee, caller := startSidecar(t, s, "app-b"), startSidecar(t, s, "app-a")
	if got, want := caller.ID().String(), "spiffe://public/ns/default/app-a"; got != want {
		t.Fatalf("identity %s, not %s", got, want)
	}
	addr := serveHealth(t, callee.GRPCServerOptionMTLS())
	right := spiffeid.RequireFromString("spiffe://public/ns/default/app-b")
	if err := callHealth(addr, caller.GRPCDialOptionMTLS(right)); err != nil {
		t.Fatalf("app-a does not reach app-b: %v", err)
	}
	if err := callHealth(addr, caller.GRPCDialOptionMTLSUnknownTrustDomain("default", "app-b")); err != nil {
		t.Fatalf("app-a does not reach app-b in an unknown trust domain: %v", err)
	}
	wrong := spiffeid.RequireFromString("spiffe://public/ns/default/app-c")
	if err := callHealth(addr, caller.GRPCDialOptionMTLS(wrong)); err == nil {
		t.Fatal("app-b passes for app-c")
	}
}

// With a short workloadCertTTL (SENTRY_TTL tells which) an identity is renewed by itself and calls go on.
func TestDaprSidecarRenews(t *testing.T) {
	s := server(t)
	ttl, err := time.ParseDuration(os.Getenv("SENTRY_TTL"))
	if err != nil || ttl > time.Minute {
		t.Skip("needs a server with a short workloadCertTTL, named by SENTRY_TTL")
	}
	callee, caller := startSidecar(t, s, "app-b"), startSidecar(t, s, "app-a")
	addr := serveHealth(t, callee.GRPCServerOptionMTLS())
	right := spiffeid.RequireFromString("spiffe://public/ns/default/app-b")
	serials := map[string]bool{}
	deadline := time.Now().Add(6*ttl + 30*time.Second)
	for len(serials) < 3 {
		if time.Now().After(deadline) {
			t.Fatalf("%d certificates seen in %s", len(serials), 6*ttl)
		}
		leaf, err := servedLeaf(addr, caller, right)
		if err != nil {
			t.Fatalf("after %d certificates: %v", len(serials), err)
		}
		serials[leaf.SerialNumber.String()] = true
		time.Sleep(200 * time.Millisecond)
	}
}

// What Dapr's own sentry says when it is put into the directory: the way back stays open.
func TestDaprLoadsTheDirectory(t *testing.T) {
	s := server(t)
	copied := t.TempDir()
	for _, name := range []string{"ca.crt", "issuer.crt", "issuer.key"} {
		bytes, err := os.ReadFile(filepath.Join(s.Dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(copied, name), bytes, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	authority, err := ca.New(context.Background(), config.Config{
		Mode:            modes.StandaloneMode,
		TrustDomain:     s.TrustDomain,
		RootCertPath:    filepath.Join(copied, "ca.crt"),
		IssuerCertPath:  filepath.Join(copied, "issuer.crt"),
		IssuerKeyPath:   filepath.Join(copied, "issuer.key"),
		WorkloadCertTTL: time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	if string(authority.TrustAnchors()) != string(s.Anchors()) {
		t.Fatal("Dapr's sentry made a CA of its own instead")
	}
	key := peer.NewKey(peer.Ed25519)
	chain, err := authority.SignIdentity(context.Background(),
		&ca.SignRequest{PublicKey: key.Public(), TrustDomain: "public", Namespace: "default", AppID: "app"})
	if err != nil {
		t.Fatal(err)
	}
	between := x509.NewCertPool()
	for _, cert := range chain[1:] {
		between.AddCert(cert)
	}
	if _, err := chain[0].Verify(x509.VerifyOptions{Roots: s.Pool(), Intermediates: between}); err != nil {
		t.Fatal(err)
	}
}
