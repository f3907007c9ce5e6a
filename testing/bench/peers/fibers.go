// SPDX-License-Identifier: BSL-1.0
//
// The measures of fibers.py on goroutines, called as measure.h says.
//
// So that Go is at its best: goroutines run on one processor (GOMAXPROCS=1) wherever the others
// have one thread, which saves all contention, and where there are two ways to do something, both
// are measured. The garbage collector is left as it is, for no program in Go runs without.
package main

import (
	"runtime"
	"sync"
	"time"
)

// So many goroutines that do nothing but yield, count times in all.
func yieldAmong(goroutines int, name string, count int, out output) {
	each := count/goroutines + 1
	var all sync.WaitGroup
	all.Add(goroutines)
	watch := startWatch()
	for i := 0; i < goroutines; i++ {
		go func() {
			for k := 0; k < each; k++ {
				runtime.Gosched()
			}
			all.Done()
		}()
	}
	all.Wait()
	out(name, watch.nanoseconds()/float64(each*goroutines))
}

func yield2(count int, out output)    { yieldAmong(2, "yield_2", count, out) }
func yield1000(count int, out output) { yieldAmong(1000, "yield_1000", count, out) }

// A goroutine that starts another and waits for its end, count times: the end is told by a channel,
// or by a wait group.
func spawnJoin(count int, out output) {
	ran := 0
	ended := make(chan struct{}, 1)
	watch := startWatch()
	for i := 0; i < count; i++ {
		go func() {
			ran++
			ended <- struct{}{}
		}()
		<-ended
	}
	out("spawn_join/channel", watch.nanoseconds()/float64(count))

	var group sync.WaitGroup
	watch = startWatch()
	for i := 0; i < count; i++ {
		group.Add(1)
		go func() {
			ran++
			group.Done()
		}()
		group.Wait()
	}
	out("spawn_join/wait_group", watch.nanoseconds()/float64(count))
	require(ran == 2*count, "a goroutine did not run")
}

// A number there and back again, count times.
func pingPong(capacity int, name string, count int, out output) {
	there := make(chan int64, capacity)
	back := make(chan int64, capacity)
	sum := int64(0)
	watch := startWatch()
	go func() {
		for i := 0; i < count; i++ {
			back <- <-there
		}
	}()
	for i := int64(0); i < int64(count); i++ {
		there <- i
		sum += <-back
	}
	out(name, watch.nanoseconds()/float64(count))
	require(sum == int64(count)*int64(count-1)/2, "a number was lost")
}

func channelUnbuffered(count int, out output) { pingPong(0, "channel_unbuffered", count, out) }
func channelBuffered(count int, out output)   { pingPong(1, "channel_buffered", count, out) }

// One goroutine locks and unlocks what nobody else wants.
func mutexUncontended(count int, out output) {
	var mutex sync.Mutex
	guarded := 0
	watch := startWatch()
	for i := 0; i < count; i++ {
		mutex.Lock()
		guarded++
		mutex.Unlock()
	}
	out("mutex_uncontended", watch.nanoseconds()/float64(count))
	require(guarded == count, "the mutex did not exclude")
}

// Four goroutines that yield each time while they hold the mutex: every lock but the first waits.
func mutexContended(count int, out output) {
	const goroutines = 4
	each := count/goroutines + 1
	var mutex sync.Mutex
	guarded := 0
	var all sync.WaitGroup
	all.Add(goroutines)
	watch := startWatch()
	for i := 0; i < goroutines; i++ {
		go func() {
			for k := 0; k < each; k++ {
				mutex.Lock()
				before := guarded
				runtime.Gosched()
				guarded = before + 1
				mutex.Unlock()
			}
			all.Done()
		}()
	}
	all.Wait()
	out("mutex_contended", watch.nanoseconds()/float64(each*goroutines))
	require(guarded == each*goroutines, "the mutex did not exclude")
}

// Two goroutines that take turns, count times both, told by a condition variable.
func conditionVariable(count int, out output) {
	var mutex sync.Mutex
	changed := sync.NewCond(&mutex)
	turn := 0
	var all sync.WaitGroup
	all.Add(2)
	takeTurns := func(mine int) {
		for i := 0; i < count; i++ {
			mutex.Lock()
			for turn%2 != mine {
				changed.Wait()
			}
			turn++
			changed.Signal()
			mutex.Unlock()
		}
		all.Done()
	}
	watch := startWatch()
	go takeTurns(0)
	go takeTurns(1)
	all.Wait()
	out("condition_variable", watch.nanoseconds()/float64(count))
	require(turn == 2*count, "a turn was lost")
}

// The same, told by two semaphores, which are channels with a buffer.
func semaphore(count int, out output) {
	there := make(chan struct{}, 1)
	back := make(chan struct{}, 1)
	watch := startWatch()
	go func() {
		for i := 0; i < count; i++ {
			<-there
			back <- struct{}{}
		}
	}()
	for i := 0; i < count; i++ {
		there <- struct{}{}
		<-back
	}
	out("semaphore", watch.nanoseconds()/float64(count))
	require(len(there) == 0 && len(back) == 0, "there is a unit too many")
}

// Sends the sum of the numbers of the leaves below this node, by a goroutine for each of its ten
// children.
func tree(result chan<- int, number, leaves int) {
	if leaves == 1 {
		result <- number
		return
	}
	sums := make(chan int, 10)
	share := leaves / 10
	for i := 0; i < 10; i++ {
		go tree(sums, number+i*share, share)
	}
	sum := 0
	for i := 0; i < 10; i++ {
		sum += <-sums
	}
	result <- sum
}

func skynetOn(processors int, name string, count int, out output) {
	runtime.GOMAXPROCS(processors)
	leaves := 1
	for leaves <= count/10 {
		leaves *= 10
	}
	goroutines := 0
	for level := leaves; level > 0; level /= 10 {
		goroutines += level
	}
	result := make(chan int, 1)
	watch, wallClock := startWatch(), time.Now()
	go tree(result, 0, leaves)
	sum := <-result
	elapsed := watch.nanoseconds()
	if processors > 1 {
		// As bench::wall_clock does.
		elapsed = float64(time.Since(wallClock).Nanoseconds())
	}
	require(sum == leaves*(leaves-1)/2, "the leaves do not add up")
	out(name, elapsed/float64(goroutines))
	out(name+"_total", elapsed)
}

func skynet(count int, out output)         { skynetOn(1, "skynet", count, out) }
func skynet2Threads(count int, out output) { skynetOn(2, "skynet_2_threads", count, out) }

func main() {
	runMeasure([]measure{
		{"yield_2", yield2},
		{"yield_1000", yield1000},
		{"spawn_join", spawnJoin},
		{"channel_unbuffered", channelUnbuffered},
		{"channel_buffered", channelBuffered},
		{"mutex_uncontended", mutexUncontended},
		{"mutex_contended", mutexContended},
		{"condition_variable", conditionVariable},
		{"semaphore", semaphore},
		{"skynet", skynet},
		{"skynet_2_threads", skynet2Threads},
	})
}
