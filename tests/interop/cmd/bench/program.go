// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net"
	"os/exec"
	"sort"
	"time"
)

// start is the time from exec until ADDRESS accepts; the program is ended then.
func start(address string, argv []string) time.Duration {
	program := exec.Command(argv[0], argv[1:]...)
	begin := time.Now()
	check(program.Start())
	defer func() {
		_ = program.Process.Kill()
		_ = program.Wait()
	}()
	for time.Since(begin) < 20*time.Second {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			took := time.Since(begin)
			conn.Close()
			return took
		}
		time.Sleep(50 * time.Microsecond)
	}
	check(&net.AddrError{Err: "nobody listens", Addr: address})
	return 0
}

// whole is the time from exec to the end.
func whole(argv []string) time.Duration {
	begin := time.Now()
	check(exec.Command(argv[0], argv[1:]...).Run())
	return time.Since(begin)
}

func median(times []time.Duration) time.Duration {
	sort.Slice(times, func(i, j int) bool { return times[i] < times[j] })
	return times[len(times)/2]
}
