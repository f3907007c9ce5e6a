// SPDX-License-Identifier: BSL-1.0
//
// <asio/thread.hpp>: a thread as it was before the language had one. It runs what it was given, and is
// joined before its object ends, else the program is terminated. Use std::thread.
//
//   asio::thread worker([&] { context.run(); });
//   worker.join();
#pragma once

#include <thread>
#include <utility>

#include "net/config.h"

namespace NET_NAMESPACE {

class thread {
 public:
  template <typename Function>
  explicit thread(Function function) : thread_(std::move(function)) {}

  thread(const thread&) = delete;
  thread& operator=(const thread&) = delete;

  // Waits for the end of the thread. Does nothing if that has been waited for.
  void join() {
    if (thread_.joinable()) thread_.join();
  }

 private:
  std::thread thread_;
};

namespace detail {

using NET_NAMESPACE::thread;

}  // namespace detail

}  // namespace NET_NAMESPACE
