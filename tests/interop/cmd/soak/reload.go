// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"daprcerts.interop/peer"
)

const each = 100 // calls between two changes

// endpoints of health and metrics, asked on a new connection each time, so that none of ours is open in between.
type endpoints struct {
	client          http.Client
	health, metrics string
	asked           int
}

func newEndpoints(health, metrics string) *endpoints {
	return &endpoints{client: http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: giveUp},
		health: health, metrics: metrics}
}

func (e *endpoints) get(url string) (string, error) {
	e.asked++
	resp, err := e.client.Get(url)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", url, resp.Status)
	}
	return string(body), err
}

func (e *endpoints) scrape() (map[string]float64, error) {
	body, err := e.get(e.metrics)
	if err != nil {
		return nil, err
	}
	values := map[string]float64{}
	for _, line := range strings.Split(body, "\n") {
		if name, value, found := strings.Cut(line, " "); found && !strings.HasPrefix(line, "#") {
			if values[name], err = strconv.ParseFloat(value, 64); err != nil {
				return nil, err
			}
		}
	}
	return values, nil
}

const (
	changed = "dapr_sentry_issuercert_changed_total"
	good    = `dapr_sentry_reloads_total{result="ok"}`
	refused = `dapr_sentry_reloads_total{result="failed"}`
)

// reloads changes the credentials of the server, in turn by each way.
type reloads struct {
	process                     peer.Process
	s                           *peer.Sentry
	endpoints                   *endpoints
	live                        string
	dirs                        [2]string
	now                         int // whose are in force
	steps, files, swaps, refuse int
	why                         error
}

func newReloads(process peer.Process, s *peer.Sentry, e *endpoints, live, first, second string) *reloads {
	return &reloads{process: process, s: s, endpoints: e, live: live, dirs: [2]string{first, second}}
}

func (r *reloads) step() {
	if r.why != nil {
		return
	}
	ways := []func() error{r.byFile, r.bad, r.byDirectory, r.hangUp}
	r.why = ways[r.steps%len(ways)]()
	if r.why == nil {
		_, r.why = r.endpoints.get(r.endpoints.health)
	}
	r.steps++
}

// rises makes a change and waits until the metric tells of it.
func (r *reloads) rises(metric string, change func() error) error {
	before, err := r.endpoints.scrape()
	if err == nil {
		err = change()
	}
	if err != nil {
		return err
	}
	return await(func() error {
		now, err := r.endpoints.scrape()
		if err == nil && now[metric] <= before[metric] {
			err = fmt.Errorf("%s stays at %v", metric, now[metric])
		}
		return err
	})
}

// takenUp: the other CA's credentials were put in place; from then on they serve.
func (r *reloads) takenUp(change func() error) error {
	if err := r.rises(changed, change); err != nil {
		return err
	}
	r.now = 1 - r.now
	c, err := newCA(r.dirs[r.now])
	if err != nil {
		return err
	}
	return r.s.Shows(c.pool)
}

func (r *reloads) byFile() error {
	take, err := peer.StageCredentials(r.dirs[1-r.now], r.live)
	if err != nil {
		return err
	}
	r.files++
	return r.takenUp(take)
}

// byDirectory puts a directory in the other's place.
func (r *reloads) byDirectory() error {
	fresh, old := r.live+".new", r.live+".old"
	if err := os.Mkdir(fresh, 0o700); err != nil {
		return err
	}
	take, err := peer.StageCredentials(r.dirs[1-r.now], fresh)
	if err == nil {
		err = take()
	}
	if err != nil {
		return err
	}
	r.swaps++
	err = r.takenUp(func() error {
		if err := os.Rename(r.live, old); err != nil {
			return err
		}
		return os.Rename(fresh, r.live)
	})
	if err != nil {
		return err
	}
	return os.RemoveAll(old)
}

func (r *reloads) signal() error { return syscall.Kill(int(r.process), syscall.SIGHUP) }

func (r *reloads) hangUp() error { return r.rises(good, r.signal) }

// bad: the other CA's key, which fits nothing, then the right one again.
func (r *reloads) bad() error {
	put := func(from string) error {
		staged := filepath.Join(r.live, "staged")
		bytes, err := os.ReadFile(filepath.Join(from, "issuer.key"))
		if err == nil {
			err = os.WriteFile(staged, bytes, 0o600)
		}
		if err == nil {
			err = os.Rename(staged, filepath.Join(r.live, "issuer.key"))
		}
		return err
	}
	r.refuse++
	err := r.rises(refused, func() error {
		if err := put(r.dirs[1-r.now]); err != nil {
			return err
		}
		return r.signal()
	})
	if err != nil {
		return err
	}
	return r.rises(good, func() error { return put(r.dirs[r.now]) })
}

func (r *reloads) report() {
	fmt.Printf("# %d changes of the credentials, %d bad sets, health and metrics asked %d times\n", r.files+r.swaps,
		r.refuse, r.endpoints.asked)
	report(r.why, "each of %d sets by file and %d by directory is taken up, each of %d bad ones refused, SIGHUP answered",
		r.files, r.swaps, r.refuse)
	metrics, err := r.endpoints.scrape()
	if err == nil && metrics[changed] != float64(r.files+r.swaps) {
		err = fmt.Errorf("%v were", metrics[changed])
	}
	report(err, "as many issuers were changed by the metrics, %d", r.files+r.swaps)
}
