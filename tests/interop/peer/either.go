// SPDX-License-Identifier: Apache-2.0

package peer

import (
	"crypto"
	"crypto/tls"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/spiffetls/tlsconfig"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

// What a sidecar of 1.12 or 1.13 does: it knows sentry and its peers by SPIFFE ID or, failing that, by the DNS name
// cluster.local, which was the control plane's before.

// AskAsEither asks for APP's identity.
func (s *Sentry) AskAsEither(app string) (*x509svid.SVID, error) {
	got, err := s.AskAsOld(app, NewLabel, &tls.Config{InsecureSkipVerify: true,
		VerifyPeerCertificate: s.VerifyEither(tlsconfig.AuthorizeID(s.ID()))})
	if err != nil {
		return nil, err
	}
	id, err := x509svid.IDFromCert(got.Chain[0])
	if err != nil {
		return nil, err
	}
	return &x509svid.SVID{ID: id, Certificates: got.Chain, PrivateKey: got.Cert.PrivateKey.(crypto.Signer)}, nil
}

// EitherServerOption is how it serves others.
func (s *Sentry) EitherServerOption(svid x509svid.Source) grpc.ServerOption {
	return grpc.Creds(credentials.NewTLS(&tls.Config{ClientAuth: tls.RequireAnyClientCert,
		GetCertificate:        tlsconfig.GetCertificate(svid),
		VerifyPeerCertificate: s.VerifyEither(tlsconfig.AuthorizeAny())}))
}

// EitherDialOption is how it calls the APP of the namespace default.
func (s *Sentry) EitherDialOption(svid x509svid.Source, app string) grpc.DialOption {
	right := tlsconfig.AdaptMatcher(func(id spiffeid.ID) error {
		want, err := spiffeid.FromSegments(id.TrustDomain(), "ns", "default", app)
		if err != nil {
			return err
		}
		return spiffeid.MatchID(want)(id)
	})
	return grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{InsecureSkipVerify: true,
		GetClientCertificate:  tlsconfig.GetClientCertificate(svid),
		VerifyPeerCertificate: s.VerifyEither(right)}))
}
