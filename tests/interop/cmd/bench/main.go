// SPDX-License-Identifier: Apache-2.0

// bench measures one running server and prints one line: what a SignCertificate call costs it in CPU time, how many it
// answers a second, what memory it holds, how soon it serves with new credentials.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	sentryv1pb "github.com/dapr/dapr/pkg/proto/sentry/v1"
	"google.golang.org/grpc"

	"daprcerts.interop/peer"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type load struct {
	s    *peer.Sentry
	csrs [][]byte
	next atomic.Int64
}

func (l *load) call(conn *grpc.ClientConn) {
	csr := l.csrs[int(l.next.Add(1))%len(l.csrs)]
	_, err := sentryv1pb.NewCAClient(conn).SignCertificate(context.Background(),
		&sentryv1pb.SignCertificateRequest{Id: "app", Namespace: "default", CertificateSigningRequest: csr})
	check(err)
}

func (l *load) dial() *grpc.ClientConn {
	conn, err := l.s.Dial()
	check(err)
	return conn
}

// run spreads calls over workers.
func run(workers, calls int, work func(worker int)) {
	var wait sync.WaitGroup
	for w := 0; w < workers; w++ {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for i := 0; i < calls/workers; i++ {
				work(w)
			}
		}()
	}
	wait.Wait()
}

// kept: 8 connections, 4 calls at once on each.
func (l *load) kept(calls int) {
	conns := make([]*grpc.ClientConn, 8)
	for i := range conns {
		conns[i] = l.dial()
		defer conns[i].Close()
	}
	run(32, calls, func(worker int) { l.call(conns[worker%8]) })
}

// fresh: a connection a call, 8 at once, as sidecars do.
func (l *load) fresh(calls int) {
	run(8, calls, func(int) {
		conn := l.dial()
		defer conn.Close()
		l.call(conn)
	})
}

// crowd opens connections that have made a call, all at once, then closes them.
func (l *load) crowd(count int) int {
	conns := make([]*grpc.ClientConn, count)
	var at atomic.Int64
	run(16, count, func(int) {
		conn := l.dial()
		l.call(conn)
		conns[at.Add(1)-1] = conn
	})
	for _, conn := range conns[:at.Load()] {
		conn.Close()
	}
	return int(at.Load())
}

type result struct {
	CPU  float64 `json:"cpu_us"`
	Rate float64 `json:"calls_per_s"`
}

func cpu(p peer.Process) float64 {
	seconds, err := p.CPU()
	check(err)
	return seconds
}

func resident(p peer.Process) int {
	kib, err := p.Resident()
	check(err)
	return kib
}

func measure(p peer.Process, calls int, load func(int)) result {
	before, begin := cpu(p), time.Now()
	load(calls)
	return result{(cpu(p) - before) * 1e6 / float64(calls), float64(calls) / time.Since(begin).Seconds()}
}

// reload renames the credentials of another directory over the server's and waits for a leaf that they signed.
func reload(s *peer.Sentry, from string) time.Duration {
	take, err := peer.StageCredentials(from, s.Dir)
	check(err)
	begin := time.Now()
	check(take())
	anchors := s.Pool()
	for time.Since(begin) < time.Minute {
		if s.Shows(anchors) == nil {
			return time.Since(begin)
		}
		time.Sleep(time.Millisecond / 2)
	}
	check(fmt.Errorf("%s does not serve with the credentials of %s", s.Addr, from))
	return 0
}

func main() {
	pid := flag.Int("pid", 0, "the server's process")
	what := flag.String("what", "", "kept, fresh, crowd, reload, resident, ready, start or whole")
	from := flag.String("from", "", "with reload: the directory of the new credentials")
	kind := flag.String("kind", peer.Ed25519, "key of the requests")
	calls := flag.Int("calls", 8000, "how many")
	flag.Parse()
	p := peer.Process(*pid)
	if *what == "resident" {
		fmt.Println(resident(p))
		return
	}
	if *what == "start" { // the operands: a program that comes to listen at the address
		fmt.Println(start(os.Getenv("SENTRY_ADDR"), flag.Args()).Microseconds())
		return
	}
	if *what == "whole" { // the operands: two programs, by turns; the medians of their times
		var times [2][]time.Duration
		for i := 0; i < *calls; i++ {
			for k := range times {
				times[k] = append(times[k], whole(strings.Fields(flag.Arg(k))))
			}
		}
		fmt.Println(median(times[0]).Microseconds(), median(times[1]).Microseconds())
		return
	}
	if *what == "ready" { // waits until the address accepts
		for i := 0; i < 2000; i++ {
			conn, err := net.Dial("tcp", os.Getenv("SENTRY_ADDR"))
			if err == nil {
				conn.Close()
				return
			}
			time.Sleep(time.Millisecond / 4)
		}
		check(fmt.Errorf("nobody listens at %s", os.Getenv("SENTRY_ADDR")))
	}
	s, err := peer.FromEnv()
	check(err)
	if _, err := os.Stat(filepath.Join(s.Dir, "ca.crt")); err != nil {
		check(err)
	}
	if *what == "reload" {
		fmt.Printf("%.1f\n", float64(reload(s, *from).Microseconds())/1000)
		return
	}
	l := &load{s: s}
	for i := 0; i < 200; i++ {
		l.csrs = append(l.csrs, peer.CSR(peer.NewKey(*kind), "", peer.NewLabel))
	}
	switch *what {
	case "kept":
		l.kept(64)
		check(json.NewEncoder(os.Stdout).Encode(measure(p, *calls, l.kept)))
	case "fresh":
		l.fresh(16)
		check(json.NewEncoder(os.Stdout).Encode(measure(p, *calls, l.fresh)))
	case "crowd":
		count := l.crowd(*calls)
		// the clients are gone; the server has a moment to notice
		for i := 0; i < 50; i++ {
			time.Sleep(100 * time.Millisecond)
		}
		fmt.Println(count, resident(p))
	default:
		check(fmt.Errorf("-what %q", *what))
	}
}
