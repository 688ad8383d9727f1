// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"os"
	"strings"
	"testing"

	"daprcerts.interop/peer"
)

// A root is rotated by a cross-certificate: sidecars of every version that know the old root alone, both roots or the
// new one alone (the directories of SENTRY_ROTATION hold a ca.crt each) are given identities and call each other.
func TestRootRotation(t *testing.T) {
	s := server(t)
	dirs := strings.Fields(os.Getenv("SENTRY_ROTATION"))
	if len(dirs) == 0 {
		t.Skip("needs a server with a cross-signed chain, and SENTRY_ROTATION")
	}
	type party struct {
		version, dir string
		sidecar
	}
	var callers []party
	callees := map[string]party{}
	for _, dir := range dirs {
		knows := *s
		knows.Dir = dir
		for _, version := range versions {
			callers = append(callers, party{version, dir, newRotated(t, s, &knows, version, "app-a")})
			callee := party{version, dir, newRotated(t, s, &knows, version, "app-b")}
			callees[serveHealth(t, callee.serverOption())] = callee
		}
	}
	for addr, callee := range callees {
		for _, caller := range callers {
			if err := callHealth(addr, caller.dialOption("app-b")); err != nil {
				t.Errorf("%s knowing %s calls %s knowing %s: %v", caller.version, caller.dir, callee.version, callee.dir, err)
			}
		}
	}
}

// Its own issuer is what a sidecar up to 1.11 offers the server, whatever it knows.
func newRotated(t *testing.T, s, knows *peer.Sentry, version, app string) sidecar {
	t.Helper()
	if version == upTo111 {
		return newDNSSidecar(t, knows, app, issuerPair(t, s))
	}
	return newSidecar(t, knows, version, app)
}
