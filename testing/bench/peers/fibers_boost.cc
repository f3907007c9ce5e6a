// SPDX-License-Identifier: BSL-1.0
//
// The measures of fibers.py on Boost.Fiber, and of Boost.Context for the switch alone.
// measure.h says how it is called.
//
// So that Boost is at its best:
// - Stacks are of 16 KiB without a guard page and pooled, so that starting a fiber makes no system
//   call and little is used of caches and of the TLB.
// - One thread runs its default scheduler, round_robin.
// - The libraries are linked statically: no call goes through a table, as none of ours does.
// - Where a new fiber may run at once (launch::dispatch) or later (launch::post), both are
//   measured, or what is faster.
// BOOST_FIBERS_NO_ATOMICS is not defined: the library of the distribution is built without it, and
// so must be whatever is linked with it.
#include <array>
#include <barrier>
#include <boost/context/detail/fcontext.hpp>
#include <boost/context/fiber.hpp>
#include <boost/context/fixedsize_stack.hpp>
#include <boost/context/pooled_fixedsize_stack.hpp>
#include <boost/fiber/algo/work_stealing.hpp>
#include <boost/fiber/all.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "testing/bench/peers/measure.h"

namespace {

namespace context = boost::context;
namespace fibers = boost::fibers;
using bench::output;
using bench::stopwatch;
using fibers::launch;

constexpr std::size_t stack_size = 16 * 1024;

using pooled_stacks = context::pooled_fixedsize_stack;

// Boost.Fiber copies the allocator into each fiber: all share the one pool.
pooled_stacks& stacks() {
  static pooled_stacks pool(stack_size);
  return pool;
}

template <typename Function>
fibers::fiber start(launch when, Function&& function) {
  return fibers::fiber(when, std::allocator_arg, stacks(), std::forward<Function>(function));
}

void bounce(context::detail::transfer_t caller) {
  for (;;) {
    caller = context::detail::jump_fcontext(caller.fctx, nullptr);
  }
}

// From one stack to another and back, `count` switches in all: by the assembly alone, and by the
// class of the public interface.
void raw_switch(std::int64_t count, const output& out) {
  {
    alignas(64) static std::array<char, 64 * 1024> stack;
    context::detail::transfer_t there{
        context::detail::make_fcontext(stack.data() + stack.size(), stack.size(), &bounce),
        nullptr};
    const stopwatch watch;
    for (std::int64_t i = 0; i < count; i += 2) {
      there = context::detail::jump_fcontext(there.fctx, nullptr);
    }
    out.line("raw_switch/fcontext", watch.nanoseconds() / static_cast<double>(count));
  }
  context::fiber there{[](context::fiber&& caller) {
    for (;;) {
      caller = std::move(caller).resume();
    }
    return std::move(caller);
  }};
  const stopwatch watch;
  for (std::int64_t i = 0; i < count; i += 2) {
    there = std::move(there).resume();
  }
  out.line("raw_switch/fiber", watch.nanoseconds() / static_cast<double>(count));
}

// `number` fibers that do nothing but yield, `count` times in all.
void yield_among(int number, const char* name, std::int64_t count, const output& out) {
  const std::int64_t each = count / number + 1;
  std::vector<fibers::fiber> all;
  all.reserve(static_cast<std::size_t>(number));
  const stopwatch watch;
  for (int i = 0; i < number; ++i) {
    all.push_back(start(launch::post, [each] {
      for (std::int64_t k = 0; k < each; ++k) {
        boost::this_fiber::yield();
      }
    }));
  }
  for (fibers::fiber& fiber : all) {
    fiber.join();
  }
  out.line(name, watch.nanoseconds() / static_cast<double>(each * number));
}

void yield_2(std::int64_t count, const output& out) { yield_among(2, "yield_2", count, out); }

void yield_1000(std::int64_t count, const output& out) {
  yield_among(1000, "yield_1000", count, out);
}

// A fiber that starts another and waits for its end, `count` times.
void spawn_join_how(launch when, const char* name, std::int64_t count, const output& out) {
  std::int64_t ran = 0;
  start(launch::dispatch, [&] {
    const stopwatch watch;
    for (std::int64_t i = 0; i < count; ++i) {
      start(when, [&ran] { ++ran; }).join();
    }
    out.line(name, watch.nanoseconds() / static_cast<double>(count));
  }).join();
  bench::require(ran == count, "a fiber did not run");
}

void spawn_join(std::int64_t count, const output& out) {
  spawn_join_how(launch::dispatch, "spawn_join/dispatch", count, out);
  spawn_join_how(launch::post, "spawn_join/post", count, out);
}

// A number there and back again, `count` times.
template <typename Channel>
void ping_pong(Channel& there, Channel& back, const char* name, std::int64_t count,
               const output& out) {
  std::int64_t sum = 0;
  const stopwatch watch;
  fibers::fiber echo = start(launch::post, [&] {
    for (std::int64_t i = 0; i < count; ++i) {
      back.push(there.value_pop());
    }
  });
  fibers::fiber client = start(launch::post, [&] {
    for (std::int64_t i = 0; i < count; ++i) {
      there.push(i);
      sum += back.value_pop();
    }
  });
  client.join();
  echo.join();
  out.line(name, watch.nanoseconds() / static_cast<double>(count));
  bench::require(sum == count * (count - 1) / 2, "a number was lost");
}

void channel_unbuffered(std::int64_t count, const output& out) {
  fibers::unbuffered_channel<std::int64_t> there;
  fibers::unbuffered_channel<std::int64_t> back;
  ping_pong(there, back, "channel_unbuffered", count, out);
}

// A buffered_channel of capacity two is full when it holds one.
void channel_buffered(std::int64_t count, const output& out) {
  fibers::buffered_channel<std::int64_t> there(2);
  fibers::buffered_channel<std::int64_t> back(2);
  ping_pong(there, back, "channel_buffered", count, out);
}

// One fiber locks and unlocks what nobody else wants.
void mutex_uncontended(std::int64_t count, const output& out) {
  fibers::mutex mutex;
  std::int64_t guarded = 0;
  start(launch::dispatch, [&] {
    const stopwatch watch;
    for (std::int64_t i = 0; i < count; ++i) {
      const std::lock_guard lock(mutex);
      ++guarded;
    }
    out.line("mutex_uncontended", watch.nanoseconds() / static_cast<double>(count));
  }).join();
  bench::require(guarded == count, "the mutex did not exclude");
}

// Four fibers that yield each time while they hold the mutex: every lock but the first waits.
void mutex_contended(std::int64_t count, const output& out) {
  constexpr int number = 4;
  const std::int64_t each = count / number + 1;
  fibers::mutex mutex;
  std::int64_t guarded = 0;
  std::vector<fibers::fiber> all;
  const stopwatch watch;
  for (int i = 0; i < number; ++i) {
    all.push_back(start(launch::post, [&] {
      for (std::int64_t k = 0; k < each; ++k) {
        const std::lock_guard lock(mutex);
        const std::int64_t before = guarded;
        boost::this_fiber::yield();
        guarded = before + 1;
      }
    }));
  }
  for (fibers::fiber& fiber : all) {
    fiber.join();
  }
  out.line("mutex_contended", watch.nanoseconds() / static_cast<double>(each * number));
  bench::require(guarded == each * number, "the mutex did not exclude");
}

// Two fibers that take turns, `count` times both, told by a condition variable. There are no
// semaphores.
void condition_variable(std::int64_t count, const output& out) {
  fibers::mutex mutex;
  fibers::condition_variable changed;
  std::int64_t turn = 0;
  const auto take_turns = [&](std::int64_t mine) {
    for (std::int64_t i = 0; i < count; ++i) {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return turn % 2 == mine; });
      ++turn;
      changed.notify_one();
    }
  };
  const stopwatch watch;
  fibers::fiber first = start(launch::post, [&] { take_turns(0); });
  fibers::fiber second = start(launch::post, [&] { take_turns(1); });
  first.join();
  second.join();
  out.line("condition_variable", watch.nanoseconds() / static_cast<double>(count));
  bench::require(turn == 2 * count, "a turn was lost");
}

