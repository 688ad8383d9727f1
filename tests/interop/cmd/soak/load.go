// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	sentryv1pb "github.com/dapr/dapr/pkg/proto/sentry/v1"
	"google.golang.org/grpc"

	"daprcerts.interop/peer"
)

const (
	workers = 32
	kept    = 8 // connections
)

type request struct {
	key crypto.Signer
	csr []byte
}

// ca is a CA's anchors.
type ca struct {
	text []byte
	pool *x509.CertPool
}

func newCA(dir string) (ca, error) {
	text, err := os.ReadFile(filepath.Join(dir, "ca.crt"))
	c := ca{text, x509.NewCertPool()}
	if err == nil && !c.pool.AppendCertsFromPEM(text) {
		err = fmt.Errorf("%s/ca.crt holds no certificate", dir)
	}
	return c, err
}

// tally is what became of the calls of one kind.
type tally struct {
	calls, answered, wrong atomic.Int64
	mutex                  sync.Mutex
	why                    error // of the first that went wrong
}

func (t *tally) spoil(err error) {
	t.wrong.Add(1)
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.why == nil {
		t.why = err
	}
}

type load struct {
	s        *peer.Sentry
	seed     uint64
	cas      []ca
	requests []request
	tallies  []tally // of each kind
	conns    []*grpc.ClientConn
	dials    atomic.Int64 // of the kept ones
	expected int64
}

func newLoad(s *peer.Sentry, seed uint64, dirs ...string) (*load, error) {
	l := &load{s: s, seed: seed, tallies: make([]tally, len(kinds))}
	for _, dir := range dirs {
		c, err := newCA(dir)
		if err != nil {
			return nil, err
		}
		l.cas = append(l.cas, c)
	}
	for _, kind := range []string{peer.Ed25519, peer.P256, peer.P384, peer.RSA2048} {
		for i := 0; i < 8; i++ {
			key := peer.NewKey(kind)
			l.requests = append(l.requests, request{key, peer.CSR(key, "", peer.NewLabel)})
		}
	}
	return l, nil
}

// call makes one call; what is answered must be what was asked for. The deadline is for a server that hangs.
func (l *load) call(ctx context.Context, conn *grpc.ClientConn, i int) error {
	ctx, cancel := context.WithTimeout(ctx, 2*giveUp)
	defer cancel()
	asked, app := l.requests[i%len(l.requests)], fmt.Sprintf("app-%d", i)
	resp, err := sentryv1pb.NewCAClient(conn).SignCertificate(ctx,
		&sentryv1pb.SignCertificateRequest{Id: app, Namespace: "default", CertificateSigningRequest: asked.csr})
	if err != nil {
		return err
	}
	if err := l.check(resp, app, asked.key.Public()); err != nil {
		return wrongAnswer{err}
	}
	return nil
}

// wrongAnswer is worse than none, whatever became of the connection.
type wrongAnswer struct{ error }

func (l *load) check(resp *sentryv1pb.SignCertificateResponse, app string, key crypto.PublicKey) error {
	chain, err := peer.ParseChain(resp.GetWorkloadCertificate())
	if err != nil {
		return err
	}
	if !key.(interface{ Equal(crypto.PublicKey) bool }).Equal(chain[0].PublicKey) {
		return fmt.Errorf("the certificate for %s has another key", app)
	}
	if want := "spiffe://public/ns/default/" + app; len(chain[0].URIs) != 1 || chain[0].URIs[0].String() != want {
		return fmt.Errorf("the certificate for %s is for %v", app, chain[0].URIs)
	}
	for _, c := range l.cas {
		if anchors := resp.GetTrustChainCertificates(); len(anchors) == 1 && bytes.Equal(anchors[0], c.text) {
			return peer.VerifyChain(chain, c.pool)
		}
	}
	return fmt.Errorf("the anchors for %s are of neither CA", app)
}

// on makes a call on a connection of its own, over what wrap makes of its TCP connection.
func (l *load) on(i int, wrap func(*net.TCPConn) net.Conn) error {
	conn, err := l.s.Dial(grpc.WithContextDialer(func(ctx context.Context, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		if err != nil {
			return nil, err
		}
		return wrap(conn.(*net.TCPConn)), nil
	}))
	if err != nil {
		return err
	}
	defer conn.Close()
	return l.call(context.Background(), conn, i)
}

