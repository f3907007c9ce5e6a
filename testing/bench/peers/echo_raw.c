// SPDX-License-Identifier: BSL-1.0
//
// The server of echo.py on epoll alone: what any library adds its own work to. serve.h says how it
// is called.
//
// So that it is at its best:
// - Edge-triggered: a connection is added once. A read that did not fill the buffer has emptied the
//   socket, so there is no second read that only says so.
// - What was read is written at once; only when the socket takes no more is that waited for.
// - All have the same timeout, so deadlines are a list in their order: to push one is to move a
//   connection to its end. The clock is read once for each batch of events.
// - With several threads each has an epoll set of its own and connections that only it touches; one
//   accepts for all, in turn. That is what one can do who knows that all connections are alike.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "testing/bench/peers/serve.h"

enum { batch = 512, backlog = 4096 };

struct connection {
  struct connection* previous;
  struct connection* next;
  int64_t deadline_ms;
  int fd;
  int matched;
  struct serve_bytes unwritten;
  int may_have_more;  // not all that came was read
  char buffer[];
};

struct worker {
  int epoll;
  struct connection by_deadline;  // a ring; the first to expire follows it
};

static struct serve_options options;
static struct worker workers[64];

static void fail(const char* what) {
  perror(what);
  exit(1);
}

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void unlink_connection(struct connection* each) {
  if (each->next == NULL) return;
  each->previous->next = each->next;
  each->next->previous = each->previous;
}

static void push_deadline(struct worker* mine, struct connection* each, int64_t now) {
  if (options.deadline_ms == 0) return;
  unlink_connection(each);
  each->deadline_ms = now + options.deadline_ms;
  each->next = &mine->by_deadline;
  each->previous = mine->by_deadline.previous;
  each->previous->next = each;
  mine->by_deadline.previous = each;
}

static void end(struct connection* each) {
  unlink_connection(each);
  close(each->fd);
  free(each);
}

// Writes what is still to be written. 0 when the socket takes no more, -1 at an error.
static int flush(struct worker* mine, struct connection* each, int64_t now) {
  while (each->unwritten.size > 0) {
    push_deadline(mine, each, now);
    const ssize_t written =
        send(each->fd, each->unwritten.data, each->unwritten.size, MSG_NOSIGNAL);
    if (written < 0) return errno == EAGAIN ? 0 : -1;
    each->unwritten.data += written;
    each->unwritten.size -= (size_t)written;
  }
  return 1;
}

// Reads and answers until there is nothing left to do. 0 when the connection has ended.
static int serve(struct worker* mine, struct connection* each, int64_t now) {
  for (;;) {
    const int flushed = flush(mine, each, now);
    if (flushed <= 0) return flushed == 0;
    push_deadline(mine, each, now);
    if (!each->may_have_more) return 1;
    const ssize_t bytes = recv(each->fd, each->buffer, options.buffer_bytes, 0);
    if (bytes < 0) {
      if (errno != EAGAIN) return 0;
      each->may_have_more = 0;
      return 1;
    }
    if (bytes == 0) return 0;
    if ((size_t)bytes < options.buffer_bytes && each->may_have_more == 1) each->may_have_more = 0;
    each->unwritten = serve_answer(&options, &each->matched, each->buffer, (size_t)bytes);
  }
}

static void accept_all(int listener) {
  static unsigned turn;
  for (;;) {
    const int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EAGAIN) return;
      if (errno == ECONNABORTED || errno == EINTR) continue;
      fail("accept");
    }
    const int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct connection* fresh =
        (struct connection*)malloc(sizeof(struct connection) + options.buffer_bytes);
    if (fresh == NULL) fail("malloc");
    memset(fresh, 0, sizeof *fresh);
    fresh->fd = fd;
    // That it can be written is reported at once, to the thread that it belongs to.
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                .data.ptr = fresh};
    const int epoll = workers[turn++ % (unsigned)options.threads].epoll;
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll_ctl");
  }
}

static int milliseconds_to_wait(const struct worker* mine) {
  if (mine->by_deadline.next == &mine->by_deadline) return -1;
  const int64_t left = mine->by_deadline.next->deadline_ms - now_ms();
  return left < 0 ? 0 : (int)left;
}

static void expire(struct worker* mine, int64_t now) {
  while (mine->by_deadline.next != &mine->by_deadline &&
         mine->by_deadline.next->deadline_ms < now) {
    end(mine->by_deadline.next);
  }
}

static void run(struct worker* mine, int listener) {
  struct epoll_event events[batch];
  for (;;) {
    const int timeout = options.deadline_ms == 0 ? -1 : milliseconds_to_wait(mine);
    const int count = epoll_wait(mine->epoll, events, batch, timeout);
    if (count < 0 && errno != EINTR) fail("epoll_wait");
    const int64_t now = options.deadline_ms == 0 ? 0 : now_ms();
    for (int i = 0; i < count; ++i) {
      struct connection* each = (struct connection*)events[i].data.ptr;
      if (each == NULL) {
        accept_all(listener);
        continue;
      }
      // What came together with the end is not told by another event: then it is read to the end.
      if (events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
        each->may_have_more = 2;
      } else if ((events[i].events & EPOLLIN) && each->may_have_more == 0) {
        each->may_have_more = 1;
      }
      if (!serve(mine, each, now)) end(each);
    }
    if (options.deadline_ms != 0) expire(mine, now);
  }
}

static void* run_thread(void* mine) {
  run((struct worker*)mine, -1);
  return NULL;
}

int main(int argc, char** argv) {
  options = serve_parse(argc, argv, "epoll ", 64);
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (listener < 0 || bind(listener, (struct sockaddr*)&address, size) != 0 ||
      listen(listener, backlog) != 0 ||
      getsockname(listener, (struct sockaddr*)&address, &size) != 0) {
    fail("listen");
  }
  for (int i = 0; i < options.threads; ++i) {
    struct worker* each = &workers[i];
    each->by_deadline.next = each->by_deadline.previous = &each->by_deadline;
    each->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (each->epoll < 0) fail("epoll_create1");
  }
  struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = NULL};
  if (epoll_ctl(workers[0].epoll, EPOLL_CTL_ADD, listener, &event) != 0) fail("epoll_ctl");
  for (int i = 1; i < options.threads; ++i) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, run_thread, &workers[i]) != 0) fail("pthread_create");
  }
  serve_announce(ntohs(address.sin_port));
  run(&workers[0], listener);
}
