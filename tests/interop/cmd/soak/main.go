// SPDX-License-Identifier: Apache-2.0

// soak makes many SignCertificate calls of one running server, on connections that are kept, new, slow, cut off or full
// of nonsense, while its credentials change and its endpoints are asked; then it looks at what is left of them. SENTRY_DIR
// holds the anchors of both CAs. Prints a line "ok WHAT" or "not ok WHAT: WHY" for each check and "# TEXT" for numbers.
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"time"

	"daprcerts.interop/peer"
)

const (
	warmUp = 2000        // calls before memory is looked at, or a tenth of all
	giveUp = time.Minute // of waiting for what a server that works does in less
)

var failed bool

func report(err error, format string, words ...any) {
	what := fmt.Sprintf(format, words...)
	if err == nil {
		fmt.Println("ok " + what)
		return
	}
	failed = true
	fmt.Printf("not ok %s: %v\n", what, err)
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

// await asks until it holds; nil: it did.
func await(holds func() error) error {
	var err error
	for begin := time.Now(); time.Since(begin) < giveUp; time.Sleep(5 * time.Millisecond) {
		if err = holds(); err == nil {
			return nil
		}
	}
	return err
}

// settle waits until the server has closed what its clients have left, down to the last descriptor.
func settle(process peer.Process, endpoints *endpoints, before []string) error {
	return await(func() error {
		metrics, err := endpoints.scrape()
		if err != nil {
			return err
		}
		if open := metrics["dapr_sentry_connections_active"]; open != 0 {
			return fmt.Errorf("%v connections are open", open)
		}
		now, err := process.Descriptors()
		if err == nil && !slices.Equal(before, now) {
			err = fmt.Errorf("they were %v, they are %v", before, now)
		}
		return err
	})
}

func resident(process peer.Process) int {
	kib, err := process.Resident()
	must(err)
	return kib
}

func main() {
	pid := flag.Int("pid", 0, "the server's process")
	calls := flag.Int("calls", 100000, "how many")
	seed := flag.Uint64("seed", 1, "what chance begins with")
	growth := flag.Int("growth", 2048, "KiB that the server may grow by after the warm-up; negative: any")
	live := flag.String("live", "", "the directory of the server's credentials; a CA's at first")
	first := flag.String("first", "", "that CA's own directory")
	second := flag.String("second", "", "another CA's")
	health := flag.String("health", "", "URL")
	metrics := flag.String("metrics", "", "URL")
	flag.Parse()
	sentry, err := peer.FromEnv()
	must(err)
	process := peer.Process(*pid)
	before, err := process.Descriptors()
	must(err)
	endpoints := newEndpoints(*health, *metrics)
	l, err := newLoad(sentry, *seed, *first, *second)
	must(err)
	r := newReloads(process, sentry, endpoints, *live, *first, *second)
	atStart := resident(process)

	warm := min(max(warmUp, *calls/10), *calls/2)
	run(l, r, 0, warm)
	report(settle(process, endpoints, before), "after %d calls no connection and no descriptor is left", warm)
	afterWarmUp := resident(process)
	run(l, r, warm, *calls)
	report(settle(process, endpoints, before), "after %d calls no connection and no descriptor is left", *calls)
	atEnd := resident(process)

	l.report()
	r.report()
	fmt.Printf("# resident KiB: %d at the start, %d after %d calls, %d after %d\n", atStart, afterWarmUp, warm, atEnd, *calls)
	if *growth >= 0 {
		err = nil
		if atEnd-afterWarmUp > *growth {
			err = fmt.Errorf("it grew by %d KiB", atEnd-afterWarmUp)
		}
		report(err, "after the warm-up the server grew by no more than %d KiB", *growth)
	}
	if failed {
		os.Exit(1)
	}
}
