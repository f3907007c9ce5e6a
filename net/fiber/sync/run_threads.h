// SPDX-License-Identifier: BSL-1.0
//
// For the tests of this folder: runs a context on several threads, until it has nothing left to do.
#pragma once

#include <thread>
#include <vector>

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

}  // namespace nettest
