// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dapr/dapr/pkg/healthz"
	"github.com/dapr/dapr/pkg/modes"
	sentryv1pb "github.com/dapr/dapr/pkg/proto/sentry/v1"
	"github.com/dapr/dapr/pkg/sentry/config"
	"github.com/dapr/dapr/pkg/sentry/server/ca"
	"github.com/dapr/dapr/pkg/sentry/server/ca/bundle"
	cajwt "github.com/dapr/dapr/pkg/sentry/server/ca/jwt"
	"github.com/dapr/dapr/pkg/sentry/server/validator/jwks"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jwt"
	"github.com/spiffe/go-spiffe/v2/spiffeid"

	"daprcerts.interop/peer"
)

// Where the server under test has jwt.key and jwks.json: SENTRY_JWT names the algorithm, unset where it issues no JWTs.
func jwtServer(t *testing.T) (*peer.Sentry, string) {
	t.Helper()
	if os.Getenv("SENTRY_JWT") == "" {
		t.Skip("needs a server with --jwt-enabled, named by SENTRY_JWT")
	}
	return server(t), os.Getenv("SENTRY_JWT")
}

func verifyJWT(t *testing.T, s *peer.Sentry, token string, options ...jwt.ParseOption) jwt.Token {
	t.Helper()
	set, err := jwk.ReadFile(filepath.Join(s.Dir, "jwks.json"))
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := jwt.Parse([]byte(token), append(options, jwt.WithKeySet(set), jwt.WithValidate(true))...)
	if err != nil {
		t.Fatalf("jwx: %v", err)
	}
	return parsed
}

// Dapr's own client asks for JWTs beside its certificate and refuses those whose audiences are not as they should be.
func TestDaprSidecarObtainsJWTs(t *testing.T) {
	s, _ := jwtServer(t)
	sidecar := startSidecar(t, s, "app-jwt", "api", "https://vault.example")
	for _, audience := range []string{"public", "api", "https://vault.example"} {
		ctx, cancel := context.WithTimeout(context.Background(), peer.Bound)
		token, err := sidecar.FetchJWT(ctx, audience)
		cancel()
		if err != nil {
			t.Fatalf("%s: %v", audience, err)
		}
		parsed := verifyJWT(t, s, token, jwt.WithSubject("spiffe://public/ns/default/app-jwt"))
		if got := parsed.Audience(); !slices.Equal(got, []string{audience}) {
			t.Errorf("a token for %q has audiences %q", audience, got)
		}
	}
}

// All of the answer, by jwx.
func TestJWTsOfAnAnswer(t *testing.T) {
	s, _ := jwtServer(t)
	req := &sentryv1pb.SignCertificateRequest{Id: "app", Namespace: "ns", TrustDomain: "td",
		CertificateSigningRequest: peer.CSR(peer.NewKey(peer.Ed25519), "", peer.NewLabel),
		JwtAudiences:              []string{"b", "a"}}
	answer, err := s.Sign(context.Background(), req)
	if err != nil {
		t.Fatal(err)
	}
	all := verifyJWT(t, s, answer.GetJwt().GetValue(), jwt.WithSubject("spiffe://td/ns/ns/app"))
	if want := []string{"td", "b", "a"}; !slices.Equal(all.Audience(), want) {
		t.Errorf("audiences %q, not %q", all.Audience(), want)
	}
	if _, found := all.Get("iss"); found {
		t.Error("an issuer that nobody configured")
	}
	if len(answer.GetPerAudienceJwts()) != 3 {
		t.Errorf("%d tokens of one audience, not 3", len(answer.GetPerAudienceJwts()))
	}
	for audience, token := range answer.GetPerAudienceJwts() {
		one := verifyJWT(t, s, token.GetValue(), jwt.WithSubject("spiffe://td/ns/ns/app"))
		if !slices.Equal(one.Audience(), []string{audience}) || one.JwtID() == all.JwtID() {
			t.Errorf("the token for %q: audiences %q, ID %s", audience, one.Audience(), one.JwtID())
		}
	}
}

// Dapr's sentry starts with the pair that ours made.
func TestDaprLoadsTheJWTPair(t *testing.T) {
	s, algorithm := jwtServer(t)
	conf := config.Config{
		Mode: modes.StandaloneMode, TrustDomain: s.TrustDomain, WorkloadCertTTL: time.Hour,
		RootCertPath:   filepath.Join(s.Dir, "ca.crt"),
		IssuerCertPath: filepath.Join(s.Dir, "issuer.crt"),
		IssuerKeyPath:  filepath.Join(s.Dir, "issuer.key"),
		JWT: config.ConfigJWT{Enabled: true, SigningKeyPath: filepath.Join(s.Dir, "jwt.key"),
			JWKSPath: filepath.Join(s.Dir, "jwks.json"), SigningAlgorithm: algorithm, TTL: time.Hour},
	}
	before, err := os.ReadFile(conf.JWT.SigningKeyPath)
	if err != nil {
		t.Fatal(err)
	}
	authority, err := ca.New(context.Background(), conf)
	if err != nil {
		t.Fatal(err)
	}
	after, _ := os.ReadFile(conf.JWT.SigningKeyPath)
	if string(before) != string(after) {
		t.Fatal("Dapr's sentry made a key of its own instead")
	}
	token, err := authority.Generate(context.Background(), &cajwt.Request{Audiences: []string{"public"}, AppID: "app",
		Namespace: "default", TrustDomain: spiffeid.RequireTrustDomainFromString("public"), TTL: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	verifyJWT(t, s, token)
}

// Not a test: writes the pair that Dapr's sentry would make into the folder that JWT_PAIR names, for a server to load.
func TestMakeJWTPair(t *testing.T) {
	dir := os.Getenv("JWT_PAIR")
	if dir == "" {
		t.Skip("JWT_PAIR names no folder")
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := bundle.GenerateJWT(bundle.OptionsJWT{JWTRootKey: key, TrustDomain: "localhost"})
	if err != nil {
		t.Fatal(err)
	}
	for name, bytes := range map[string][]byte{"jwt.key": pair.SigningKeyPEM, "jwks.json": pair.JWKSJson} {
		if err := os.WriteFile(filepath.Join(dir, name), bytes, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// Dapr's jwks validator and a token of "daprcerts token app-a --out app-a.token" with the set beside it, in TOKEN_DIR.
func TestDaprTakesOurToken(t *testing.T) {
	dir := os.Getenv("TOKEN_DIR")
	if dir == "" {
		t.Skip("TOKEN_DIR names no folder")
	}
	validator, err := jwks.New(jwks.Options{Source: filepath.Join(dir, "token-jwks.json"), Healthz: healthz.New(),
		SentryID: spiffeid.RequireFromString("spiffe://localhost/ns/default/dapr-sentry")})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), peer.Bound)
	defer cancel()
	go func() { _ = validator.Start(ctx) }()
	token, err := os.ReadFile(filepath.Join(dir, "app-a.token"))
	if err != nil {
		t.Fatal(err)
	}
	request := func(app string) *sentryv1pb.SignCertificateRequest {
		return &sentryv1pb.SignCertificateRequest{Id: app, Namespace: "default", TrustDomain: "public",
			Token: string(token), CertificateSigningRequest: []byte("any")}
	}
	if _, err := validator.Validate(ctx, request("app-a")); err != nil {
		t.Errorf("app-a: %v", err)
	}
	if _, err := validator.Validate(ctx, request("app-b")); err == nil || !strings.Contains(err.Error(), `"sub"`) {
		t.Errorf("app-b with the token of app-a: %v", err)
	}
}
