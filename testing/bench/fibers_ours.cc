// SPDX-License-Identifier: BSL-1.0
//
// The measures of fibers.py on this library's fibers. peers/measure.h says how it is called; the
// peers in peers/ do the same work.
#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "net/fiber/fiber.h"
#include "net/fiber/fiber_context.h"
#include "net/fiber/sync/channel.h"
#include "net/fiber/sync/condition_variable.h"
#include "net/fiber/sync/mutex.h"
#include "net/fiber/sync/semaphore.h"
#include "net/io_context.h"
#include "testing/bench/peers/measure.h"

namespace {

using bench::output;
using bench::stopwatch;

// Runs function() in a fiber of a context that one thread runs, until all fibers have ended.
template <typename Function>
void run_in_fiber(Function function) {
  net::io_context context;
  net::go(context, [&] { function(); });
  context.run();
}

struct switch_pair {
  void* here = nullptr;
  void* there = nullptr;
};

void bounce(void* argument) {
  auto& pair = *static_cast<switch_pair*>(argument);
  for (;;) {
    netpoll_switch_context(&pair.there, pair.here);
  }
}

// From one stack to another and back, `count` switches in all.
void raw_switch(std::int64_t count, const output& out) {
  alignas(64) static std::array<char, 64 * 1024> stack;
  switch_pair pair;
  pair.there = netpoll::make_context(stack.data() + stack.size(), &bounce, &pair);
  const stopwatch watch;
  for (std::int64_t i = 0; i < count; i += 2) {
    netpoll_switch_context(&pair.here, pair.there);
  }
  out.line("raw_switch", watch.nanoseconds() / static_cast<double>(count));
}

// `fibers` fibers that do nothing but yield, `count` times in all.
void yield_among(int fibers, const char* name, std::int64_t count, const output& out) {
  const std::int64_t each = count / fibers + 1;
  const auto total = static_cast<double>(each * fibers);
  run_in_fiber([&] {
    std::vector<net::fiber> all;
    all.reserve(static_cast<std::size_t>(fibers));
    const stopwatch watch;
    for (int i = 0; i < fibers; ++i) {
      all.emplace_back([each] {
        for (std::int64_t k = 0; k < each; ++k) {
          net::this_fiber::yield();
        }
      });
    }
    for (net::fiber& fiber : all) {
      fiber.join();
    }
    out.line(name, watch.nanoseconds() / total);
  });
}

void yield_2(std::int64_t count, const output& out) { yield_among(2, "yield_2", count, out); }

void yield_1000(std::int64_t count, const output& out) {
  yield_among(1000, "yield_1000", count, out);
}

// A fiber that starts another and waits for its end, `count` times.
void spawn_join(std::int64_t count, const output& out) {
  run_in_fiber([&] {
    std::int64_t ran = 0;
    const stopwatch watch;
    for (std::int64_t i = 0; i < count; ++i) {
      net::fiber child([&ran] { ++ran; });
      child.join();
    }
    out.line("spawn_join", watch.nanoseconds() / static_cast<double>(count));
    bench::require(ran == count, "a fiber did not run");
  });
}

// A number there and back again, `count` times.
void ping_pong(std::size_t capacity, const char* name, std::int64_t count, const output& out) {
  run_in_fiber([&] {
    net::channel<std::int64_t> there(capacity);
    net::channel<std::int64_t> back(capacity);
    std::int64_t sum = 0;
    const stopwatch watch;
    net::fiber echo([&] {
      for (std::int64_t i = 0; i < count; ++i) {
        back.send(there.receive());
      }
    });
    net::fiber client([&] {
      for (std::int64_t i = 0; i < count; ++i) {
        there.send(i);
        sum += back.receive();
      }
    });
    client.join();
    echo.join();
    out.line(name, watch.nanoseconds() / static_cast<double>(count));
    bench::require(sum == count * (count - 1) / 2, "a number was lost");
  });
}

void channel_unbuffered(std::int64_t count, const output& out) {
  ping_pong(0, "channel_unbuffered", count, out);
}

void channel_buffered(std::int64_t count, const output& out) {
  ping_pong(1, "channel_buffered", count, out);
}

// One fiber locks and unlocks what nobody else wants.
void mutex_uncontended(std::int64_t count, const output& out) {
  run_in_fiber([&] {
    net::mutex mutex;
    std::int64_t guarded = 0;
    const stopwatch watch;
    for (std::int64_t i = 0; i < count; ++i) {
      const std::lock_guard lock(mutex);
      ++guarded;
    }
    out.line("mutex_uncontended", watch.nanoseconds() / static_cast<double>(count));
    bench::require(guarded == count, "the mutex did not exclude");
  });
}

// Four fibers that yield each time while they hold the mutex: every lock but the first waits.
void mutex_contended(std::int64_t count, const output& out) {
  constexpr int fibers = 4;
  const std::int64_t each = count / fibers + 1;
  run_in_fiber([&] {
    net::mutex mutex;
    std::int64_t guarded = 0;
    std::vector<net::fiber> all;
    const stopwatch watch;
    for (int i = 0; i < fibers; ++i) {
      all.emplace_back([&] {
        for (std::int64_t k = 0; k < each; ++k) {
          const std::lock_guard lock(mutex);
          const std::int64_t before = guarded;
          net::this_fiber::yield();
          guarded = before + 1;
        }
      });
    }
    for (net::fiber& fiber : all) {
      fiber.join();
    }
    out.line("mutex_contended", watch.nanoseconds() / static_cast<double>(each * fibers));
    bench::require(guarded == each * fibers, "the mutex did not exclude");
  });
}

// Two fibers that take turns, `count` times both, told by a condition variable.
void condition_variable(std::int64_t count, const output& out) {
  run_in_fiber([&] {
    net::mutex mutex;
    net::condition_variable changed;
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
    net::fiber first([&] { take_turns(0); });
    net::fiber second([&] { take_turns(1); });
    first.join();
    second.join();
    out.line("condition_variable", watch.nanoseconds() / static_cast<double>(count));
    bench::require(turn == 2 * count, "a turn was lost");
  });
}

// The same, told by two semaphores.
void semaphore(std::int64_t count, const output& out) {
  run_in_fiber([&] {
    net::counting_semaphore<> there(0);
    net::counting_semaphore<> back(0);
    const stopwatch watch;
    net::fiber echo([&] {
      for (std::int64_t i = 0; i < count; ++i) {
        there.acquire();
        back.release();
      }
    });
    net::fiber client([&] {
      for (std::int64_t i = 0; i < count; ++i) {
        there.release();
        back.acquire();
      }
    });
    client.join();
    echo.join();
    out.line("semaphore", watch.nanoseconds() / static_cast<double>(count));
    bench::require(!there.try_acquire() && !back.try_acquire(), "there is a unit too many");
  });
}

// The sum of the numbers of the leaves below this node, by a fiber for each of its ten children.
std::int64_t tree(std::int64_t number, std::int64_t leaves) {
  if (leaves == 1) {
    return number;
  }
  const std::int64_t share = leaves / 10;
  std::array<std::int64_t, 10> sums;
  std::array<net::fiber, 10> children;
  for (std::size_t i = 0; i < children.size(); ++i) {
    children[i] = net::fiber([&sum = sums[i], first = number + static_cast<std::int64_t>(i) * share,
                              share] { sum = tree(first, share); });
  }
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < children.size(); ++i) {
    children[i].join();
    sum += sums[i];
  }
  return sum;
}