// The sum of the numbers of the leaves below this node, by a fiber for each of its ten children. A
// child runs when it is started, and its parent goes on when it waits or ends: of a million leaves
// a few are alive at once.
template <typename Stacks>
std::int64_t tree(Stacks& memory, std::int64_t number, std::int64_t leaves) {
  if (leaves == 1) {
    return number;
  }
  const std::int64_t share = leaves / 10;
  std::array<std::int64_t, 10> sums;
  std::array<fibers::fiber, 10> children;
  for (std::size_t i = 0; i < children.size(); ++i) {
    children[i] = fibers::fiber(
        launch::dispatch, std::allocator_arg, memory,
        [&memory, &sum = sums[i], first = number + static_cast<std::int64_t>(i) * share, share] {
          sum = tree(memory, first, share);
        });
  }
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < children.size(); ++i) {
    children[i].join();
    sum += sums[i];
  }
  return sum;
}

void skynet(std::int64_t count, const output& out) {
  const std::int64_t leaves = bench::power_of_ten(count);
  std::int64_t sum = 0;
  const stopwatch watch;
  fibers::fiber(launch::dispatch, std::allocator_arg, stacks(), [&] {
    sum = tree(stacks(), 0, leaves);
  }).join();
  const double elapsed = watch.nanoseconds();
  bench::require(sum == leaves * (leaves - 1) / 2, "the leaves do not add up");
  out.line("skynet", elapsed / static_cast<double>(bench::tree_size(leaves)));
  out.line("skynet_total", elapsed);
}

