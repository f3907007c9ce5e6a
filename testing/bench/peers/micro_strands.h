// SPDX-License-Identifier: BSL-1.0
//
// Strands of which there are many: whether those that have nothing to do with each other are in each
// other's way, be it for a lock that they share or for a turn.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <utility>
#include <vector>

#include "testing/bench/peers/measure.h"
#include "testing/bench/peers/micro_library.h"
#include "testing/bench/peers/micro_posts.h"
#include "testing/bench/peers/micro_work.h"

namespace bench {

// Calls at once what it is given: nothing but the strands on it is measured.
class at_once {
 public:
  explicit at_once(lib::io_context& context) noexcept : context_(&context) {}

  lib::execution_context& query(lib::execution::context_t) const noexcept { return *context_; }
  // Never needed by what is measured, yet a strand's executor has to have it.
  at_once require(lib::execution::blocking_t::never_t) const noexcept { return *this; }
  template <typename Function>
  void execute(Function function) const {
    std::move(function)();
  }

  friend bool operator==(const at_once& left, const at_once& right) noexcept {
    return left.context_ == right.context_;
  }
  friend bool operator!=(const at_once& left, const at_once& right) noexcept {
    return !(left == right);
  }

 private:
  lib::io_context* context_;
};

// Each thread dispatches functions to strands that it made and no other thread knows, one after the
// other. All go on until the last one has done its part. Of each thread, the middle of what a
// thousand functions took; the figure is that of the slowest.
inline void dispatch_to_own(int threads, std::size_t strands_of_each, const char* name,
                            std::int64_t count, const output& out) {
  constexpr int per_time = 1000;
  const std::int64_t times = count / per_time + 1;
  lib::io_context context(threads);
  std::atomic<int> ready{0};
  std::atomic<int> busy{threads};
  std::vector<double> taken(static_cast<std::size_t>(threads));
  const auto work = [&](int number) {
    const cpu_set_t before = pin_to(number != 0);
    std::vector<lib::strand<at_once>> own;
    own.reserve(strands_of_each);
    for (std::size_t i = 0; i < strands_of_each; ++i) {
      own.emplace_back(at_once(context));
    }
    std::vector<double> each;
    each.reserve(static_cast<std::size_t>(times));
    std::int64_t ran = 0;
    std::size_t next = 0;
    const auto dispatch_some = [&] {
      const wall_clock watch;
      for (int i = 0; i < per_time; ++i) {
        lib::dispatch(own[next], [&ran] { ++ran; });
        next = next + 1 == strands_of_each ? 0 : next + 1;
      }
      return watch.nanoseconds() / per_time;
    };
    ready.fetch_add(1, std::memory_order_acq_rel);
    while (ready.load(std::memory_order_acquire) < threads) {
    }
    std::int64_t done = 0;
    for (; done < times; ++done) {
      each.push_back(dispatch_some());
    }
    busy.fetch_sub(1, std::memory_order_acq_rel);
    for (; busy.load(std::memory_order_acquire) > 0; ++done) {
      (void)dispatch_some();
    }
    require(ran == done * per_time, "a function did not run");
    taken[static_cast<std::size_t>(number)] = median(each);
    ::sched_setaffinity(0, sizeof(before), &before);
  };
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) {
    others.emplace_back(work, i);
  }
  work(0);
  for (std::thread& thread : others) {
    thread.join();
  }
  out.line(name, *std::max_element(taken.begin(), taken.end()));
}

// So many strands, half of them each thread's.
struct strand_names {
  const char* one;
  const char* two;
};
template <std::size_t Strands>
inline constexpr strand_names names_of_strands{};
template <>
inline constexpr strand_names names_of_strands<2>{"strands_2_by_1_thread",
                                                  "strands_2_by_2_threads"};
template <>
inline constexpr strand_names names_of_strands<64>{"strands_64_by_1_thread",
                                                   "strands_64_by_2_threads"};
template <>
inline constexpr strand_names names_of_strands<200>{"strands_200_by_1_thread",
                                                    "strands_200_by_2_threads"};
template <>
inline constexpr strand_names names_of_strands<1000>{"strands_1000_by_1_thread",
                                                     "strands_1000_by_2_threads"};

template <std::size_t Strands>
void strands(std::int64_t count, const output& out) {
  dispatch_to_own(1, Strands / 2, names_of_strands<Strands>.one, count, out);
  dispatch_to_own(2, Strands / 2, names_of_strands<Strands>.two, count, out);
}

// Strands of a context that two threads run; each is posted to by one chain of handlers.
inline void strands_post_2_threads(std::int64_t count, const output& out) {
  lib::io_context context(2);
  using strand_type = lib::strand<lib::io_context::executor_type>;
  std::vector<strand_type> all;
  for (int i = 0; i < in_flight; ++i) {
    all.emplace_back(context.get_executor());
  }
  const std::int64_t each = count / in_flight + 1;
  std::atomic<std::int64_t> ended{0};
  for (const strand_type& strand : all) {
    lib::post(strand, link(strand, each - 1, ended));
  }
  const wall_clock watch;
  std::thread other([&] { context.run(); });
  context.run();
  other.join();
  out.line("strands_post_2_threads", watch.nanoseconds() / static_cast<double>(each * in_flight));
  require(ended == in_flight, "a handler did not run");
}

// One of a thousand strands is busy until all others have had their turn, but no longer than ten
// milliseconds. How long it was.
inline void strand_held_up(std::int64_t count, const output& out) {
  constexpr std::size_t others = 999;
  constexpr std::chrono::milliseconds no_longer(10);
  std::vector<double> times;
  for (std::int64_t i = 0; i < count; ++i) {
    lib::io_context context(2);
    std::vector<lib::io_context::strand> all(1, lib::io_context::strand(context));
    for (std::size_t k = 0; k < others; ++k) {
      all.emplace_back(context);
    }
    std::atomic<std::size_t> ran{0};
    double waited = 0;
    lib::post(all[0], [&] {
      for (auto each = all.begin() + 1; each != all.end(); ++each) {
        // relaxed: nothing else is read.
        lib::post(*each, [&ran] { ran.fetch_add(1, std::memory_order_relaxed); });
      }
      const wall_clock watch;
      const auto latest = std::chrono::steady_clock::now() + no_longer;
      while (ran.load(std::memory_order_relaxed) < others &&
             std::chrono::steady_clock::now() < latest) {
        std::this_thread::yield();
      }
      waited = watch.nanoseconds();
    });
    std::thread other([&] { context.run(); });
    context.run();
    other.join();
    require(ran == others, "a handler did not run");
    times.push_back(waited);
  }
  out.line("strand_held_up", median(times));
}

}  // namespace bench
