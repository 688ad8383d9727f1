// SPDX-License-Identifier: Apache-2.0

package peer

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
)

// Process is a server, as /proc shows it.
type Process int

// CPU is user and system time of all threads, in seconds; the kernel counts it in hundredths.
func (p Process) CPU() (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p))
	if err != nil {
		return 0, err
	}
	var hundredths float64
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+2:]))
	for _, field := range fields[11:13] {
		value, err := strconv.ParseFloat(field, 64)
		if err != nil {
			return 0, err
		}
		hundredths += value
	}
	return hundredths / 100, nil
}

// Resident is in KiB.
func (p Process) Resident() (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p))
	if err != nil {
		return 0, err
	}
	for _, line := range strings.Split(string(text), "\n") {
		if rest, found := strings.CutPrefix(line, "VmRSS:"); found {
			return strconv.Atoi(strings.Fields(rest)[0])
		}
	}
	return 0, fmt.Errorf("process %d has ended", p)
}

// Descriptors is what each open one leads to, sorted.
func (p Process) Descriptors() ([]string, error) {
	dir := fmt.Sprintf("/proc/%d/fd", p)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var targets []string
	for _, entry := range entries {
		// one that was closed since is none
		if target, err := os.Readlink(filepath.Join(dir, entry.Name())); err == nil {
			targets = append(targets, target)
		}
	}
	sort.Strings(targets)
	return targets, nil
}

// StageCredentials lays the credentials of one directory beside those of another; take renames them over these.
func StageCredentials(from, into string) (take func() error, err error) {
	names := []string{"ca.crt", "issuer.crt", "issuer.key"}
	for _, name := range names {
		bytes, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(into, name+".new"), bytes, 0o600); err != nil {
			return nil, err
		}
	}
	return func() error {
		for _, name := range names {
			if err := os.Rename(filepath.Join(into, name+".new"), filepath.Join(into, name)); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// Shows is nil when a new connection is served a leaf below these anchors.
func (s *Sentry) Shows(anchors *x509.CertPool) error {
	conn, err := tls.Dial("tcp", s.Addr, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"},
		VerifyConnection: func(state tls.ConnectionState) error {
			return VerifyChain(state.PeerCertificates, anchors)
		}})
	if err != nil {
		return err
	}
	return conn.Close()
}

// VerifyChain is nil when the chain leads from its first certificate to one of the anchors.
func VerifyChain(chain []*x509.Certificate, anchors *x509.CertPool) error {
	options := x509.VerifyOptions{Roots: anchors, Intermediates: x509.NewCertPool()}
	for _, above := range chain[1:] {
		options.Intermediates.AddCert(above)
	}
	_, err := chain[0].Verify(options)
	return err
}
