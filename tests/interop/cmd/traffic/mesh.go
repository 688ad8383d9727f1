// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dapr/kit/logger"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	grpcpeer "google.golang.org/grpc/peer"

	"daprcerts.interop/peer"
)

const (
	renewAfter = time.Second           // what the old ones wait between renewals; Dapr's own go by their life
	callAfter  = 10 * time.Millisecond // what each waits between calls
)

// Kind is what a member has in common with others: its version, and the environment that it was started with.
type kind struct{ version, knows string }

func (k kind) String() string { return k.version + " knowing " + k.knows }

type member struct {
	kind
	app, addr, dir string
	sidecar
	server *grpc.Server
	held   bool // it renews when it is told to only
	quit   chan struct{}
	ended  sync.WaitGroup
	called sync.RWMutex // read-locked by who calls it
	gone   bool
}

// What a call was between.
type pair struct{ from, to kind }

// Which issuers' certificates the two of them showed.
type shown struct{ from, to string }

// Mesh is all of them, and what they have seen in the stage that is on.
type mesh struct {
	sentry *peer.Sentry
	rounds int
	work   string

	mu           sync.Mutex
	members      []*member
	environments int // how many different ones there were
	lastAnchors  string
	lastDir      string
	pairs        map[pair]int
	issuers      map[shown]int
	leaf         map[*member]string // the issuer of what it showed last
	hold         bool
	failures     []error
	started      int
	calls        int
	renewals     int
	stages       int
}

func newMesh(sentry *peer.Sentry, rounds int) *mesh {
	work, err := os.MkdirTemp("", "traffic")
	must(err)
	m := &mesh{sentry: sentry, rounds: rounds, work: work, leaf: map[*member]string{}}
	m.forget()
	// Dapr's own code tries again when a renewal has failed, and only says so
	log := logger.NewLogger("dapr.runtime.security")
	log.SetOutputLevel(logger.InfoLevel)
	log.SetOutput(daprLog{m})
	return m
}

type daprLog struct{ m *mesh }

func (d daprLog) Write(line []byte) (int, error) {
	text := string(line)
	switch {
	case strings.Contains(text, "context canceled"): // by its stop
	case strings.Contains(text, "level=error"), strings.Contains(text, "level=warn"):
		d.m.fail(errors.New(strings.TrimSpace(text)))
	case strings.Contains(text, "Successfully renewed"):
		d.m.renewed()
	}
	return len(line), nil
}

func (m *mesh) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.failures = append(m.failures, err)
}

func (m *mesh) renewed() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.renewals++
}

func (m *mesh) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pairs, m.issuers = map[pair]int{}, map[shown]int{}
}

func fingerprint(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.Raw)
	return hex.EncodeToString(sum[:8])
}

// --- members ---

// Environment is a directory with the ca.crt of now, which a sidecar that starts now is given; it is never changed.
func (m *mesh) environment() string {
	anchors := string(m.sentry.Anchors())
	if anchors != m.lastAnchors {
		m.environments++
		m.lastAnchors = anchors
		m.lastDir = filepath.Join(m.work, fmt.Sprintf("anchors-%d", m.environments))
		must(os.Mkdir(m.lastDir, 0o700))
		must(os.WriteFile(filepath.Join(m.lastDir, "ca.crt"), []byte(anchors), 0o600))
	}
	return m.lastDir
}

func (m *mesh) start(version, environment string) error {
	m.started++
	x := &member{kind: kind{version, filepath.Base(environment)}, dir: environment, app: fmt.Sprintf("app-%d", m.started),
		quit: make(chan struct{}), held: m.started%2 == 0}
	knows := *m.sentry
	knows.Dir = environment
	var err error
	if x.sidecar, err = newSidecar(&knows, version, x.app, m.fail); err != nil {
		return fmt.Errorf("%v does not start: %w", x.kind, err)
	}
	if err = m.serve(x); err != nil {
		return err
	}
	m.mu.Lock()
	m.members = append(m.members, x)
	m.mu.Unlock()
	x.ended.Add(1)
	go m.callOthers(x)
	if version != since114 {
		x.ended.Add(1)
		go m.renewOften(x)
	}
	return nil
}

// Serve answers with the issuer of what its caller has shown.
func (m *mesh) serve(x *member) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	x.addr = listener.Addr().String()
	x.server = grpc.NewServer(x.serverOption(), grpc.UnaryInterceptor(
		func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
			caller, _ := grpcpeer.FromContext(ctx)
			_ = grpc.SetHeader(ctx, metadata.Pairs("issuer", issuerOf(caller)))
			return handle(ctx, req)
		}))
	grpc_health_v1.RegisterHealthServer(x.server, health.NewServer())
	go func() { _ = x.server.Serve(listener) }()
	return nil
}

func issuerOf(p *grpcpeer.Peer) string {
	info, ok := p.AuthInfo.(credentials.TLSInfo)
	if !ok { // go-spiffe wraps it into a type of its own
		info, ok = reflect.ValueOf(p.AuthInfo).FieldByName("AuthInfo").Interface().(credentials.TLSInfo)
	}
	if !ok || len(info.State.PeerCertificates) < 2 {
		panic("a peer without a chain")
	}
	return fingerprint(info.State.PeerCertificates[1])
}

