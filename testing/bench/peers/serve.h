// SPDX-License-Identifier: BSL-1.0
//
// What the servers of echo.py in C and C++ share: how they are called, and what they answer.
//
//   program MODE STYLE THREADS DEADLINE_MS BUFFER_BYTES
//
// listens on a port of 127.0.0.1 that the kernel chooses, prints `port N`, and serves until it is
// killed. A second thread that waited for an order to end would change what is measured.
//   MODE          echo: each connection has a buffer of BUFFER_BYTES; what was read is written back
//                 http: the head of each request is answered with a fixed response
//                 sink: what was read is dropped
//   STYLE         of programming; what the program does not have ends it as a usage error
//   THREADS       that run one event loop
//   DEADLINE_MS   of each read and of each write, set anew when it begins; 0: none
// For C11 and C++20, and on the C library alone: peers are not built by Bazel.
#pragma once

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum serve_mode { serve_echo, serve_http, serve_sink };

struct serve_options {
  enum serve_mode mode;
  const char* style;
  int threads;
  int deadline_ms;
  size_t buffer_bytes;
  char* responses;  // as many as the requests that one buffer may hold
};

struct serve_bytes {
  const char* data;
  size_t size;
};

static const char serve_response[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\nhello\n";

static inline void serve_usage(const char* program, const char* styles) {
  fprintf(stderr, "usage: %s echo|http|sink STYLE THREADS DEADLINE_MS BUFFER_BYTES\nstyles: %s\n",
          program, styles);
  exit(2);
}

// `styles` is a list with a space after each; `most_threads` what the program can do.
static inline struct serve_options serve_parse(int argc, char** argv, const char* styles,
                                               int most_threads) {
  struct serve_options options;
  if (argc != 6) serve_usage(argv[0], styles);
  if (strcmp(argv[1], "echo") == 0) {
    options.mode = serve_echo;
  } else if (strcmp(argv[1], "http") == 0) {
    options.mode = serve_http;
  } else if (strcmp(argv[1], "sink") == 0) {
    options.mode = serve_sink;
  } else {
    serve_usage(argv[0], styles);
  }
  options.style = argv[2];
  options.threads = atoi(argv[3]);
  options.deadline_ms = atoi(argv[4]);
  const long bytes = atol(argv[5]);
  options.buffer_bytes = (size_t)bytes;
  const size_t length = strlen(options.style);
  const char* found = length == 0 ? NULL : strstr(styles, options.style);
  if (found == NULL || found[length] != ' ' || (found != styles && found[-1] != ' ') ||
      options.threads < 1 || options.threads > most_threads || options.deadline_ms < 0 ||
      bytes < 1 || bytes > (1 << 26)) {
    serve_usage(argv[0], styles);
  }
  options.responses = NULL;
  if (options.mode == serve_http) {
    const size_t one = sizeof serve_response - 1;
    const size_t most = options.buffer_bytes / 4 + 1;  // a head ends with four bytes
    options.responses = (char*)malloc(one * most);
    if (options.responses == NULL) abort();
    for (size_t i = 0; i < most; ++i) memcpy(options.responses + i * one, serve_response, one);
  }
  return options;
}

static inline void serve_announce(unsigned port) {
  printf("port %u\n", port);
  fflush(stdout);
}

// What is to be written for `size` bytes at `data` that were just read, maybe nothing. `matched`
// belongs to the connection and starts as 0: how much of the end of a head the last read ended
// with.
static inline struct serve_bytes serve_answer(const struct serve_options* options, int* matched,
                                              const char* data, size_t size) {
  struct serve_bytes answer = {data, size};
  if (options->mode == serve_echo) return answer;
  answer.size = 0;
  if (options->mode == serve_sink) return answer;
  static const char end[] = "\r\n\r\n";
  int have = *matched;
  for (size_t i = 0; i < size; ++i) {
    if (data[i] == end[have]) {
      if (++have == 4) {
        have = 0;
        answer.size += sizeof serve_response - 1;
      }
    } else {
      have = data[i] == '\r';
    }
  }
  *matched = have;
  answer.data = options->responses;
  return answer;
}
