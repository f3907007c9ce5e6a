// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "net/async/append.h"
#include "net/async/bind_immediate_executor.h"
#include "net/async/immediate.h"
#include "net/async/submit.h"
#include "net/execution/inline_executor.h"
#include "net/io_context.h"

namespace {

TEST(AsyncImmediate, IsNotCalledInsideTheInitiatingFunctionByDefault) {
  net::io_context context;
  int calls = 0;
  net::post(context, [&] {
    net::async_immediate(context, [&] { ++calls; });
    net::async_immediate(context.get_executor(), [&] { ++calls; });
    EXPECT_EQ(calls, 0);
  });
  context.run();
  EXPECT_EQ(calls, 2);
}

TEST(AsyncImmediate, IsCalledThereIfTheHandlerHasAnExecutorThatAllowsIt) {
  net::io_context context;
  int calls = 0;
  net::async_immediate(context.get_executor(),
                       net::bind_immediate_executor(net::inline_executor(), [&] { ++calls; }));
  EXPECT_EQ(calls, 1);
  int sum = 0;
  net::async_immediate(context, net::append(net::bind_immediate_executor(net::inline_executor(),
                                                                         [&](int a) { sum += a; }),
                                            5));
  EXPECT_EQ(sum, 5);
  EXPECT_EQ(context.run(), 0u);
}

TEST(AsyncImmediate, IsDeferredByDefault) {
  net::io_context context;
  auto operation = net::async_immediate(context.get_executor());
  auto another = net::async_immediate(context);
  EXPECT_EQ(context.run(), 0u);
  context.restart();
  int calls = 0;
  std::move(operation)([&] { ++calls; });
  std::move(another)([&, life = std::make_unique<int>(1)] { calls += *life; });
  EXPECT_EQ(calls, 0);
  context.run();
  EXPECT_EQ(calls, 2);
}

}  // namespace
