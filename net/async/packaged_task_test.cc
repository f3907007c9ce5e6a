// SPDX-License-Identifier: BSL-1.0
#include "net/async/packaged_task.h"

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <type_traits>
#include <utility>

#include "net/async/async_result.h"

namespace {

struct pass_on {
  template <typename Handler, typename... Args>
  void operator()(Handler&& handler, Args... args) const {
    handler(args...);
  }
};

TEST(PackagedTask, InitiatingFunctionReturnsItsFuture) {
  std::packaged_task<int(std::error_code, int)> task([](std::error_code, int i) { return i + 1; });
  auto future = net::async_initiate<void(std::error_code, int)>(pass_on(), std::move(task),
                                                                std::error_code(), 41);
  static_assert(std::is_same_v<decltype(future), std::future<int>>);
  EXPECT_EQ(future.get(), 42);
}

TEST(PackagedTask, ExceptionGoesToTheFuture) {
  using task_type = std::packaged_task<void()>;
  auto future = net::async_initiate<task_type, void()>(
      pass_on(), *std::make_unique<task_type>([] { throw std::runtime_error("no"); }));
  EXPECT_THROW(future.get(), std::runtime_error);
}

}  // namespace
