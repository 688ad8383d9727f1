// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"

	"daprcerts.interop/peer"
)

// A stage: something is done, some sidecars start with the environment of now, some that were there are restarted with
// the environment that they had; then it is seen that everyone reaches everyone, before and after all have renewed.
type stage struct {
	name     string
	do       func() error
	start    bool // one of each version starts
	restarts bool // so does one of each version again, with the oldest environment
}

func ours(m *mesh) []stage {
	return []stage{
		{name: "before", do: nothing},
		{name: "rotate issuer", do: m.rotate("issuer"), start: true},
		{name: "rotate root --same-key", do: m.rotate("root", "--same-key"), start: true, restarts: true},
		{name: "rotate root", do: m.rotate("root"), start: true, restarts: true},
		{name: "rotate, when the old issuer's certificates have ended", do: m.retire, start: true, restarts: true},
		{name: "rotate root, again", do: m.rotate("root"), start: true, restarts: true},
		{name: "rotate issuer, below cross-certificates", do: m.rotate("issuer"), restarts: true},
		{name: "rotate rollback", do: m.rotate("rollback"), start: true},
		{name: "every sidecar is restarted", do: m.restartAll},
		{name: "rotate retire --force", do: m.rotate("retire", "--force"), start: true},
		{name: "rotate root --staged", do: m.rotate("root", "--staged", "--grace", "2000h")},
		{name: "every sidecar is restarted in the grace", do: m.restartAll},
		{name: "rotate, when the grace is over", do: m.takeOver, start: true, restarts: true},
		{name: "rotate, when the issuer's certificates before it have ended", do: m.retire, start: true, restarts: true},
	}
}

func daprMade(m *mesh) []stage {
	return []stage{
		{name: "a CA that Dapr made", do: nothing},
		{name: "rotate root, whose key is gone", do: m.rotate("root"), start: true, restarts: true},
		{name: "rotate, when Dapr's issuer's certificates have ended", do: m.retire, start: true, restarts: true},
		{name: "rotate issuer", do: m.rotate("issuer"), restarts: true},
		{name: "rotate root, again", do: m.rotate("root"), start: true, restarts: true},
		{name: "rotate root --ca-root-certificate", do: m.takeOthers, start: true, restarts: true},
	}
}

func nothing() error { return nil }

// Rotate runs `daprcerts rotate`.
func (m *mesh) rotate(words ...string) func() error {
	return func() error {
		words := append([]string{"rotate", "--dir", m.sentry.Dir}, words...)
		out, err := exec.Command(os.Getenv("DAPRCERTS"), words...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("daprcerts %v: %w: %s", words, err, out)
		}
		return nil
	}
}

// BringForward lets it be due now what the rotation under way has to wait for.
func (m *mesh) bringForward(what string) error {
	path := filepath.Join(m.sentry.Dir, ".daprcerts", "state")
	state, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	line := regexp.MustCompile("(?m)^" + what + " = .*$")
	if !line.Match(state) {
		return fmt.Errorf("no %s is waited for: %s", what, state)
	}
	now := what + " = " + time.Now().UTC().Format(time.RFC3339)
	return os.WriteFile(path, line.ReplaceAll(state, []byte(now)), 0o600)
}

// Retire lets a rotation take the old root away. No certificate of the old issuer is left, since every sidecar has
// another one by the end of a stage; that their time is over is all that there is to wait for.
func (m *mesh) retire() error {
	before := len(m.sentry.Anchors())
	if err := m.bringForward("retire"); err != nil {
		return err
	}
	if err := m.rotate()(); err != nil {
		return err
	}
	if after := len(m.sentry.Anchors()); after >= before {
		return fmt.Errorf("ca.crt is no smaller: %d bytes, then %d", before, after)
	}
	return nil
}

// TakeOver lets a rotation take the staged root, as every sidecar has been restarted.
func (m *mesh) takeOver() error {
	before, err := m.issuer()
	if err != nil {
		return err
	}
	if err := m.bringForward("switch"); err != nil {
		return err
	}
	if err := m.rotate()(); err != nil {
		return err
	}
	after, err := m.issuer()
	if err == nil && before == after {
		err = errors.New("the issuer is the same")
	}
	return err
}

// TakeOthers takes root and issuer of another CA.
func (m *mesh) takeOthers() error {
	other := filepath.Join(m.work, "other")
	out, err := exec.Command(os.Getenv("DAPRCERTS"), "ca-init", "--dir", other).CombinedOutput()
	if err != nil {
		return fmt.Errorf("daprcerts ca-init: %w: %s", err, out)
	}
	return m.rotate("root", "--ca-root-certificate", filepath.Join(other, "ca.crt"), "--issuer-public-certificate",
		filepath.Join(other, "issuer.crt"), "--issuer-private-key", filepath.Join(other, "issuer.key"))()
}

func (m *mesh) restartAll() error {
	for _, x := range m.everyone() {
		if err := m.restart(x, m.environment()); err != nil {
			return err
		}
	}
	return nil
}

func (m *mesh) issuer() (string, error) {
	text, err := os.ReadFile(filepath.Join(m.sentry.Dir, "issuer.crt"))
	if err != nil {
		return "", err
	}
	chain, err := peer.ParseChain(text)
	if err != nil {
		return "", err
	}
	return fingerprint(chain[0]), nil
}

func (m *mesh) run(s stage) error {
	before, err := m.issuer()
	if err != nil {
		return err
	}
	m.setHold(true)
	m.forget()
	if err := s.do(); err != nil {
		return err
	}
	now, err := m.issuer()
	if err != nil {
		return err
	}
	if err := m.comeAndGo(s); err != nil {
		return err
	}
	// certificates of both issuers, in both directions, among everyone
	err = m.await(func() bool {
		mixed := before == now || m.issuers[shown{before, now}] >= 20 && m.issuers[shown{now, before}] >= 20
		return mixed && m.allPairs()
	})
	if err != nil {
		return fmt.Errorf("while certificates are renewed: %w", err)
	}
	m.setHold(false)
	err = m.await(func() bool { return m.allRenewed(now) })
	if err != nil {
		return fmt.Errorf("while the last certificates are renewed: %w", err)
	}
	m.forget()
	if err = m.await(m.allPairs); err != nil {
		return fmt.Errorf("with renewed certificates: %w", err)
	}
	return m.daprTakes()
}

func (m *mesh) setHold(hold bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hold = hold
}

// ComeAndGo starts and restarts what the stage says.
func (m *mesh) comeAndGo(s stage) error {
	for _, version := range versions {
		if s.start {
			if err := m.start(version, m.environment()); err != nil {
				return err
			}
		}
		for _, x := range m.everyone() {
			if s.restarts && x.version == version {
				if err := m.restart(x, x.dir); err != nil { // the first of them has the oldest environment
					return err
				}
				break
			}
		}
	}
	return nil
}
