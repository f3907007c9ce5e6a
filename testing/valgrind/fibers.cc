// SPDX-License-Identifier: BSL-1.0
//
// What fibers_test.sh has Valgrind look at: fibers that use their stacks in all ways.
//
//   fibers               ends with 0 if all ran
//   fibers --usable      ends with 0 if Valgrind can run it: it has no sanitizer
//   fibers --overflow    ends by a fault, an overflow
//   fibers --stale       reads from the stack of a fiber that is gone
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <thread>

#include "net/fiber/fiber.h"
#include "net/fiber/sanitizer.h"
#include "net/fiber/stack.h"
#include "net/io_context.h"
#include "net/timer/sleep.h"

namespace {

volatile bool go_on = true;

[[gnu::noinline]] int recurse(int depth) {
  volatile char frame[1024];
  std::memset(const_cast<char*>(frame), depth, sizeof(frame));
  if (depth % 10 == 0) {
    net::this_fiber::yield();
  }
  return depth == 0 || !go_on ? frame[0] : recurse(depth - 1) + frame[1023];
}

[[gnu::noinline]] int overflow(int depth) {
  volatile char frame[1024];
  frame[0] = static_cast<char>(depth);
  return go_on ? overflow(depth + 1) + frame[0] : 0;
}

// Fibers of all sizes, deep and shallow, that end in any order, some of them by an exception.
int run_many() {
  net::io_context context;
  int ended = 0;
  net::go(context, [&] {
    for (int round = 0; round != 4; ++round) {
      net::fiber all[40];
      for (int i = 0; i != 40; ++i) {
        const net::fiber_options options{.stack_size = std::size_t{65536} << (i % 3)};
        // A function object that is larger every time lies deeper in the stack.
        char ballast[800] = {};
        all[i] = net::fiber(options, [&ended, i, ballast] {
          (void)recurse(i);
          if (i % 7 == 3) {
            throw std::runtime_error("ends early");
          }
          net::this_fiber::sleep_for(std::chrono::microseconds(i));
          ended += 1 + ballast[i];
        });
      }
      for (net::fiber& each : all) {
        try {
          each.join();
        } catch (const std::runtime_error&) {
          ++ended;
        }
      }
      netpoll::discard_pooled_stacks();
    }
  });
  context.run();
  return ended;
}

int run_on_threads() {
  net::io_context context;
  std::atomic<int> ended{0};
  for (int i = 0; i != 40; ++i) {
    net::go(context, [&ended, i] {
      (void)recurse(i);
      ++ended;
    });
  }
  std::thread other([&] { context.run(); });
  context.run();
  other.join();
  return ended;
}

// Left to be unwound with their context.
int run_abandoned() {
  int ended = 0;
  struct at_end {
    int& count;
    ~at_end() { ++count; }
  };
  {
    net::io_context context;
    for (int i = 0; i != 10; ++i) {
      net::go(context, [&] {
        const at_end last{ended};
        net::this_fiber::sleep_for(std::chrono::hours(1));
      });
    }
    context.poll();
  }
  return ended;
}

int read_stale() {
  net::io_context context;
  const volatile char* where = nullptr;
  net::go(context, [&] {
    volatile char local = 1;
    where = &local;
  });
  context.run();
  return *where;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  if (what == "--usable") {
    return netpoll::is_sanitized ? 1 : 0;
  }
  if (what == "--overflow") {
    net::io_context context;
    net::go(context, [] { (void)overflow(0); });
    context.run();
    return 0;
  }
  if (what == "--stale") {
    return read_stale() == 1 ? 0 : 1;
  }
  const bool all_ran = run_many() == 160 && run_on_threads() == 40 && run_abandoned() == 10;
  std::puts(all_ran ? "all ran" : "not all ran");
  return all_ran ? 0 : 1;
}
