// SPDX-License-Identifier: BSL-1.0
//
// The measures of micro.py that Go has, called as measure.h says: timers, whose functions run in
// goroutines of their own, and bytes there and back between two goroutines.
//
// So that Go is at its best: goroutines run on one processor (GOMAXPROCS=1), and a timer that was
// stopped is used again. The garbage collector is left as it is, for no program in Go runs without.
package main

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"
)

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// As those of micro_work.h.
type randomNumbers struct{ state uint64 }

func (random *randomNumbers) below(limit int) int {
	random.state ^= random.state << 13
	random.state ^= random.state >> 7
	random.state ^= random.state << 17
	return int(((random.state & 0xffffffff) * uint64(limit)) >> 32)
}

func newRandom() *randomNumbers { return &randomNumbers{88172645463325252} }

func outstanding(wanted, count int) int {
	if 20*count < wanted {
		return 20 * count
	}
	return wanted
}

const (
	perTurn  = 100
	perBatch = 1000
)

type oneTimer struct {
	timer  *time.Timer
	expiry time.Time
}

// As micro_timers.h says.
type timers struct {
	all    []oneTimer
	random *randomNumbers
}

func someTime(random *randomNumbers) time.Duration {
	return 10*time.Hour + time.Duration(random.below(36_000_000))*time.Millisecond
}

func newTimers(count int) *timers {
	among := &timers{make([]oneTimer, count), newRandom()}
	for i := range among.all {
		each := &among.all[i]
		fromNow := someTime(among.random)
		each.expiry = time.Now().Add(fromNow)
		each.timer = time.AfterFunc(fromNow, func() { require(false, "a timer fired") })
	}
	return among
}

func (among *timers) any() *oneTimer { return &among.all[among.random.below(len(among.all))] }

// Some operations at a time; in between the scheduler gets to its other work, and to the timers
// that were changed.
func repeat(count int, operation func()) float64 {
	watch := startWatch()
	for i := 0; i < count; i++ {
		operation()
		if i%perTurn == perTurn-1 {
			runtime.Gosched()
		}
	}
	return watch.nanoseconds() / float64(count)
}

func rearmOne(which *oneTimer) {
	which.expiry = time.Now().Add(20 * time.Hour)
	which.timer.Reset(20 * time.Hour)
}

func (among *timers) rearm(count int) float64 {
	next := 0
	return repeat(count, func() {
		rearmOne(&among.all[next])
		next++
		if next == len(among.all) {
			next = 0
		}
	})
}

func (among *timers) rearmRandom(count int) float64 {
	return repeat(count, func() { rearmOne(among.any()) })
}

func (among *timers) pull(count int) float64 {
	return repeat(count, func() {
		which := among.any()
		which.expiry = which.expiry.Add(-time.Duration(among.random.below(60_000)) * time.Millisecond)
		which.timer.Reset(time.Until(which.expiry))
	})
}

func (among *timers) cancelAndArm(count int) (cancel, arm float64) {
	done := 0
	step := len(among.all)/perBatch + 1
	for done < count {
		first := among.random.below(step)
		if first >= len(among.all) {
			first = 0
		}
		cancelling := startWatch()
		for i := first; i < len(among.all); i += step {
			among.all[i].timer.Stop()
		}
		runtime.Gosched()
		cancel += cancelling.nanoseconds()
		arming := startWatch()
		for i := first; i < len(among.all); i += step {
			each := &among.all[i]
			fromNow := someTime(among.random)
			each.expiry = time.Now().Add(fromNow)
			each.timer.Reset(fromNow)
			done++
		}
		runtime.Gosched()
		arm += arming.nanoseconds()
	}
	return cancel / float64(done), arm / float64(done)
}

func timersAmong(wanted int, suffix string, what ...string) func(int, output) {
	asked := func(name string) bool {
		for _, each := range what {
			if each == name {
				return true
			}
		}
		return len(what) == 0
	}
	return func(count int, out output) {
		among := newTimers(outstanding(wanted, count))
		// First, while what belongs together lies together.
		if asked("rearm") {
			out("timer_rearm"+suffix, among.rearm(count))
		}
		if asked("cancel") || asked("arm") {
			cancel, arm := among.cancelAndArm(count)
			out("timer_cancel"+suffix, cancel)
			out("timer_arm"+suffix, arm)
		}
		if asked("pull") {
			out("timer_pull"+suffix, among.pull(count))
		}
		if asked("rearm_random") {
			out("timer_rearm_random"+suffix, among.rearmRandom(count))
		}
		for i := range among.all {
			require(among.all[i].timer.Stop(), "a timer was lost")
		}
	}
}

func timerFire(count int, out output) {
	size := outstanding(500_000, count)
	random := newRandom()
	all := make([]*time.Timer, size)
	var fired atomic.Int64
	ended := make(chan struct{})
	fire := func() {
		if fired.Add(1) == int64(size) {
			close(ended)
		}
	}
	watch := startWatch()
	for i := range all {
		all[i] = time.AfterFunc(time.Duration(random.below(10_000))*time.Microsecond, fire)
	}
	<-ended
	out("timer_fire", watch.nanoseconds()/float64(size))
}

// A byte there and back between two goroutines, count times.
func rally(first, second net.Conn, name string, count int, out output) {
	ended := make(chan struct{})
	go func() {
		data := make([]byte, 64)
		for i := 0; i < count; i++ {
			_, err := second.Read(data)
			fail(err)
			_, err = second.Write(data[:1])
			fail(err)
		}
		close(ended)
	}()
	data := make([]byte, 64)
	watch := startWatch()
	for i := 0; i < count; i++ {
		_, err := first.Write(data[:1])
		fail(err)
		_, err = first.Read(data)
		fail(err)
	}
	<-ended
	out(name, watch.nanoseconds()/float64(count))
	first.Close()
	second.Close()
}

func unixPingPong(count int, out output) {
	ends, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	fail(err)
	var peers [2]net.Conn
	for i, end := range ends {
		file := os.NewFile(uintptr(end), "pair")
		peers[i], err = net.FileConn(file)
		fail(err)
		file.Close()
	}
	rally(peers[0], peers[1], "unix_ping_pong", count, out)
}

func tcpPingPong(count int, out output) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	fail(err)
	first, err := net.Dial("tcp4", listener.Addr().String())
	fail(err)
	second, err := listener.Accept()
	fail(err)
	listener.Close()
	rally(first, second, "tcp_ping_pong", count, out)
}

func main() {
	runMeasure([]measure{
		{"timers", timersAmong(100_000, "")},
		{"timer_arm", timersAmong(100_000, "", "arm")},
		{"timer_rearm", timersAmong(100_000, "", "rearm")},
		{"timer_rearm_random", timersAmong(100_000, "", "rearm_random")},
		{"timer_pull", timersAmong(100_000, "", "pull")},
		{"timer_cancel", timersAmong(100_000, "", "cancel")},
		{"timers_1m", timersAmong(1_000_000, "_1m")},
		{"timer_fire", timerFire},
		{"unix_ping_pong", unixPingPong},
		{"tcp_ping_pong", tcpPingPong},
	})
}
