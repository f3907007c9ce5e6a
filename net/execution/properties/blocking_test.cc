// SPDX-License-Identifier: BSL-1.0
#include "net/execution/properties/blocking.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "net/config.h"
#include "net/execution/executor.h"
#include "net/execution/properties/blocking_adaptation.h"
#include "net/execution/properties/occupancy.h"
#include "net/execution/properties/prefer.h"
#include "net/execution/properties/query.h"
#include "net/execution/properties/relationship.h"
#include "net/execution/properties/require.h"

namespace {

namespace net_ = NET_NAMESPACE;
namespace execution = NET_NAMESPACE::execution;

// A new thread for each function; they are joined at the end.
struct threads {
  std::vector<std::thread> running;
  ~threads() {
    for (std::thread& thread : running) {
      thread.join();
    }
  }
};

struct thread_executor {
  threads* owner;
  bool is_continuation = false;
  std::size_t query(execution::occupancy_t) const noexcept { return 7; }
  execution::relationship_t query(execution::relationship_t) const noexcept {
    return is_continuation ? execution::relationship_t(execution::relationship.continuation)
                           : execution::relationship_t(execution::relationship.fork);
  }
  thread_executor require(execution::relationship_t::continuation_t) const noexcept {
    return {owner, true};
  }
  template <typename F>
  void execute(F function) const {
    owner->running.emplace_back([function = std::move(function)]() mutable {
      try {
        function();
      } catch (const std::runtime_error&) {
      }
    });
  }
  friend bool operator==(const thread_executor&, const thread_executor&) = default;
};

TEST(BlockingAdaptation, MustBeAllowedBeforeAlwaysIsRequired) {
  static_assert(!net_::can_require_v<thread_executor, execution::blocking_t::always_t>);
  static_assert(net_::can_require_v<thread_executor, execution::blocking_adaptation_t::allowed_t,
                                    execution::blocking_t::always_t>);
}

TEST(BlockingAdaptation, WaitsForTheFunction) {
  threads owner;
  const auto executor = net_::require(
      thread_executor{&owner}, execution::blocking_adaptation.allowed, execution::blocking.always);
  static_assert(execution::executor<std::remove_cvref_t<decltype(executor)>>);
  for (int round = 0; round < 50; ++round) {
    int calls = 0;  // Written by the other thread, and read here without more ado.
    executor.execute([&calls] { ++calls; });
    EXPECT_EQ(calls, 1);
  }
}

TEST(BlockingAdaptation, WaitsForAFunctionThatThrows) {
  threads owner;
  const auto executor = net_::require(
      thread_executor{&owner}, execution::blocking_adaptation.allowed, execution::blocking.always);
  bool is_called = false;
  executor.execute([&is_called] {
    is_called = true;
    throw std::runtime_error("the thread takes care of it");
  });
  EXPECT_TRUE(is_called);
}

TEST(BlockingAdaptation, KeepsTheOtherProperties) {
  threads owner;
  const thread_executor plain{&owner};
  const auto willing = net_::require(plain, execution::blocking_adaptation.allowed);
  const auto blocking = net_::require(willing, execution::blocking.always);
  EXPECT_EQ(net_::query(willing, execution::blocking_adaptation),
            execution::blocking_adaptation.allowed);
  EXPECT_EQ(net_::query(willing, execution::occupancy), 7u);
  EXPECT_EQ(net_::query(blocking, execution::occupancy), 7u);
  EXPECT_EQ(net_::query(blocking, execution::blocking), execution::blocking.always);
  EXPECT_EQ(net_::query(net_::require(blocking, execution::relationship.continuation),
                        execution::relationship),
            execution::relationship.continuation);
  EXPECT_EQ(net_::query(net_::prefer(willing, execution::relationship.continuation),
                        execution::relationship),
            execution::relationship.continuation);
  EXPECT_EQ(net_::query(net_::prefer(blocking, execution::relationship.continuation),
                        execution::relationship),
            execution::relationship.continuation);
  EXPECT_EQ(blocking, net_::require(willing, execution::blocking.always));
  EXPECT_NE(willing, net_::require(willing, execution::relationship.continuation));
}

TEST(BlockingAdaptation, IsUndone) {
  threads owner;
  const thread_executor plain{&owner};
  const auto willing = net_::require(plain, execution::blocking_adaptation.allowed);
  static_assert(
      std::is_same_v<decltype(net_::require(willing, execution::blocking_adaptation.disallowed)),
                     thread_executor>);
  const auto possibly = net_::require(net_::require(willing, execution::blocking.always),
                                      execution::blocking.possibly);
  EXPECT_EQ(net_::query(possibly, execution::blocking), execution::blocking.possibly);
}

}  // namespace
