// SPDX-License-Identifier: Apache-2.0

// traffic proves that a rotation is a non-event: sidecars of every version that hold identities of one running server
// renew them and call each other over mutual TLS without pause, each with the anchors of its own start, while
// `daprcerts rotate` replaces issuer and root. SENTRY_DIR is the server's directory, DAPRCERTS the program.
//
//	traffic [-each N] [-rounds N] ours|dapr
//	traffic make DIR    a CA by Dapr's own package, without a key of the root
//	traffic take DIR    whether that package takes DIR as it is
//
// A stage ends when it has seen what it wants to see, never by the clock; the first failed handshake or renewal ends
// the program. Prints a line "ok WHAT" or "not ok WHAT: WHY" for each stage and "# TEXT" for numbers.
package main

import (
	"flag"
	"fmt"
	"os"

	"daprcerts.interop/peer"
)

func main() {
	each := flag.Int("each", 7, "sidecars of each version at the start")
	rounds := flag.Int("rounds", 2, "calls of each kind of sidecar to each kind, in each half of a stage")
	flag.Parse()
	if flag.Arg(0) == "make" {
		must(makeDaprCA(flag.Arg(1)))
		return
	}
	if flag.Arg(0) == "take" {
		_, err := daprTakes(flag.Arg(1), "", "cluster.local")
		must(err)
		return
	}
	sentry, err := peer.FromEnv()
	must(err)
	m := newMesh(sentry, *rounds)
	stages := map[string]func(*mesh) []stage{"ours": ours, "dapr": daprMade}[flag.Arg(0)]
	if stages == nil {
		must(fmt.Errorf("%q: ours or dapr", flag.Arg(0)))
	}
	for _, version := range versions {
		for range *each {
			must(m.start(version, m.environment()))
		}
	}
	for _, stage := range stages(m) {
		if err := m.run(stage); err != nil {
			fmt.Printf("not ok %s: %v\n", stage.name, err)
			os.Exit(1)
		}
		fmt.Println("ok " + stage.name)
	}
	m.report()
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "traffic:", err)
		os.Exit(1)
	}
}
