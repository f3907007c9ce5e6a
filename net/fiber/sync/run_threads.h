// SPDX-License-Identifier: BSL-1.0
//
// For the tests of this folder: runs a context on several threads, or a function in a fiber, until
// there is nothing left to do.
#pragma once

#include <thread>
#include <utility>
#include <vector>

#include "net/fiber/fiber.h"
#include "net/io_context.h"

namespace nettest {

inline void run_on_threads(net::io_context& context, int count) {
  std::vector<std::thread> others;
  for (int i = 1; i < count; ++i) {
    others.emplace_back([&] { context.run(); });
  }
  context.run();
  for (std::thread& each : others) {
    each.join();
  }
}

template <typename Function>
void run_fiber(Function function) {
  net::io_context context;
  net::go(context, std::move(function));
  context.run();
}

}  // namespace nettest