// A tree of fibers with `count` leaves, ten children to a node; figures per fiber and in all.
template <typename Clock>
void skynet_on(int threads, const char* per_fiber, const char* total, std::int64_t count,
               const output& out) {
  const std::int64_t leaves = bench::power_of_ten(count);
  net::io_context context;
  std::int64_t sum = 0;
  const Clock watch;
  net::go(context, [&] { sum = tree(0, leaves); });
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) {
    others.emplace_back([&] { context.run(); });
  }
  context.run();
  for (std::thread& thread : others) {
    thread.join();
  }
  const double elapsed = watch.nanoseconds();
  bench::require(sum == leaves * (leaves - 1) / 2, "the leaves do not add up");
  out.line(per_fiber, elapsed / static_cast<double>(bench::tree_size(leaves)));
  out.line(total, elapsed);
}

void skynet(std::int64_t count, const output& out) {
  skynet_on<stopwatch>(1, "skynet", "skynet_total", count, out);
}

void skynet_2_threads(std::int64_t count, const output& out) {
  skynet_on<bench::wall_clock>(2, "skynet_2_threads", "skynet_2_threads_total", count, out);
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
                     {"semaphore", semaphore},
                     {"skynet", skynet},
                     {"skynet_2_threads", skynet_2_threads}});
}
