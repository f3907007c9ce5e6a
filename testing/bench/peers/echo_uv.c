// SPDX-License-Identifier: BSL-1.0
//
// The server of echo.py on libuv. serve.h says how it is called; a loop of libuv is run by one
// thread.
//
// So that libuv is at its best:
// - Each connection reads into its own buffer, which alloc_cb gives out without allocating.
// - What was read is written by uv_try_write() within the read's callback. What the socket does not
//   take goes to uv_write(), with a request that is part of the connection, and reading stops until
//   that is done.
// - A deadline is a timer that is part of the connection and is pushed by uv_timer_start().
#include <netinet/in.h>
#include <uv.h>

#include "testing/bench/peers/serve.h"

struct connection {
  uv_tcp_t socket;
  uv_timer_t timer;
  uv_write_t write;
  int matched;
  int handles;  // not closed yet
  char buffer[];
};

static struct serve_options options;

static void check(int status, const char* what) {
  if (status < 0) {
    fprintf(stderr, "%s: %s\n", what, uv_strerror(status));
    exit(1);
  }
}

static void closed(uv_handle_t* handle) {
  struct connection* mine = (struct connection*)handle->data;
  if (--mine->handles == 0) free(mine);
}

static void end(struct connection* mine) {
  if (uv_is_closing((uv_handle_t*)&mine->socket)) return;
  uv_close((uv_handle_t*)&mine->socket, closed);
  if (options.deadline_ms != 0) uv_close((uv_handle_t*)&mine->timer, closed);
}

static void expired(uv_timer_t* timer) { end((struct connection*)timer->data); }

static void push_deadline(struct connection* mine) {
  if (options.deadline_ms != 0) {
    uv_timer_start(&mine->timer, expired, (uint64_t)options.deadline_ms, 0);
  }
}

static void give_buffer(uv_handle_t* handle, size_t suggested, uv_buf_t* buffer) {
  (void)suggested;
  struct connection* mine = (struct connection*)handle->data;
  *buffer = uv_buf_init(mine->buffer, (unsigned)options.buffer_bytes);
}

static void was_read(uv_stream_t* stream, ssize_t bytes, const uv_buf_t* buffer);

static void was_written(uv_write_t* request, int status) {
  struct connection* mine = (struct connection*)request->data;
  if (status < 0) return end(mine);
  push_deadline(mine);
  if (uv_read_start((uv_stream_t*)&mine->socket, give_buffer, was_read) < 0) end(mine);
}

static void was_read(uv_stream_t* stream, ssize_t bytes, const uv_buf_t* buffer) {
  struct connection* mine = (struct connection*)stream->data;
  if (bytes < 0) return end(mine);
  if (bytes == 0) return;
  const struct serve_bytes answer =
      serve_answer(&options, &mine->matched, buffer->base, (size_t)bytes);
  push_deadline(mine);
  if (answer.size == 0) return;
  uv_buf_t output = uv_buf_init((char*)answer.data, (unsigned)answer.size);
  const int written = uv_try_write(stream, &output, 1);
  if (written < 0 && written != UV_EAGAIN) return end(mine);
  const size_t done = written > 0 ? (size_t)written : 0;
  if (done == answer.size) return push_deadline(mine);
  output.base += done;
  output.len -= done;
  uv_read_stop(stream);
  if (uv_write(&mine->write, stream, &output, 1, was_written) < 0) end(mine);
}

static void connected(uv_stream_t* listener, int status) {
  check(status, "listen");
  struct connection* mine =
      (struct connection*)malloc(sizeof(struct connection) + options.buffer_bytes);
  if (mine == NULL) abort();
  mine->matched = 0;
  mine->handles = 1;
  uv_tcp_init(listener->loop, &mine->socket);
  mine->socket.data = mine->timer.data = mine->write.data = mine;
  if (options.deadline_ms != 0) {
    uv_timer_init(listener->loop, &mine->timer);
    mine->handles = 2;
  }
  if (uv_accept(listener, (uv_stream_t*)&mine->socket) < 0 ||
      uv_tcp_nodelay(&mine->socket, 1) < 0 ||
      uv_read_start((uv_stream_t*)&mine->socket, give_buffer, was_read) < 0) {
    return end(mine);
  }
  push_deadline(mine);
}

int main(int argc, char** argv) {
  options = serve_parse(argc, argv, "callbacks ", 1);
  uv_loop_t* loop = uv_default_loop();
  uv_tcp_t listener;
  struct sockaddr_in address;
  int size = sizeof address;
  check(uv_tcp_init(loop, &listener), "uv_tcp_init");
  check(uv_ip4_addr("127.0.0.1", 0, &address), "uv_ip4_addr");
  check(uv_tcp_bind(&listener, (struct sockaddr*)&address, 0), "bind");
  check(uv_listen((uv_stream_t*)&listener, 4096, connected), "listen");
  check(uv_tcp_getsockname(&listener, (struct sockaddr*)&address, &size), "getsockname");
  serve_announce(ntohs(address.sin_port));
  return uv_run(loop, UV_RUN_DEFAULT);
}
