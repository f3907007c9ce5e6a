// SPDX-License-Identifier: BSL-1.0
//
// The server of echo.py in Go: a goroutine and a buffer for each connection. serve.h says how it is
// called; THREADS is GOMAXPROCS. Go sets TCP_NODELAY by itself, and its listen queue is as long as
// the kernel allows.
package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"time"
)

const response = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\nhello\n"

type options struct {
	mode      string
	deadline  time.Duration
	bytes     int
	responses []byte // as many as the requests that one buffer may hold
}

// What is to be written for what was just read. `matched` is how much of the end of a head the last
// read ended with.
func answer(asked *options, matched *int, data []byte) []byte {
	if asked.mode == "echo" {
		return data
	}
	if asked.mode == "sink" {
		return nil
	}
	const end = "\r\n\r\n"
	have, heads := *matched, 0
	for _, each := range data {
		if each == end[have] {
			have++
			if have == 4 {
				have = 0
				heads++
			}
		} else if each == '\r' {
			have = 1
		} else {
			have = 0
		}
	}
	*matched = have
	return asked.responses[:heads*len(response)]
}

func converse(peer net.Conn, asked *options) {
	defer peer.Close()
	data := make([]byte, asked.bytes)
	matched := 0
	for {
		if asked.deadline != 0 {
			peer.SetReadDeadline(time.Now().Add(asked.deadline))
		}
		count, err := peer.Read(data)
		if err != nil {
			return
		}
		output := answer(asked, &matched, data[:count])
		if len(output) == 0 {
			continue
		}
		if asked.deadline != 0 {
			peer.SetWriteDeadline(time.Now().Add(asked.deadline))
		}
		if _, err = peer.Write(output); err != nil {
			return
		}
	}
}

// A number of at least `least`, or the end of the program.
func number(text string, least int) int {
	value, err := strconv.Atoi(text)
	if err != nil || value < least {
		usage()
	}
	return value
}

func usage() {
	fmt.Fprintf(os.Stderr,
		"usage: %s echo|http|sink goroutines THREADS DEADLINE_MS BUFFER_BYTES\n", os.Args[0])
	os.Exit(2)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func main() {
	if len(os.Args) != 6 || os.Args[2] != "goroutines" {
		usage()
	}
	asked := &options{mode: os.Args[1]}
	if asked.mode != "echo" && asked.mode != "http" && asked.mode != "sink" {
		usage()
	}
	runtime.GOMAXPROCS(number(os.Args[3], 1))
	asked.deadline = time.Duration(number(os.Args[4], 0)) * time.Millisecond
	asked.bytes = number(os.Args[5], 1)
	if asked.mode == "http" {
		asked.responses = bytes.Repeat([]byte(response), asked.bytes/4+1)
	}
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		fail(err)
	}
	fmt.Println("port", listener.Addr().(*net.TCPAddr).Port)
	for {
		peer, err := listener.Accept()
		if err != nil {
			fail(err)
		}
		go converse(peer, asked)
	}
}
