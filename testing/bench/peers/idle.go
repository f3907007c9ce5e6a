// SPDX-License-Identifier: BSL-1.0
//
// The server of idle_connections.py in Go: echoes, one goroutine to a connection, each read with a
// deadline. Called as idle_ours.cc is, and on one processor as that is on one thread.
package main

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"time"
)

func serve(peer net.Conn) {
	data := make([]byte, 4096)
	for {
		peer.SetReadDeadline(time.Now().Add(time.Hour))
		bytes, err := peer.Read(data)
		if err != nil {
			break
		}
		if _, err = peer.Write(data[:bytes]); err != nil {
			break
		}
	}
	peer.Close()
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func main() {
	listeners, step := 0, 0
	if len(os.Args) == 3 {
		listeners, _ = strconv.Atoi(os.Args[1])
		step, _ = strconv.Atoi(os.Args[2])
	}
	if listeners <= 0 || step <= 0 {
		fmt.Fprintf(os.Stderr, "usage: %s LISTENERS STEP\n", os.Args[0])
		os.Exit(2)
	}
	runtime.GOMAXPROCS(1)

	accepted := make(chan struct{})
	for i := 0; i < listeners; i++ {
		listener, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			fail(err)
		}
		fmt.Println("port", listener.Addr().(*net.TCPAddr).Port)
		go func() {
			for {
				peer, err := listener.Accept()
				if err != nil {
					fail(err)
				}
				go serve(peer)
				accepted <- struct{}{}
			}
		}()
	}
	go func() {
		for count := 1; ; count++ {
			<-accepted
			if count%step == 0 {
				fmt.Println("accepted", count)
			}
		}
	}()
	unused := make([]byte, 1)
	for {
		if _, err := os.Stdin.Read(unused); err != nil {
			return
		}
	}
}
