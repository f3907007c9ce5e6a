// SPDX-License-Identifier: BSL-1.0
//
// Posts: what it costs to queue a handler and to run it. A figure is for both together.
//
// Where handlers post each other there are some chains of them: each handler posts the next one of
// its chain as the last thing it does, as servers do that have a handler for each step.
#pragma once

#include <sched.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include "testing/bench/peers/measure.h"
#include "testing/bench/peers/micro_library.h"
#include "testing/bench/peers/micro_work.h"

namespace bench {

// A handler that posts the next one of its chain, until there were enough.
template <typename Executor>
class link {
 public:
  link(const Executor& where, std::int64_t left, std::atomic<std::int64_t>& ended) noexcept
      : where_(&where), left_(left), ended_(&ended) {}

  void operator()() const {
    if (left_ != 0) {
      lib::post(*where_, link(*where_, left_ - 1, *ended_));
    } else {
      // relaxed: read when the threads have ended.
      ended_->fetch_add(1, std::memory_order_relaxed);
    }
  }

 private:
  // Whoever has an executor keeps it elsewhere than in each handler; a strand is not cheap to copy.
  const Executor* where_;
  std::int64_t left_;
  std::atomic<std::int64_t>* ended_;
};

// So many chains of so many handlers together, run by so many threads.
template <typename Clock, typename Executor>
void run_chains(lib::io_context& context, const Executor& where, int threads, int chains,
                const char* name, std::int64_t count, const output& out) {
  const std::int64_t each = count / chains + 1;
  std::atomic<std::int64_t> ended{0};
  for (int i = 0; i < chains; ++i) {
    lib::post(where, link(where, each - 1, ended));
  }
  std::vector<std::thread> others;
  const Clock watch;
  for (int i = 1; i < threads; ++i) {
    others.emplace_back([&] { context.run(); });
  }
  context.run();
  for (std::thread& thread : others) {
    thread.join();
  }
  out.line(name, watch.nanoseconds() / static_cast<double>(each * chains));
  require(ended == chains, "a handler did not run");
}

inline constexpr int in_flight = 1000;

// A thousand chains, one thread.
inline void post(std::int64_t count, const output& out) {
  lib::io_context context(1);
  run_chains<stopwatch>(context, context.get_executor(), 1, in_flight, "post", count, out);
}

// One chain: there is never more than one handler in the queue.
inline void post_alone(std::int64_t count, const output& out) {
  lib::io_context context(1);
  run_chains<stopwatch>(context, context.get_executor(), 1, 1, "post_alone", count, out);
}

// A thousand chains, two threads; the time that goes by.
inline void post_2_threads(std::int64_t count, const output& out) {
  lib::io_context context(2);
  run_chains<wall_clock>(context, context.get_executor(), 2, in_flight, "post_2_threads", count,
                         out);
}

inline void strand_post(std::int64_t count, const output& out) {
  lib::io_context context(1);
  const auto strand = lib::make_strand(context.get_executor());
  run_chains<stopwatch>(context, strand, 1, in_flight, "strand_post", count, out);
}

inline void strand_post_2_threads(std::int64_t count, const output& out) {
  lib::io_context context(2);
  const auto strand = lib::make_strand(context.get_executor());
  run_chains<wall_clock>(context, strand, 2, in_flight, "strand_post_2_threads", count, out);
}

// One thread posts a thousand handlers, then runs them.
inline void post_batch(std::int64_t count, const output& out) {
  lib::io_context context(1);
  const std::int64_t batches = count / in_flight + 1;
  std::int64_t ran = 0;
  const stopwatch watch;
  for (std::int64_t i = 0; i < batches; ++i) {
    for (int k = 0; k < in_flight; ++k) {
      lib::post(context, [&ran] { ++ran; });
    }
    context.restart();
    context.run();
  }
  out.line("post_batch", watch.nanoseconds() / static_cast<double>(batches * in_flight));
  require(ran == batches * in_flight, "a handler did not run");
}

// A handler that posts itself until it is told to end.
struct busy {
  lib::io_context* context;
  const std::atomic<bool>* has_ended;

  void operator()() const {
    // relaxed: nothing else is read.
    if (!has_ended->load(std::memory_order_relaxed)) {
      lib::post(*context, *this);
    }
  }
};

// A thread posts to a context that another thread runs, which is busy with some handlers of its
// own, so that it does not sleep. It posts five hundred at a time and waits until no more than
// that are left to run. The figure is the time that goes by while it posts: the median of all
// turns, since whatever else wants the processor is in the way of a few of them.
inline void post_foreign(std::int64_t count, const output& out) {
  constexpr int own = 16;
  constexpr std::int64_t per_turn = 500;
  const std::int64_t turns = count / per_turn + 1;
  lib::io_context context(1);
  std::atomic<bool> has_ended{false};
  for (int i = 0; i < own; ++i) {
    lib::post(context, busy{&context, &has_ended});
  }
  alignas(64) std::atomic<std::int64_t> ran{0};
  const auto wait_until = [&ran](std::int64_t enough) {
    while (ran.load(std::memory_order_acquire) < enough) {
      std::this_thread::yield();
    }
  };
  std::vector<double> times;
  times.reserve(static_cast<std::size_t>(turns));
  std::thread runner([&] {
    pin_to(true);
    context.run();
  });
  // After the other thread has begun, which may run wherever this one may.
  const cpu_set_t before = pin_to(false);
  for (std::int64_t i = 0; i < turns; ++i) {
    const wall_clock watch;
    for (std::int64_t k = 0; k < per_turn; ++k) {
      lib::post(context, [&ran] {
        // relaxed: no other thread writes it.
        ran.store(ran.load(std::memory_order_relaxed) + 1, std::memory_order_release);
      });
    }
    times.push_back(watch.nanoseconds() / static_cast<double>(per_turn));
    wait_until(i * per_turn);
  }
  wait_until(turns * per_turn);
  has_ended.store(true, std::memory_order_relaxed);
  runner.join();
  ::sched_setaffinity(0, sizeof(before), &before);
  out.line("post_foreign", median(times));
  require(ran == turns * per_turn, "a handler did not run once");
}

}  // namespace bench
