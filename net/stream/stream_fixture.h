// SPDX-License-Identifier: BSL-1.0
//
// For tests: a context that is run by hand, and a handler that notes what an operation on a stream
// came to.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>

#include "net/config.h"
#include "net/error.h"
#include "net/io_context.h"

namespace NET_NAMESPACE {

class stream_fixture : public ::testing::Test {
 protected:
  void run() {
    context_.restart();
    context_.run();
  }
  auto handler() {
    return [this](error_code ec, std::size_t n) {
      ++calls_;
      ec_ = ec;
      bytes_ = n;
    };
  }

  io_context context_;
  int calls_ = 0;
  error_code ec_;
  std::size_t bytes_ = 99;
};

}  // namespace NET_NAMESPACE
