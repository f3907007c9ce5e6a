// SPDX-License-Identifier: BSL-1.0
//
// What gdb_test.sh looks at: a program with fibers in every state, that comes by stop_here() in one
// of them and ends.
//
//   parked <how many fibers>
//   parked is_sanitized        exits with 1 if it is built with a sanitizer
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "net/fiber/fiber.h"
#include "net/fiber/sanitizer.h"
#include "net/io_context.h"
#include "net/timer/sleep.h"

namespace {

using namespace std::chrono_literals;

}  // namespace

// Not in a namespace, nor inlined: the test looks for these names.
[[gnu::noinline]] int wait_in_the_users_function(int number) {
  net::error_code ec;
  net::this_fiber::sleep_for(1h, ec);
  asm volatile("" : "+r"(number));  // not the last thing done: the frame stays
  return number;
}

[[gnu::noinline]] void stop_here() { asm volatile("" ::: "memory"); }

[[gnu::noinline]] void stop_in_a_fiber() {
  stop_here();
  asm volatile("" ::: "memory");
}

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "is_sanitized") {
    return netpoll::is_sanitized ? 1 : 0;
  }
  const int count = argc > 1 ? std::atoi(argv[1]) : 3;
  net::io_context context;
  std::vector<net::fiber> sleepers;
  for (int i = 0; i != count; ++i) {
    // Small, since gdb's core files have all of a stack, used or not.
    constexpr std::size_t stack_size = netpoll::is_sanitized ? 0 : 16 * 1024;
    sleepers.emplace_back(context, net::fiber_options{.stack_size = stack_size, .name = "sleeper"},
                          [i] { (void)wait_in_the_users_function(i); });
  }
  net::fiber joiner(context, {.name = "joiner"}, [] {
    net::fiber child({.name = "sleeper"}, [] { (void)wait_in_the_users_function(-1); });
    net::error_code ec;
    child.join(ec);
  });
  context.poll();
  net::go(context, {.name = "stopper"}, [&] {
    net::go({.name = "never run before"}, [] {});
    stop_in_a_fiber();
    joiner.cancel();
    joiner.join();
    for (net::fiber& each : sleepers) {
      each.cancel();
      each.join();
    }
  });
  context.run();
  return 0;
}
