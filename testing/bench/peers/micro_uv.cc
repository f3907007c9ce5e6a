// SPDX-License-Identifier: BSL-1.0
//
// The measures of micro.py that libuv has, called as measure.h says.
//
// libuv has no posts within a loop, and for those from another thread one call, uv_async_send,
// which says that there is something: what there is stands in a list under a mutex, as is usual,
// and the list's nodes are recycled. Timers are members of an array and cost no memory when they
// are armed; libuv counts in milliseconds of a clock that it reads once a turn. Writes are tried
// at once, by uv_try_write, and also made by uv_write, with a request that is used again.
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "testing/bench/peers/measure.h"
#include "testing/bench/peers/micro_uv_loop.h"
#include "testing/bench/peers/micro_uv_timers.h"
#include "testing/bench/peers/micro_work.h"

namespace {

using bench::output;
using bench::require;
using bench::stopwatch;
using uv::check;
using uv::close;
using uv::loop;

// What a thread gives to a loop that another one runs.
class inbox {
 public:
  struct node {
    node* next = nullptr;
    void (*run)(node& self) = nullptr;
  };

  explicit inbox(loop& target) {
    check(uv_async_init(target.get(), &async_,
                        [](uv_async_t* async) { static_cast<inbox*>(async->data)->run_all(); }));
    async_.data = this;
  }

  void post(node& what) {
    {
      const std::lock_guard lock(mutex_);
      what.next = nullptr;
      *end_ = &what;
      end_ = &what.next;
    }
    uv_async_send(&async_);
  }

  void close_handle() { close(async_); }

 private:
  void run_all() {
    node* all = nullptr;
    {
      const std::lock_guard lock(mutex_);
      all = first_;
      first_ = nullptr;
      end_ = &first_;
    }
    while (all != nullptr) {
      node& each = *all;
      all = all->next;
      each.run(each);
    }
  }