// kinds of calls: how many of a hundred, and whether an answer must come.
var kinds = []struct {
	name  string
	share int
	must  bool
	call  func(l *load, i int, r *rand.Rand) error
}{
	{"kept", 50, true, func(l *load, i int, r *rand.Rand) error {
		return l.call(context.Background(), l.conns[i%kept], i)
	}},
	{"new", 20, true, func(l *load, i int, r *rand.Rand) error {
		return l.on(i, func(conn *net.TCPConn) net.Conn { return conn })
	}},
	{"slow", 4, true, func(l *load, i int, r *rand.Rand) error {
		return l.on(i, func(conn *net.TCPConn) net.Conn { return &trickle{conn, 1 + r.IntN(16)} })
	}},
	{"cancelled", 4, false, func(l *load, i int, r *rand.Rand) error {
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(time.Duration(r.IntN(2000))*time.Microsecond, cancel)
		return l.call(ctx, l.conns[i%kept], i)
	}},
	{"cut off", 12, false, func(l *load, i int, r *rand.Rand) error {
		return l.on(i, func(conn *net.TCPConn) net.Conn { return &cut{TCPConn: conn, left: r.IntN(3500), how: r.IntN(3)} })
	}},
	{"malformed", 10, true, func(l *load, i int, r *rand.Rand) error {
		return malformed[i%len(malformed)](l, i, r)
	}},
}

func kindOf(r *rand.Rand) int {
	at := r.IntN(100)
	for k := range kinds {
		if at < kinds[k].share {
			return k
		}
		at -= kinds[k].share
	}
	panic("shares of a hundred")
}

func (l *load) one(i int) {
	r := rand.New(rand.NewPCG(l.seed, uint64(i)))
	k := kindOf(r)
	t := &l.tallies[k]
	t.calls.Add(1)
	err := kinds[k].call(l, i, r)
	_, wrong := err.(wrongAnswer)
	switch {
	case err == nil:
		t.answered.Add(1)
	case kinds[k].must || wrong:
		t.spoil(fmt.Errorf("call %d: %w", i, err))
	}
}

// run makes the calls from FROM to TO, with a change of the credentials and a look at the endpoints every so often.
func run(l *load, changes *reloads, from, to int) {
	l.open()
	var wait sync.WaitGroup
	next := atomic.Int64{}
	next.Store(int64(from))
	due := make(chan struct{}, to)
	for w := 0; w < workers; w++ {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for i := int(next.Add(1)) - 1; i < to; i = int(next.Add(1)) - 1 {
				l.one(i)
				if i%each == 0 {
					due <- struct{}{}
				}
			}
		}()
	}
	go func() {
		wait.Wait()
		close(due)
	}()
	for range due {
		changes.step()
	}
	l.close()
}

func (l *load) open() {
	l.conns = nil
	for i := 0; i < kept; i++ {
		conn, err := l.s.Dial(grpc.WithContextDialer(func(ctx context.Context, addr string) (net.Conn, error) {
			l.dials.Add(1)
			return new(net.Dialer).DialContext(ctx, "tcp", addr)
		}))
		must(err)
		l.conns = append(l.conns, conn)
	}
	l.expected += kept
}

func (l *load) close() {
	for _, conn := range l.conns {
		conn.Close()
	}
}

func (l *load) report() {
	for k := range kinds {
		t := &l.tallies[k]
		calls, answered := t.calls.Load(), t.answered.Load()
		what := fmt.Sprintf("%s: %d of %d calls are answered as they should be", kinds[k].name, answered, calls)
		if !kinds[k].must {
			what = fmt.Sprintf("%s: %d of %d calls are answered all the same, and rightly", kinds[k].name, answered, calls)
		}
		err := t.why
		if err != nil {
			err = fmt.Errorf("%d are not; %w", t.wrong.Load(), err)
		}
		if calls == 0 {
			err = errors.New("too few calls to have any of this kind")
		}
		report(err, "%s", what)
	}
	var err error
	if dials := l.dials.Load(); dials != l.expected {
		err = fmt.Errorf("%d were dialled, %d times", l.expected, dials)
	}
	report(err, "no connection that is kept was closed")
}