// Two threads that steal from each other. A pool of stacks is for one thread: these come from
// malloc. A process can have schedulers that steal but once, so the warm-up is in here.
void skynet_2_threads(std::int64_t count, const output& out) {
  if (out.is_silent()) {
    return;
  }
  const std::int64_t leaves = bench::power_of_ten(count);
  context::fixedsize_stack memory(stack_size);
  std::int64_t sum = 0;
  double elapsed = 0;
  std::barrier ready(2);
  fibers::mutex mutex;
  fibers::condition_variable ended;
  bool has_ended = false;
  const auto use_both = [] { fibers::use_scheduling_algorithm<fibers::algo::work_stealing>(2); };

  std::thread helper([&] {
    use_both();
    ready.arrive_and_wait();
    std::unique_lock lock(mutex);
    ended.wait(lock, [&] { return has_ended; });
  });
  std::thread leader([&] {
    use_both();
    ready.arrive_and_wait();
    for (const std::int64_t some : {leaves / 10 + (leaves == 1), leaves}) {
      const bench::wall_clock watch;
      fibers::fiber(launch::dispatch, std::allocator_arg, memory, [&] {
        sum = tree(memory, 0, some);
      }).join();
      elapsed = watch.nanoseconds();
    }
    const std::lock_guard lock(mutex);
    has_ended = true;
    ended.notify_all();
  });
  leader.join();
  helper.join();
  bench::require(sum == leaves * (leaves - 1) / 2, "the leaves do not add up");
  out.line("skynet_2_threads", elapsed / static_cast<double>(bench::tree_size(leaves)));
  out.line("skynet_2_threads_total", elapsed);
}

}  // namespace

int main(int argc, char** argv) {
  return bench::run(argc, argv,
                    {{"raw_switch", raw_switch},
                     {"yield_2", yield_2},
                     {"yield_1000", yield_1000},
                     {"spawn_join", spawn_join},
                     {"channel_unbuffered", channel_unbuffered},
                     {"channel_buffered", channel_buffered},
                     {"mutex_uncontended", mutex_uncontended},
                     {"mutex_contended", mutex_contended},
                     {"condition_variable", condition_variable},
                     {"skynet", skynet},
                     {"skynet_2_threads", skynet_2_threads}});
}