  uv_async_t async_;
  std::mutex mutex_;
  node* first_ = nullptr;  // under mutex_
  node** end_ = &first_;   // under mutex_
};

// As micro_posts.h says. What the loop is busy with is handles that are called in each turn.
void post_foreign(std::int64_t count, const output& out) {
  constexpr int own = 16;
  constexpr std::int64_t per_turn = 500;
  const std::int64_t turns = count / per_turn + 1;
  static std::atomic<std::int64_t> ran;
  static std::atomic<bool> has_ended;
  ran = 0;
  has_ended = false;
  loop target;
  inbox posts(target);
  uv_idle_t busy[own];
  for (uv_idle_t& each : busy) {
    check(uv_idle_init(target.get(), &each));
    check(uv_idle_start(&each, [](uv_idle_t* self) {
      if (has_ended.load(std::memory_order_relaxed)) {
        uv_stop(self->loop);
      }
    }));
  }
  // Two turns' worth may be on their way.
  std::vector<inbox::node> nodes(3 * per_turn);
  for (inbox::node& each : nodes) {
    each.run = [](inbox::node&) {
      ran.store(ran.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    };
  }
  const auto wait_until = [](std::int64_t enough) {
    while (ran.load(std::memory_order_acquire) < enough) {
      std::this_thread::yield();
    }
  };
  std::vector<double> times;
  times.reserve(static_cast<std::size_t>(turns));
  std::thread runner([&] {
    bench::pin_to(true);
    target.run();
  });
  // After the other thread has begun, which may run wherever this one may.
  const cpu_set_t before = bench::pin_to(false);
  std::size_t next = 0;
  for (std::int64_t i = 0; i < turns; ++i) {
    const bench::wall_clock watch;
    for (std::int64_t k = 0; k < per_turn; ++k) {
      posts.post(nodes[next]);
      next = next + 1 == nodes.size() ? 0 : next + 1;
    }
    times.push_back(watch.nanoseconds() / static_cast<double>(per_turn));
    wait_until(i * per_turn);
  }
  wait_until(turns * per_turn);
  has_ended = true;
  runner.join();
  ::sched_setaffinity(0, sizeof(before), &before);
  for (uv_idle_t& each : busy) {
    close(each);
  }
  posts.close_handle();
  target.run();
  out.line("post_foreign", bench::median(times));
  require(ran == turns * per_turn, "a node did not run once");
}

// As in micro_ping_pong.h.
template <typename Stream, bool TriesFirst>
class player {
 public:
  Stream handle{};

  void start(bool is_first, std::int64_t round_trips) {
    is_first_ = is_first;
    left_ = round_trips;
    handle.data = this;
    check(uv_read_start(
        stream(),
        [](uv_handle_t* self, std::size_t, uv_buf_t* into) {
          *into = uv_buf_init(static_cast<player*>(self->data)->data_, sizeof(data_));
        },
        [](uv_stream_t* self, ssize_t bytes, const uv_buf_t*) {
          if (bytes != 0) {
            require(bytes == 1, "a read failed");
            static_cast<player*>(self->data)->has_read();
          }
        }));
    if (is_first) {
      write();
    }
  }

  std::int64_t left() const noexcept { return left_; }

 private:
  uv_stream_t* stream() noexcept { return reinterpret_cast<uv_stream_t*>(&handle); }

  void has_read() {
    --left_;
    if (!is_first_ || left_ != 0) {
      write();
    }
    if (left_ == 0) {
      uv_read_stop(stream());
    }
  }

  void write() {
    const uv_buf_t from = uv_buf_init(data_, 1);
    if (TriesFirst && uv_try_write(stream(), &from, 1) == 1) {
      return;
    }
    check(uv_write(&request_, stream(), &from, 1, [](uv_write_t*, int status) { check(status); }));
  }

  uv_write_t request_{};
  char data_[64] = {};
  bool is_first_ = false;
  std::int64_t left_ = 0;
};

template <typename Stream, bool TriesFirst, typename Open>
void rally(Open open, int family, const char* name, std::int64_t count, const output& out) {
  player<Stream, TriesFirst> first;
  player<Stream, TriesFirst> second;
  loop target;
  int ends[2];
  if (family == AF_UNIX) {
    check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends));
  } else {
    const int acceptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    check(::bind(acceptor, generic, size));
    check(::listen(acceptor, 1));
    check(::getsockname(acceptor, generic, &size));
    ends[0] = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(::connect(ends[0], generic, size));
    ends[1] = ::accept4(acceptor, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    require(ends[1] >= 0, "accept failed");
    ::close(acceptor);
  }
  open(target.get(), first.handle, ends[0]);
  open(target.get(), second.handle, ends[1]);
  second.start(false, count);
  first.start(true, count);
  const stopwatch watch;
  target.run();
  out.line(name, watch.nanoseconds() / static_cast<double>(count));
  require(first.left() == 0 && second.left() == 0, "a byte was lost");
  close(first.handle);
  close(second.handle);
}

void unix_ping_pong(std::int64_t count, const output& out) {
  const auto open = [](uv_loop_t* target, uv_pipe_t& handle, int number) {
    check(uv_pipe_init(target, &handle, 0));
    check(uv_pipe_open(&handle, number));
  };
  rally<uv_pipe_t, true>(open, AF_UNIX, "unix_ping_pong/try_write", count, out);
  rally<uv_pipe_t, false>(open, AF_UNIX, "unix_ping_pong/write", count, out);
}

void tcp_ping_pong(std::int64_t count, const output& out) {
  const auto open = [](uv_loop_t* target, uv_tcp_t& handle, int number) {
    check(uv_tcp_init(target, &handle));
    check(uv_tcp_open(&handle, number));
    check(uv_tcp_nodelay(&handle, 1));
  };
  rally<uv_tcp_t, true>(open, AF_INET, "tcp_ping_pong/try_write", count, out);
  rally<uv_tcp_t, false>(open, AF_INET, "tcp_ping_pong/write", count, out);
}

}  // namespace

int main(int argc, char** argv) {
  return bench::run(argc, argv,
                    {{"post_foreign", post_foreign},
                     {"timers", uv::timers_among<false, uv::timer_work::all>},
                     {"timer_arm", uv::timers_among<false, uv::timer_work::arm>},
                     {"timer_rearm", uv::timers_among<false, uv::timer_work::rearm>},
                     {"timer_rearm_random", uv::timers_among<false, uv::timer_work::rearm_random>},
                     {"timer_pull", uv::timers_among<false, uv::timer_work::pull>},
                     {"timer_cancel", uv::timers_among<false, uv::timer_work::cancel>},
                     {"timers_1m", uv::timers_among<true, uv::timer_work::all>},
                     {"timer_fire", uv::timer_fire},
                     {"unix_ping_pong", unix_ping_pong},
                     {"tcp_ping_pong", tcp_ping_pong}});
}
