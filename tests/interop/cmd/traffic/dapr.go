// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/dapr/dapr/pkg/modes"
	"github.com/dapr/dapr/pkg/sentry/config"
	"github.com/dapr/dapr/pkg/sentry/server/ca"
	"github.com/dapr/kit/logger"

	"daprcerts.interop/peer"
)

func daprAuthority(dir, trustDomain string) (ca.Signer, error) {
	logger.NewLogger("dapr.sentry.ca").SetOutputLevel(logger.WarnLevel)
	return ca.New(context.Background(), config.Config{
		Mode:             modes.StandaloneMode,
		TrustDomain:      trustDomain,
		RootCertPath:     filepath.Join(dir, "ca.crt"),
		IssuerCertPath:   filepath.Join(dir, "issuer.crt"),
		IssuerKeyPath:    filepath.Join(dir, "issuer.key"),
		WorkloadCertTTL:  time.Hour,
		AllowedClockSkew: 15 * time.Minute,
	})
}

func makeDaprCA(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	_, err := daprAuthority(dir, "localhost")
	return err
}

// daprTakes is what Dapr's own sentry makes of DIR: its authority, which has not changed a copy of it.
func daprTakes(dir, work, trustDomain string) (ca.Signer, error) {
	copied, err := os.MkdirTemp(work, "copy")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(copied)
	var anchors []byte
	for _, name := range []string{"ca.crt", "issuer.crt", "issuer.key"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		if name == "ca.crt" {
			anchors = text
		}
		if err := os.WriteFile(filepath.Join(copied, name), text, 0o600); err != nil {
			return nil, err
		}
	}
	authority, err := daprAuthority(copied, trustDomain)
	if err != nil {
		return nil, fmt.Errorf("Dapr's sentry does not take the directory: %w", err)
	}
	if !bytes.Equal(authority.TrustAnchors(), anchors) {
		return nil, errors.New("Dapr's sentry made a CA of its own instead")
	}
	return authority, nil
}

// daprTakes: the way back stays open. Dapr's own sentry, put into the directory, takes it as it is, and what it signs
// is believed by every sidecar that is there.
func (m *mesh) daprTakes() error {
	authority, err := daprTakes(m.sentry.Dir, m.work, m.sentry.TrustDomain)
	if err != nil {
		return err
	}
	chain, err := authority.SignIdentity(context.Background(), &ca.SignRequest{
		PublicKey: peer.NewKey(peer.Ed25519).Public(), TrustDomain: "public", Namespace: "default", AppID: "app"})
	if err != nil {
		return fmt.Errorf("Dapr's sentry does not sign: %w", err)
	}
	for _, x := range m.everyone() {
		knows := *m.sentry
		knows.Dir = x.dir
		if err := peer.VerifyChain(chain, knows.Pool()); err != nil {
			return fmt.Errorf("%v does not believe what Dapr's sentry signs: %w", x.kind, err)
		}
	}
	return nil
}