// Stop lets nobody call it any more, and waits for the calls that are under way.
func (m *mesh) stop(x *member) {
	m.mu.Lock()
	m.members = slices.DeleteFunc(m.members, func(y *member) bool { return x == y })
	delete(m.leaf, x)
	m.mu.Unlock()
	x.called.Lock()
	x.gone = true
	x.called.Unlock()
	close(x.quit)
	x.ended.Wait()
	x.server.Stop()
	x.sidecar.stop()
}

// Restart is what happens to a sidecar whose app is deployed anew with ENVIRONMENT.
func (m *mesh) restart(x *member, environment string) error {
	m.stop(x)
	return m.start(x.version, environment)
}

func (m *mesh) everyone() []*member {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.members)
}

func (m *mesh) renewOften(x *member) {
	defer x.ended.Done()
	for {
		select {
		case <-x.quit:
			return
		case <-time.After(renewAfter):
		}
		m.mu.Lock()
		wait := m.hold && x.held
		m.mu.Unlock()
		if wait {
			continue
		}
		if err := x.renew(); err != nil {
			m.fail(fmt.Errorf("%v does not renew: %w", x.kind, err))
			continue
		}
		m.renewed()
	}
}

// --- calls ---

// CallOthers calls one of each kind after the other, first those whom its own kind has called least.
func (m *mesh) callOthers(x *member) {
	defer x.ended.Done()
	for {
		kinds := map[kind][]*member{}
		for _, y := range m.everyone() {
			if x != y {
				kinds[y.kind] = append(kinds[y.kind], y)
			}
		}
		order := slices.Collect(maps.Keys(kinds))
		rand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		m.mu.Lock()
		slices.SortStableFunc(order, func(a, b kind) int { return m.pairs[pair{x.kind, a}] - m.pairs[pair{x.kind, b}] })
		m.mu.Unlock()
		for _, k := range order {
			m.call(x, kinds[k][rand.IntN(len(kinds[k]))])
			select {
			case <-x.quit:
				return
			case <-time.After(callAfter):
			}
		}
		if len(order) == 0 {
			time.Sleep(callAfter)
		}
		select {
		case <-x.quit:
			return
		default:
		}
	}
}

func (m *mesh) call(x, y *member) {
	y.called.RLock()
	defer y.called.RUnlock()
	if y.gone {
		return
	}
	seen, err := handshake(x, y)
	if err != nil {
		m.fail(fmt.Errorf("%v calls %v: %w", x.kind, y.kind, err))
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls++
	m.pairs[pair{x.kind, y.kind}]++
	m.issuers[seen]++
	m.leaf[x], m.leaf[y] = seen.from, seen.to
}

// Handshake makes one call on a connection of its own, which is tried once.
func handshake(x, y *member) (seen shown, err error) {
	conn, err := grpc.NewClient("passthrough:///"+y.addr, x.dialOption(y.app))
	if err != nil {
		return seen, err
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), peer.Bound)
	defer cancel()
	var callee grpcpeer.Peer
	var header metadata.MD
	_, err = grpc_health_v1.NewHealthClient(conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{},
		grpc.Peer(&callee), grpc.Header(&header))
	if err != nil {
		return seen, err
	}
	return shown{strings.Join(header.Get("issuer"), ""), issuerOf(&callee)}, nil
}

// --- what was seen ---

// Await returns when HOLDS does, or with the first failure; it waits for many things that must come, each within Bound.
func (m *mesh) await(holds func() bool) error {
	for begin := time.Now(); time.Since(begin) < 5*peer.Bound; time.Sleep(10 * time.Millisecond) {
		m.mu.Lock()
		done := holds()
		failures := slices.Clone(m.failures)
		m.mu.Unlock()
		if len(failures) > 0 {
			return fmt.Errorf("%d failures, the first: %w", len(failures), failures[0])
		}
		if done {
			return nil
		}
	}
	m.missing()
	return errors.New("what is missing does not come")
}

// AllPairs: each kind has called each kind often enough. Called with the lock.
func (m *mesh) allPairs() bool {
	kinds := map[kind]int{}
	for _, x := range m.members {
		kinds[x.kind]++
	}
	for from := range kinds {
		for to, count := range kinds {
			if (from != to || count > 1) && m.pairs[pair{from, to}] < m.rounds {
				return false
			}
		}
	}
	return true
}

// AllRenewed: each has shown a certificate of this issuer last. Called with the lock.
func (m *mesh) allRenewed(issuer string) bool {
	for _, x := range m.members {
		if m.leaf[x] != issuer {
			return false
		}
	}
	return true
}

// Missing tells what a stage still waits for.
func (m *mesh) missing() {
	m.mu.Lock()
	defer m.mu.Unlock()
	fmt.Printf("# between issuers: %v\n# shown last:", m.issuers)
	for _, x := range m.members {
		fmt.Printf(" %s by %s;", x.app, m.leaf[x])
	}
	fmt.Println()
	for _, from := range m.members {
		for _, to := range m.members {
			if count := m.pairs[pair{from.kind, to.kind}]; from != to && count < m.rounds {
				fmt.Printf("# %v has called %v %d times\n", from.kind, to.kind, count)
			}
		}
	}
}

func (m *mesh) report() {
	m.mu.Lock()
	defer m.mu.Unlock()
	fmt.Printf("# %d sidecars in %d environments: %d handshakes, %d renewals, %d failures\n", m.started, m.environments,
		m.calls, m.renewals, len(m.failures))
}
