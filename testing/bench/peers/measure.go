// SPDX-License-Identifier: BSL-1.0
//
// What the programs in Go of this folder share that measure themselves; measure.h in Go.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"
)

// What prints the figures of one run, or does not, if it is the warm-up.
type output func(name string, nanoseconds float64)

type measure struct {
	name string
	run  func(count int, out output)
}

// The time that the process had a processor, as bench::stopwatch measures it.
type stopwatch struct{ start int64 }

func processorTime() int64 {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err)
	}
	return used.Utime.Nano() + used.Stime.Nano()
}

func startWatch() stopwatch { return stopwatch{processorTime()} }

func (watch stopwatch) nanoseconds() float64 { return float64(processorTime() - watch.start) }

func require(condition bool, what string) {
	if !condition {
		fmt.Fprintln(os.Stderr, what)
		os.Exit(1)
	}
}

// Runs the measure that is asked for, once with a tenth of the count to warm up. Goroutines run on one
// processor, unless the measure says otherwise.
func runMeasure(measures []measure) {
	runtime.GOMAXPROCS(1)
	if len(os.Args) == 3 {
		count, err := strconv.Atoi(os.Args[2])
		for _, each := range measures {
			if each.name != os.Args[1] || err != nil || count <= 0 {
				continue
			}
			few := count / 10
			if few == 0 {
				few = 1
			}
			each.run(few, func(string, float64) {})
			each.run(count, func(name string, nanoseconds float64) {
				fmt.Printf("%s %.3f\n", name, nanoseconds)
			})
			return
		}
	}
	fmt.Fprintf(os.Stderr, "usage: %s MEASURE COUNT, where MEASURE is one of:\n", os.Args[0])
	for _, each := range measures {
		fmt.Fprintln(os.Stderr, "  "+each.name)
	}
	os.Exit(2)
}
