// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"sync/atomic"

	"github.com/dapr/dapr/pkg/healthz"
	"github.com/dapr/dapr/pkg/modes"
	"github.com/dapr/dapr/pkg/security"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"daprcerts.interop/peer"
)

const (
	upTo111  = "1.6 to 1.11"
	from112  = "1.12 and 1.13"
	since114 = "1.14 and later"
)

var versions = []string{upTo111, from112, since114}

// A sidecar of some version, with an identity; s.Dir holds the anchors that it was started with.
type sidecar interface {
	serverOption() grpc.ServerOption
	dialOption(app string) grpc.DialOption
	// renew asks for another identity; Dapr's own code does by itself.
	renew() error
	stop()
}

func newSidecar(s *peer.Sentry, version, app string, failed func(error)) (sidecar, error) {
	switch version {
	case upTo111:
		d := &dnsSidecar{s: s, app: app}
		if err := d.renew(); err != nil {
			return nil, err
		}
		d.served = d.pool.Load()
		return d, nil
	case from112:
		e := &eitherSidecar{s: s, app: app}
		return e, e.renew()
	default:
		return newDaprSidecar(s, app, failed)
	}
}

// --- since 1.14: Dapr's own code, as daprd sets it up in self-hosted mode ---

type daprSidecar struct {
	security.Handler
	cancel context.CancelFunc
	ended  chan error
	failed func(error)
}

func newDaprSidecar(s *peer.Sentry, app string, failed func(error)) (sidecar, error) {
	ctx, cancel := context.WithCancel(context.Background())
	provider, err := security.New(ctx, security.Options{
		SentryAddress:           s.Addr,
		ControlPlaneTrustDomain: s.TrustDomain,
		ControlPlaneNamespace:   s.Namespace,
		TrustAnchors:            s.Anchors(),
		AppID:                   app,
		MTLSEnabled:             true,
		Mode:                    modes.StandaloneMode,
		Healthz:                 healthz.New(),
	})
	if err != nil {
		cancel()
		return nil, err
	}
	d := &daprSidecar{cancel: cancel, ended: make(chan error, 1), failed: failed}
	go func() {
		err := provider.Run(ctx)
		d.ended <- err
		cancel() // whoever waits for the first identity hears of it
	}()
	d.Handler, err = provider.Handler(ctx)
	if err != nil {
		return nil, fmt.Errorf("no identity: %w", <-d.ended)
	}
	return d, nil
}

func (d *daprSidecar) serverOption() grpc.ServerOption { return d.GRPCServerOptionMTLS() }
func (d *daprSidecar) dialOption(app string) grpc.DialOption {
	return d.GRPCDialOptionMTLSUnknownTrustDomain("default", app)
}
func (d *daprSidecar) renew() error { return nil }
func (d *daprSidecar) stop() {
	d.cancel()
	if err := <-d.ended; err != nil {
		d.failed(err)
	}
}

// --- 1.12 and 1.13 ---

type eitherSidecar struct {
	s    *peer.Sentry
	app  string
	svid atomic.Pointer[x509svid.SVID]
}

func (e *eitherSidecar) GetX509SVID() (*x509svid.SVID, error) { return e.svid.Load(), nil }

func (e *eitherSidecar) renew() error {
	svid, err := e.s.AskAsEither(e.app)
	if err == nil {
		e.svid.Store(svid)
	}
	return err
}

func (e *eitherSidecar) serverOption() grpc.ServerOption { return e.s.EitherServerOption(e) }
func (e *eitherSidecar) dialOption(app string) grpc.DialOption {
	return e.s.EitherDialOption(e, app)
}
func (e *eitherSidecar) stop() {}

// --- up to 1.11: it calls by the trust chain of its last answer, and serves by that of its first ---

type dnsSidecar struct {
	s      *peer.Sentry
	app    string
	cert   atomic.Pointer[tls.Certificate]
	pool   atomic.Pointer[x509.CertPool]
	served *x509.CertPool
}

func (d *dnsSidecar) renew() error {
	got, err := d.s.AskAsOld(d.app, peer.OldLabel, &tls.Config{RootCAs: d.s.Pool(), ServerName: "cluster.local"})
	if err != nil {
		return err
	}
	pool, err := got.TrustPool()
	if err != nil {
		return err
	}
	d.cert.Store(&got.Cert)
	d.pool.Store(pool)
	return nil
}

func (d *dnsSidecar) serverOption() grpc.ServerOption {
	return grpc.Creds(credentials.NewTLS(&tls.Config{ClientCAs: d.served, ClientAuth: tls.RequireAndVerifyClientCert,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return d.cert.Load(), nil }}))
}

func (d *dnsSidecar) dialOption(app string) grpc.DialOption {
	return grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{Certificates: []tls.Certificate{*d.cert.Load()},
		RootCAs: d.pool.Load(), ServerName: app + ".default.svc.cluster.local"}))
}

func (d *dnsSidecar) stop() {}
